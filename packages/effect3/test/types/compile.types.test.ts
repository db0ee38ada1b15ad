/**
 * Programs that must compile, and programs that must not. Above each wrong program is a part of its error. A line without such a mark must compile.
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

describe("is rejected with a sentence", () => {
  describe.each(wrong.map((file) => ({ name: path.basename(file), ...verdicts(program, file) })))("$name", (file) => {
    it.each(file.wrong)("$code: $error", ({ code, error, place, reported }) => {
      if (reported.length === 0) expect.fail(`${place} compiles: ${code}`)
      if (!reported.some((text) => text.includes(error))) {
        expect.fail(`${place}: ${code}\nerror\n${reported.join("\n")}\ninstead of\n${error}`)
      }
    })
    it("without other errors in the file", () => {
      expect(file.elsewhere).toEqual([])
    })
  })
})

it("there are enough programs, so that an empty folder fails", () => {
  expect(programs.length).toBeGreaterThanOrEqual(8)
  expect(wrong.flatMap((file) => verdicts(program, file).wrong).length).toBeGreaterThanOrEqual(51)
})
