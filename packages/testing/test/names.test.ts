/** The comparison of the names of tests finds each test that is lost. */
import { readFileSync } from "node:fs"
import { gunzipSync } from "node:zlib"
import { expect, it } from "vitest"
import { compare, parseRenames, suggest } from "../names/compare.ts"

const before = ["a.test.ts > one > x is 1", "a.test.ts > one > x is 2", "b.test.ts > same", "b.test.ts > same"]

it("a tree with the same tests and more loses none", () => {
  const { added, lost, unused } = compare(before, [...before, "c.test.ts > new"], [])
  expect([lost, added, unused]).toEqual([[], ["c.test.ts > new"], []])
})

it("a test that is gone is lost, also one of two with the same name", () => {
  expect(compare(before, before.slice(1, 3), []).lost).toEqual(["a.test.ts > one > x is 1", "b.test.ts > same"])
})

it("a rename maps a path, a part or a pattern to the new name", () => {
  const renames = parseRenames("# moved\na.test.ts → a.netns.test.ts\n\nx is * → the value is *\nsame → equal\n")
  const now = [
    "a.netns.test.ts > one > the value is 1",
    "a.netns.test.ts > one > the value is 2",
    "b.test.ts > equal",
    "b.test.ts > equal"
  ]
  expect(compare(before, now, renames)).toEqual({ lost: [], added: [], unused: [] })
})

it("a rename of a part leaves a longer title with these words as it is", () => {
  expect(compare(["a.test.ts > not same"], ["a.test.ts > not equal"], parseRenames("same → equal")).lost).toEqual([
    "a.test.ts > not same"
  ])
})

it("a rename that no test has is reported", () => {
  expect(compare(before, before, parseRenames("nothing → anything")).unused).toEqual(["nothing → anything"])
})

it("a line without an arrow is refused", () => {
  expect(() => parseRenames("same equal")).toThrow('This line has no "→"')
})

it("a new name that differs in one part is suggested for a lost one", () => {
  expect(suggest(["a.test.ts > one > x"], ["a.test.ts > one > y"])).toEqual(["x → y"])
})

// A new list begins with an empty file.
it("each line of renamed.txt renames a test of the list", () => {
  const stored = (name: string) => readFileSync(new URL(`../names/${name}`, import.meta.url))
  const list = gunzipSync(stored("tests.txt.gz")).toString("utf8").trimEnd().split("\n")
  expect(compare(list, [], parseRenames(stored("renamed.txt").toString("utf8"))).unused).toEqual([])
})
