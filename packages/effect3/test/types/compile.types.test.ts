/**
 * What must compile and what must not. Above each wrong program stands a part of what the compiler has to say; a line without such a mark has to
 * be right.
 */
import path from "node:path"
import { describe, expect, it } from "vitest"
import { compile, diagnostics, filesOf, located, verdicts } from "./compiler.ts"

const programs = filesOf("programs")
const wrong = filesOf("wrong")
const program = compile([...programs, ...wrong])

describe("compiles", () => {
  it.each(programs.map((file) => [path.basename(file), file]))("%s", (_, file) => {
    expect(diagnostics(program, file).map(located)).toEqual([])
  })
})

describe("is refused, with a sentence", () => {
  describe.each(wrong.map((file) => ({ name: path.basename(file), ...verdicts(program, file) })))("$name", (file) => {
    it.each(file.wrong)("$code: $says", ({ code, place, said, says }) => {
      if (said.length === 0) expect.fail(`${place} compiles: ${code}`)
      if (!said.some((text) => text.includes(says))) {
        expect.fail(`${place}: ${code}\nsays\n${said.join("\n")}\ninstead of\n${says}`)
      }
    })
    it("and nothing else in the file", () => {
      expect(file.elsewhere).toEqual([])
    })
  })
})

it("there are enough of them for an empty folder not to pass", () => {
  expect(programs.length).toBeGreaterThanOrEqual(8)
  expect(wrong.flatMap((file) => verdicts(program, file).wrong).length).toBeGreaterThanOrEqual(51)
})
