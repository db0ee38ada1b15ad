/** The programs in this folder as plain JavaScript, because a process that first compiles TypeScript takes seconds to start. */
import { mkdirSync, renameSync, writeFileSync } from "node:fs"
import { dirname } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import { buildSync } from "esbuild"

export const built = (name: string): URL => {
  const outfile = fileURLToPath(new URL(`.cache/${name}.mjs`, import.meta.url))
  const { outputFiles } = buildSync({
    entryPoints: [fileURLToPath(new URL(`children/${name}.ts`, import.meta.url))],
    bundle: true,
    write: false,
    platform: "node",
    format: "esm",
    target: "node20",
    conditions: ["@ancillary/source"],
    external: ["koffi"],
    banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' }
  })
  mkdirSync(dirname(outfile), { recursive: true })
  // Another file of tests may run it.
  writeFileSync(`${outfile}.${process.pid}`, outputFiles[0]?.contents ?? "")
  renameSync(`${outfile}.${process.pid}`, outfile)
  return pathToFileURL(outfile)
}
