/** Our package and the programs of child processes as plain JavaScript: a process that compiles TypeScript first takes seconds to start. */
import { fileURLToPath } from "node:url"
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
