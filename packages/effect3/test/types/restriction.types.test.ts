/**
 * Proves each wrong program. A restriction is removed from the sources in memory, and exactly the programs that name it (`// held by: …`) then
 * compile. So no program is rejected for another reason, and every restriction has an effect.
 */
import { expect, it } from "vitest"
import { compile, diagnostics, filesOf, text, verdicts } from "./compiler.ts"
import { restrictions } from "./restrictions.ts"

const files = filesOf("wrong")
const before = compile(files)
const wrong = files.flatMap((file) => verdicts(before, file).wrong)
const shown = ({ code, place }: (typeof wrong)[number]) => `${place} ${code}`

it.each(Object.entries(restrictions))("%s", (name, patches) => {
  const program = compile(files, { patches, before })
  const compiles = files.flatMap((file) =>
    verdicts(program, file).wrong.filter(({ reported }) => reported.length === 0)
  )
  const named = wrong.filter(({ heldBy }) => heldBy.includes(name))
  expect(named.length).toBeGreaterThan(0)
  expect(compiles.map(shown)).toEqual(named.map(shown))
})

it("every wrong program names existing restrictions", () => {
  const unheld = wrong.filter(({ heldBy }) => heldBy.length === 0 || heldBy.some((name) => !(name in restrictions)))
  expect(unheld.map(shown)).toEqual([])
})

it("a change of the sources without an effect is rejected", () => {
  const file = "packages/engine/src/spec/Spec.ts"
  expect(() => compile(files, { patches: [{ file, from: "this is nowhere", to: "" }] })).toThrow("0 places, not one")
  expect(() => compile(files, { patches: [{ file, from: "readonly", to: "" }] })).toThrow(/\d+ places, not one/)
})

it("without the received part of SendOnly, both directions would not fit for one", () => {
  const programs = filesOf("programs")
  const received = '  readonly received: ControlMessage.Received<M, this["family"]["is"]>\n'
  const program = compile(programs, {
    patches: [
      {
        file: "packages/control/src/ControlMessage.ts",
        from: `  readonly direction: "send"\n${received}`,
        to: '  readonly direction: "send"\n'
      }
    ]
  })
  expect(programs.flatMap((file) => diagnostics(program, file).map(text)).join("\n")).toContain(
    `is not assignable to parameter of type 'DatagramSocket<"ipv4", SendOnly<HopLimit>>'`
  )
})
