/**
 * Runs the files of this list in a Windows Node under Wine. Each of their tests is a test here.
 */
import { appendFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import type { Row } from "../../testing/catalogue/ways.ts"
import { overstated, report } from "../../testing/catalogue/runs.ts"
import { requirement } from "../../testing/machine.ts"
import { wineAvailable } from "../wine/prepare.mjs"
import { runSuite } from "../wine/suite.mjs"

/** Paths from the root of the repository. */
const files = [
  "packages/winsock/test/wine/adopt.wine.ts",
  "packages/winsock/test/wine/conformance.wine.ts",
  "packages/winsock/test/wine/truncation.wine.ts",
  "packages/winsock/test/wine/documented.wine.ts",
  "packages/winsock/test/wine/driver.wine.ts",
  "packages/winsock/test/wine/hostile.wine.ts",
  "packages/winsock/test/wine/interfaces.wine.ts",
  "packages/winsock/test/wine/messages.wine.ts",
  "packages/winsock/test/wine/probe.wine.ts",
  "packages/winsock/test/wine/readiness.wine.ts",
  "packages/winsock/test/wine/sockets.wine.ts",
  "packages/winsock/test/wine/wsaMsg.wine.ts"
]

const root = new URL("../../../", import.meta.url)
const how = "apt-get install -y --no-install-recommends wine wine64 (packages/winsock/wine/README.md)"

describe.runIf(requirement("Winsock, which runs under Wine", wineAvailable(), how))("under Wine", async () => {
  const { results } = wineAvailable()
    ? await runSuite(files.map((file) => new URL(file, root).pathname))
    : { results: [] }
  for (const { error, name, ok, rows = [] } of results) {
    it(name.replace("packages/winsock/test/wine/", ""), () => {
      expect(ok, error).toBe(true)
      // If the catalogue is being renewed, the observed rows are recorded.
      if (report !== undefined) appendFileSync(report, `${JSON.stringify({ test: name, rows })}\n`)
    })
  }

  it("every test proves the rows that the catalogue attributes to it", () => {
    const there = new Set(results.map(({ name }) => name))
    // Rows come from another process, as text.
    const seen = new Map(results.map(({ name, rows }) => [name, rows as ReadonlyArray<Row> | undefined]))
    if (report === undefined) expect(files.flatMap((file) => overstated(file, there, seen))).toEqual([])
  })
})
