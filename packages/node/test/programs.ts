/** The programs in this folder as plain JavaScript, because a process that first compiles TypeScript takes seconds to start. */
import { fileURLToPath } from "node:url"
import { buildSync } from "esbuild"

export const built = (name: string): URL => {
  const outfile = fileURLToPath(new URL(`.cache/${name}.mjs`, import.meta.url))
  buildSync({
    entryPoints: [fileURLToPath(new URL(`children/${name}.ts`, import.meta.url))],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    conditions: ["@ancillary/source"],
    external: ["koffi"],
    banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' }
  })
  return new URL(`.cache/${name}.mjs`, import.meta.url)
}
