/** Every example that a person may copy compiles: of the docstrings, the README and the documents. */
import path from "node:path"
import { describe, expect, it } from "vitest"
import { blocks, ownerOf } from "./blocks.ts"
import { compile, diagnostics, located, root } from "./compiler.ts"

/** A place where a block finds the packages as a test does. */
const fileOf = (block: (typeof blocks)[number]) =>
  path.join(root, "packages", ownerOf(block), "test", `${block[0].replaceAll(/\W+/g, "-")}.example.ts`)
const texts = new Map(blocks.map((block) => [fileOf(block), `${block[1]}\nexport {}\n`]))
const unused = new Set([6133, 6192, 6196, 6198])

describe("examples compile", () => {
  const program = compile([...texts.keys()], { texts })
  // The compiler blocks this process for seconds. While vitest collects tests, it requires no answer.
  const errors = blocks.map((block) => {
    const found = diagnostics(program, fileOf(block)).filter(({ code }) => !unused.has(code))
    return [block[0], found.map(located)] as const
  })
  it.each(errors)("%s", (_, found) => {
    expect(found).toEqual([])
  })
})

it("there are examples", () => {
  expect(blocks.length).toBeGreaterThan(20)
})
