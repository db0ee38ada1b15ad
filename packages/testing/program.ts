/**
 * Programs that tests start, each as one file of plain JavaScript. A process that first compiles TypeScript and loads
 * hundreds of modules takes a second or two of a core, and a bundle a third of that. A bundle takes a second too, so it
 * is kept until one of its sources changes.
 */
import { spawn, type StdioOptions } from "node:child_process"
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs"
import { join, relative } from "node:path"
import { fileURLToPath } from "node:url"
import { buildSync } from "esbuild"

const root = fileURLToPath(new URL("../..", import.meta.url))
const made = new Map<string, string>()

/** A file as it is now. */
const stampOf = (file: string): string => {
  const found = statSync(join(root, file), { throwIfNoEntry: false })
  return found === undefined ? "absent" : `${found.mtimeMs} ${found.size}`
}

/** They decide which files a bundle consists of. */
const manifests: ReadonlyArray<string> = [
  "package-lock.json",
  ...["packages", "examples"].flatMap((parent) =>
    readdirSync(join(root, parent))
      .map((name) => `${parent}/${name}/package.json`)
      .filter((file) => existsSync(join(root, file)))
  )
]

/** The last line of a bundle begins with this, and goes on with its sources as they were. */
const mark = "\n// from "

const isCurrent = (bundle: string): boolean => {
  if (!existsSync(bundle)) return false
  const text = readFileSync(bundle, "utf8")
  const at = text.lastIndexOf(mark)
  if (at < 0) return false
  const stamps = Object.entries(JSON.parse(text.slice(at + mark.length)) as { readonly [file: string]: string })
  return stamps.every(([file, stamp]) => stampOf(file) === stamp)
}

const bundleOf = (modules: ReadonlyArray<string>): string => {
  const { metafile, outputFiles } = buildSync({
    // Exported, because a package without side effects loses a module that is only imported. Other programs may import what the last one exports.
    stdin: {
      contents: [
        ...modules.map((module, index) => `export * as m${index} from ${JSON.stringify(module)}`),
        `export * from ${JSON.stringify(modules.at(-1))}`
      ].join("\n"),
      resolveDir: root
    },
    absWorkingDir: root,
    bundle: true,
    write: false,
    metafile: true,
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
  const sources = [...Object.keys(metafile.inputs).filter((name) => name !== "<stdin>"), ...manifests]
  const stamps = Object.fromEntries(sources.map((file) => [file, stampOf(file)]))
  return `${outputFiles[0]?.text ?? ""}${mark}${JSON.stringify(stamps)}`
}

/** Returns the bundle of a program. `before` are modules that it loads first. */
export const bundled = (program: URL, ...before: ReadonlyArray<URL>): string => {
  const modules = [...before, program].map((url) => fileURLToPath(url))
  const key = modules.join("\n")
  const known = made.get(key)
  if (known !== undefined) return known
  // Below the root, where it finds them.
  const folder = join(root, "node_modules/.cache/ancillary-programs")
  const name = `${before.length === 0 ? "" : `${before.length}-`}${relative(root, fileURLToPath(program)).replaceAll(/\W+/g, "-")}.mjs`
  const path = join(folder, name)
  if (!isCurrent(path)) {
    mkdirSync(folder, { recursive: true })
    // Another process may bundle the same program, or run it.
    writeFileSync(`${path}.${process.pid}`, bundleOf(modules))
    renameSync(`${path}.${process.pid}`, path)
  }
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
