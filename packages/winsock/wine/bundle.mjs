/**
 * One file out of TypeScript sources, for a Node that has no workspace around it.
 */
import { build } from "esbuild"

/**
 * Bundles sources of the workspace; only koffi stays outside, its native part belongs to the machine that runs the bundle.
 *
 * `ignoreAnnotations` keeps modules that are imported for their effect: test files, which our `sideEffects: false` would
 * otherwise drop, so that the run is empty and green.
 */
export const bundle = async (entryPoints, outfile, { alias = {}, ignoreAnnotations = false, plugins = [] } = {}) => {
  await build({
    entryPoints: [entryPoints].flat(),
    outfile,
    alias,
    ignoreAnnotations,
    plugins,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    conditions: ["@ancillary/source"],
    external: ["koffi"],
    sourcemap: "inline",
    sourcesContent: false,
    // Bundled CommonJS still calls `require("node:…")`.
    banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
    logLevel: "error"
  })
}
