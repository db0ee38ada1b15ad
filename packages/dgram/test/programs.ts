/** Our package and the programs of child processes as plain JavaScript: a process that compiles TypeScript first takes seconds to start. */
import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { buildSync } from "esbuild"

const made = new Map<string, string>()

/** Path of a compiled module, made once. */
export const built = (source: "children/cluster.ts" | "../src/index.ts"): string => {
  const known = made.get(source)
  if (known !== undefined) return known
  const name = source.replaceAll(/\W+/g, "-")
  const outfile = fileURLToPath(new URL(`.cache/${name}-${process.pid}.mjs`, import.meta.url))
  buildSync({
    entryPoints: [fileURLToPath(new URL(source, import.meta.url))],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    conditions: ["@ancillary/source"],
    external: ["koffi"],
    banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' }
  })
  made.set(source, outfile)
  return outfile
}

/** Builds the packages, for programs that load them by name. */
export const build = async (): Promise<void> => {
  const compiler = fileURLToPath(new URL("../../../node_modules/typescript/bin/tsc", import.meta.url))
  await promisify(execFile)(process.execPath, [compiler, "-b"], { cwd: fileURLToPath(new URL("..", import.meta.url)) })
}
