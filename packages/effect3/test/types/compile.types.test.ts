/**
 * Programs that must compile, and programs that must not. Above each wrong program is a part of its error. A line without such a mark must compile.
 */
import { readFileSync } from "node:fs"
import path from "node:path"
import { describe, expect, it } from "vitest"
import { compile, diagnostics, filesOf, located, root, verdicts } from "./compiler.ts"

const programs = filesOf("programs")
const wrong = filesOf("wrong")
const program = compile([...programs, ...wrong])

describe("compiles", () => {
  it.each(programs.map((file) => [path.basename(file), file]))("%s", (_, file) => {
    expect(diagnostics(program, file).map(located)).toEqual([])
  })
})

/** The wrong programs with another face: the same text with its names, beside that package. */
const written = (face: "effect" | "socket", files: ReadonlyArray<string>): ReadonlyMap<string, string> =>
  new Map(
    files.map((file) => [
      path.join(root, "packages", face, "test/types/wrong", path.basename(file)),
      readFileSync(file, "utf8")
        .replaceAll("@ancillary/effect3", `@ancillary/${face}`)
        .replaceAll("Effect.Effect.Success<", "Effect.Success<")
    ])
  )
const ofEffect4 = written("effect", wrong)
const programOfEffect4 = compile([...ofEffect4.keys()], { texts: ofEffect4 })
// Promises have no layers and no effects, so only specs are written alike.
const ofPromises = written("socket", [path.join(root, "packages/effect3/test/types/wrong/declaring.ts")])
const programOfPromises = compile([...ofPromises.keys()], { texts: ofPromises })

describe("is rejected with a sentence", () => {
  describe.each([
    ...wrong.map((file) => ({ name: path.basename(file), ...verdicts(program, file) })),
    ...[...ofEffect4.keys()].map((file) => ({
      name: `${path.basename(file)} of Effect 4`,
      ...verdicts(programOfEffect4, file)
    })),
    ...[...ofPromises.keys()].map((file) => ({
      name: `${path.basename(file)} of promises`,
      ...verdicts(programOfPromises, file)
    }))
  ])("$name", (file) => {
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
