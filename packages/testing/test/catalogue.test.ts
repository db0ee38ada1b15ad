/** The catalogue agrees with the definitions and with the tests. */
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { render } from "../catalogue/document.ts"
import { proofsOf, worths } from "../catalogue/proofs.ts"
import { overstated, runs, type TestName } from "../catalogue/runs.ts"
import { combinatorOf, root, textOf } from "../catalogue/sources.ts"
import { isWay, messages, platforms, type Row, rowOf, ways } from "../catalogue/ways.ts"

const catalogue = textOf("docs/catalogue.md")

it("docs/catalogue.md equals the output of `npm run catalogue`", () => {
  expect(catalogue).toBe(render())
})

describe("a proof by a run", () => {
  it("belongs to a row of some definition", () => {
    const rows = new Set(ways.map(rowOf))
    expect([...runs().keys()].filter((claimed) => !rows.has(claimed))).toEqual([])
  })

  it("names a test file that runs on Linux or in a Windows Node", () => {
    const started = readFileSync(join(root, "packages/winsock/test/suite.wine.test.ts"), "utf8")
    for (const [claimed, test] of runs()) {
      const [file = ""] = test.split(" > ")
      const folder = claimed.startsWith("winsock") ? "packages/winsock/test/wine/" : "packages/posix/test/"
      expect([claimed, file.startsWith(folder), existsSync(join(root, file))]).toEqual([claimed, true, true])
      if (claimed.startsWith("winsock")) expect(started).toContain(`"${file}"`)
    }
  })

  it("never exists for a sent row on Wine, nor for any row on macOS", () => {
    const impossible = [...runs().keys()].filter((claimed) => /^(winsock .* sent|darwin .*)$/.test(claimed))
    expect(impossible).toEqual([])
  })

  const claims = new Map<Row, TestName>([
    ["linux ipv4 hopLimit received", "a.test.ts > one"],
    ["linux ipv4 hopLimit sent", "a.test.ts > two"],
    ["linux ipv6 hopLimit sent", "b.test.ts > one"]
  ])
  const there = new Set(["a.test.ts > one", "a.test.ts > two", "a.test.ts > three"])

  it("holds if every test proves its recorded rows, or did not run", () => {
    const seen = new Map<TestName, ReadonlyArray<Row>>([
      ["a.test.ts > one", ["linux ipv4 hopLimit sent", "linux ipv4 hopLimit received"]]
    ])
    expect(overstated("a.test.ts", there, seen, claims)).toEqual([])
  })
  it("fails if a test does not prove its row", () => {
    const seen = new Map<TestName, ReadonlyArray<Row>>([["a.test.ts > two", ["linux ipv4 hopLimit received"]]])
    expect(overstated("a.test.ts", there, seen, claims)).toEqual([
      `"a.test.ts > two" does not show linux ipv4 hopLimit sent`
    ])
  })
  it("fails if its test no longer exists", () => {
    expect(overstated("a.test.ts", new Set(["a.test.ts > two"]), new Map(), claims)).toEqual([
      `there is no test "a.test.ts > one"`
    ])
  })
})

describe("the catalogue", () => {
  it("has every message under its combinator, and every combinator of an option", () => {
    expect(messages.length).toBeGreaterThan(30)
    const named = new Map(ways.map(({ subject }) => [subject.key, combinatorOf(subject)?.name ?? subject.key]))
    for (const name of named.values())
      expect(catalogue).toMatch(new RegExp(`^### ${name}$|^\\| \\[\`${name}\`\\]`, "m"))
    // Options that the family of a spec sets, and options that a socket sets itself.
    const others = [...named.values()].filter((name) => !name.startsWith("with"))
    expect(others).toEqual(["ipv6Only", "stripHeader", "join", "joinSource", "block"])
    expect(new Set(named.values()).size).toBe(named.size)
  })

  it("has a number or a reason for each platform and family of every message", () => {
    for (const entries of messages) {
      const families = new Set(entries.map(({ family }) => family))
      for (const platform of platforms)
        for (const family of families)
          expect(
            entries.filter((each) => each.platform === platform && each.family === family).length,
            `${entries[0]?.subject.key}, ${platform}, ${family}`
          ).toBeGreaterThan(0)
      for (const entry of entries) if (!isWay(entry)) expect(entry.why).not.toBe("")
    }
  })

  it("has every row of the WSAMSG page on Windows, with its number or absence", () => {
    const page = Array.from(textOf("docs/wsamsg.md").matchAll(/^\| `(IP\w+)`:/gm), ([, type = ""]) => type)
    expect(page.length).toBe(8)
    for (const type of page) {
      const row = new RegExp(`^\\| Windows .*(\`${type}\` \\(\\d+, \\d+\\)|${type},? .*(give|has) it no number)`, "m")
      expect([type, row.test(catalogue)]).toEqual([type, true])
    }
  })
})

describe("the README", () => {
  const rows = Array.from(textOf("README.md").matchAll(/^\| (`with\w+\(\)`.*)$/gm), ([, row = ""]) =>
    row.split(" | ").map((cell) => cell.replace(/ *\|?$/, "").trim())
  )
  const combinators = (cell = "") => Array.from(cell.matchAll(/`(with\w+)\(\)`/g), ([, name]) => name)

  it("has every message", () => {
    const names = messages.flatMap(([entry]) => (entry && combinatorOf(entry.subject)?.name) ?? [])
    expect(new Set(rows.flatMap(([cell]) => combinators(cell)))).toEqual(new Set(names))
  })

  it.each(rows)("%s: names for each platform the best and the weakest proof", (cell, _, ...proofs) => {
    const names = new Set(combinators(cell))
    const those = ways.filter(({ subject }) => names.has(combinatorOf(subject)?.name))
    const expected = platforms.map((platform) => {
      const proved = those.filter((way) => way.platform === platform).map((way) => proofsOf(way)[0]?.worth)
      return worths.filter((worth) => proved.includes(worth)).join(", ") || "absent"
    })
    expect(proofs).toEqual(expected)
  })
})
