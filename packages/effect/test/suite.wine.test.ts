/** The conformance suite through this face, with Effect 4 alone, in a Windows Node under Wine; each of its tests is one here. */
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"
import { requirement } from "../../testing/machine.ts"
import { wineAvailable } from "../../winsock/wine/prepare.mjs"
import { runSuite } from "../../winsock/wine/suite.mjs"
import { esbuildPlugin } from "./conformance/replacing.ts"

const files = [fileURLToPath(new URL("wine/conformance.wine.ts", import.meta.url))]
const how = "apt-get install -y --no-install-recommends wine wine64 (packages/winsock/wine/README.md)"

describe.runIf(requirement("Winsock, which runs under Wine", wineAvailable(), how))("under Wine", async () => {
  const { results } = wineAvailable() ? await runSuite(files, { plugins: [esbuildPlugin] }) : { results: [] }
  for (const { error, name, ok } of results) {
    it(name.replace("packages/effect/test/wine/", ""), () => {
      expect(ok, error).toBe(true)
    })
  }
})
