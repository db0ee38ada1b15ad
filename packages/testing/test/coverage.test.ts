/** The conformance suite has a case for each combinator: every driver runs it, or asserts its refusal. */
import { readdirSync, readFileSync } from "node:fs"
import * as Library from "@ancillary/effect3"
import { expect, it } from "vitest"

const folder = new URL("../src/internal/", import.meta.url)
const suite = readdirSync(folder)
  .filter((name) => name.endsWith(".ts"))
  .map((name) => readFileSync(new URL(name, folder), "utf8"))
const combinators = Object.keys(Library).filter((name) => /^with[A-Z]/.test(name))

it.each(combinators)("%s", (name) => {
  const used = new RegExp(`^(?!import|  ${name},$).*\\b${name}\\b`, "m")
  expect(suite.some((source) => used.test(source))).toBe(true)
})
