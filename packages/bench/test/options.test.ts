/** Wrong options of the commands are reported in one sentence, and `--help` explains the right ones. */
import { describe, expect, it } from "vitest"
import { parse as ofFuzz } from "../../fuzz/src/options.ts"
import { help, parse as ofBench } from "../src/options.ts"

const parse = (...args: ReadonlyArray<string>) => ofBench(args, ["echo", "calls"])

describe("bench", () => {
  it("--help wins, and every option is in it", () => {
    expect(parse("--help", "--only", "nothing")).toBe("help")
    for (const option of ["quick", "only", "candidate", "rounds", "against", "write", "help"])
      expect(help).toContain(`  --${option} `)
  })

  it("options have their values, and defaults", () => {
    expect(parse("--only", "echo", "--only", "calls", "--rounds", "30")).toEqual({
      quick: false,
      write: false,
      only: ["echo", "calls"],
      candidates: undefined,
      rounds: 30,
      against: undefined,
      serve: false
    })
    expect(parse("--quick")).toMatchObject({ quick: true, only: undefined, rounds: 1 })
    expect(parse()).toMatchObject({ quick: false, rounds: 14 })
  })

  it.each([
    [["--only", "nothing"], "--only nothing: there are echo, calls"],
    [["--rounds", "0"], "--rounds 0: an integer of at least 1"],
    [["--rounds", "1.5"], "--rounds 1.5: an integer of at least 1"]
  ])("%s: %s", (args, wrong) => {
    expect(parse(...args)).toEqual({ wrong })
  })
})

describe.each([
  ["bench", parse],
  ["fuzz", (...args: ReadonlyArray<string>) => ofFuzz(args)]
])("%s", (_, read) => {
  it.each([["--unknown"], ["word"], ["--only"], ["--quick=yes"]])("%s: one sentence", (...args) => {
    expect(read(...args)).toEqual({ wrong: expect.stringMatching(/^[A-Z][^.\n]*\.?$/) })
  })
})
