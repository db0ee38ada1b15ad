/** Gives the conformance suite the names of Effect 4 and of this face in place of those of Effect 3, for Vite and for esbuild. */
import { fileURLToPath } from "node:url"
import type { Plugin as EsbuildPlugin } from "esbuild"
import type { Plugin as VitePlugin } from "vite"

const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const replaced = new Map([
  ["effect", file("kit.ts")],
  ["@effect/vitest", file("tester.ts")],
  ["@ancillary/effect3", file("../../src/index.ts")]
])

const replacement = (path: string, importer: string | undefined): string | undefined => {
  if (importer === undefined || !/[/\\]testing[/\\]src[/\\]/.test(importer)) return undefined
  const found = replaced.get(path)
  if (found === undefined && /^(@ancillary\/)?effect/.test(path))
    throw new Error(`${importer} imports ${path}, which has no counterpart for Effect 4. Add it to ${import.meta.url}.`)
  return found
}

/** A plugin for the tests of this package. */
export const vitePlugin: VitePlugin = {
  name: "Effect 4 in the suite",
  enforce: "pre",
  resolveId: (path, importer) => replacement(path, importer)
}

/** A plugin for a bundle. */
export const esbuildPlugin: EsbuildPlugin = {
  name: "Effect 4 in the suite",
  setup: (build) => {
    build.onResolve({ filter: /^(@ancillary\/)?effect|^@effect\// }, ({ importer, path }) => {
      const found = replacement(path, importer)
      return found === undefined ? undefined : { path: found }
    })
  }
}
