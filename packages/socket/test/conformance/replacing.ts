/** Bundles the suite with the promise face in place of the sockets of effects. */
import { fileURLToPath } from "node:url"
import type { Plugin } from "esbuild"

const replaced: { readonly [name in string]?: string } = {
  "@ancillary/effect3": fileURLToPath(new URL("suite.ts", import.meta.url)),
  "@effect/vitest": fileURLToPath(new URL("tester.ts", import.meta.url))
}

export const replacing: Plugin = {
  name: "the promise face in the suite",
  setup: (build) => {
    build.onResolve({ filter: /^@(ancillary\/effect3|effect\/vitest)$/ }, ({ importer, path }) => {
      const found = /[/\\]testing[/\\]src[/\\]/.test(importer) ? replaced[path] : undefined
      return found === undefined ? undefined : { path: found }
    })
  }
}
