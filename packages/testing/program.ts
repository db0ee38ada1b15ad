/**
 * Programs that tests start, each as one file of plain JavaScript. A process that first compiles TypeScript and loads
 * hundreds of modules takes a second or two of a core, and a bundle a third of that.
 */
import { spawn, type StdioOptions } from "node:child_process"
import { mkdirSync, renameSync, writeFileSync } from "node:fs"
import { join, relative } from "node:path"
import { fileURLToPath } from "node:url"
import { buildSync } from "esbuild"

const root = fileURLToPath(new URL("../..", import.meta.url))
const made = new Map<string, string>()

/** Returns the bundle of a program. `before` are modules that it loads first. */
export const bundled = (program: URL, ...before: ReadonlyArray<URL>): string => {
  const modules = [...before, program].map((url) => fileURLToPath(url))
  const key = modules.join("\n")
  const known = made.get(key)
  if (known !== undefined) return known
  const { outputFiles } = buildSync({
    // Exported, because a package without side effects loses a module that is only imported.
    stdin: {
      contents: modules.map((module, index) => `export * as m${index} from ${JSON.stringify(module)}\n`).join(""),
      resolveDir: root
    },
    bundle: true,
    write: false,
    platform: "node",
    format: "esm",
    target: "node20",
    conditions: ["@ancillary/source"],
    // Their native parts belong to the machine.
    external: ["koffi", "libsql"],
    banner: {
      js: 'import { createRequire as requireOf } from "node:module"; const require = requireOf(import.meta.url);'
    }
  })
  // Below the root, where it finds them.
  const folder = join(root, "node_modules/.cache/ancillary-programs")
  const name = `${before.length === 0 ? "" : `${before.length}-`}${relative(root, fileURLToPath(program)).replaceAll(/\W+/g, "-")}.mjs`
  const path = join(folder, name)
  mkdirSync(folder, { recursive: true })
  // Another process may bundle the same program, or run it.
  writeFileSync(`${path}.${process.pid}`, outputFiles[0]?.contents ?? "")
  renameSync(`${path}.${process.pid}`, path)
  made.set(key, path)
  return path
}

/** The end of a process, and its output. */
export interface Ended {
  readonly status: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a process beside the event loop, so that other tests of the process go on and vitest hears of them. */
export const ended = (
  [command = "", ...words]: ReadonlyArray<string>,
  {
    cwd = root,
    env = process.env,
    stdio = "pipe"
  }: { cwd?: string; env?: NodeJS.ProcessEnv; stdio?: StdioOptions } = {}
): Promise<Ended> =>
  new Promise((resolve, reject) => {
    const child = spawn(command, words, { cwd, env, stdio })
    const output = { stdout: "", stderr: "" }
    child.stdout?.setEncoding("utf8").on("data", (text) => (output.stdout += String(text)))
    child.stderr?.setEncoding("utf8").on("data", (text) => (output.stderr += String(text)))
    child.on("error", reject)
    child.on("close", (status, signal) => resolve({ status, signal, ...output }))
  })
