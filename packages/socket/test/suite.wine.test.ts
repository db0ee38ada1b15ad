/** The promise face and the conformance suite through it, in a Windows Node under Wine; each of their tests is one here. */
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"
import { requirement } from "../../testing/machine.ts"
import { wineAvailable } from "../../winsock/wine/prepare.mjs"
import { runSuite } from "../../winsock/wine/suite.mjs"
import { replacing } from "./conformance/replacing.ts"

const files = ["conformance", "promises"].map((name) => fileURLToPath(new URL(`wine/${name}.wine.ts`, import.meta.url)))
const how = "apt-get install -y --no-install-recommends wine wine64 (packages/winsock/wine/README.md)"

describe.runIf(requirement("Winsock, which runs under Wine", wineAvailable(), how))("under Wine", async () => {
  const { results } = wineAvailable() ? await runSuite(files, { plugins: [replacing] }) : { results: [] }
  for (const { error, name, ok } of results) {
    it(name.replace("packages/socket/test/wine/", ""), () => {
      expect(ok, error).toBe(true)
    })
  }
})
