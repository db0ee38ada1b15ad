/** docs/security.md names a test for each claim. */
import { readFileSync } from "node:fs"
import { expect, it } from "vitest"

const root = new URL("../../../", import.meta.url)
const textOf = (name: string): string => readFileSync(new URL(name, root), "utf8")

it("each claim of docs/security.md names a test that exists", () => {
  const rows = Array.from(textOf("docs/security.md").matchAll(/^\| (.+?) +\| \[.+?\]\(\.\.\/(.+?)\) +\| (.+?) +\|$/gm))
  expect(rows.length).toBeGreaterThanOrEqual(15)
  expect(rows.filter(([, , file = "", title = ""]) => !textOf(file).includes(title)).map(([, claim]) => claim)).toEqual(
    []
  )
})
