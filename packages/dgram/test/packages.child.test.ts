/** Packages of npm that use `node:dgram`, unmodified: each gives the same answers over `node:dgram` and over this package. */
import { execFile } from "node:child_process"
import { createRequire } from "node:module"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { beforeAll, describe, expect, it } from "vitest"
import { build } from "../../testing/built.ts"

const run = promisify(execFile)
const children = fileURLToPath(new URL("children", import.meta.url))
const over = { "node:dgram": [], "@ancillary/dgram": ["-r", "./instead.cjs"] } as const

beforeAll(build)

describe("packages", () => {
  it.each(["multicast-dns", "bonjour-service", "net-snmp", "coap", "k-rpc-socket", "osc"])(
    "%s gives the same answers over both",
    async (name) => {
      const answersOver = async (modules: ReadonlyArray<string>): Promise<unknown> =>
        JSON.parse((await run(process.execPath, [...modules, "packages.cjs", name], { cwd: children })).stdout)
      const expected = await answersOver(over["node:dgram"])
      expect(expected).not.toEqual([])
      expect(await answersOver(over["@ancillary/dgram"])).toEqual(expected)
    }
  )

  // The other packages publish no tests.
  it.each(Object.entries(over))("the tests of multicast-dns pass over %s", async (_, modules) => {
    const tests = createRequire(import.meta.url).resolve("multicast-dns/test.js")
    const { stdout } = await run(process.execPath, [...modules, tests], { cwd: children })
    expect(stdout).toMatch(/# tests (\d+)\n# pass {2}\1\n/)
  })
})
