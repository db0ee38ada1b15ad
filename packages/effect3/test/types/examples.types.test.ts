/** Every example that a person may copy compiles: of the docstrings, the README and the documents. */
import path from "node:path"
import { describe, expect, it } from "vitest"
import { blocks } from "./blocks.ts"
import { compile, diagnostics, located, root } from "./compiler.ts"

/** A place where a block finds the packages as a test does. The blocks of `effect` find Effect 4 there. */
const fileOf = (name: string) => {
  const owner = name.startsWith("packages/effect/") ? "effect" : "node"
  return path.join(root, "packages", owner, "test", `${name.replaceAll(/\W+/g, "-")}.example.ts`)
}
const texts = new Map(blocks.map(([name, code]) => [fileOf(name), `${code}\nexport {}\n`]))
const unused = new Set([6133, 6192, 6196, 6198])

describe("examples compile", () => {
  const program = compile([...texts.keys()], { texts })
  it.each(blocks.map(([name]) => name))("%s", (name) => {
    const said = diagnostics(program, fileOf(name)).filter(({ code }) => !unused.has(code))
    expect(said.map(located)).toEqual([])
  })
})

it("there are examples", () => {
  expect(blocks.length).toBeGreaterThan(20)
})
