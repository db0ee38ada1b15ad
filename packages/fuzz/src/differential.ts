/**
 * Compares our walk with that of the C macros. Both write and walk random lists of messages and corruptions, and a digest of all results is
 * compared. If the digests differ, the case is printed in full.
 */
import { ControlBuffer } from "@ancillary/control"
import { describe, Observer, type Subject } from "./observe.ts"
import type { Part } from "./part.ts"
import { Program } from "./program.ts"

/** Cases of one run of the program, because a start of Wine takes seconds. */
const atOnce = 1_000_000

/** The part of an ABI. */
export const differential =
  (abi: string): Part =>
  async (run) => {
    const program = new Program(abi)
    try {
      await beside(program, ControlBuffer)(run)
    } finally {
      program.remove()
    }
  }

/** Compares a `ControlBuffer` with the macros of a program. */
export const beside =
  (program: Program, subject: Subject): Part =>
  async ({ count, first, found, progress, seed }) => {
    const ours = new Observer(program.abi, subject)
    for (let done = 0; done < count; done += atOnce) {
      const cases = Math.min(atOnce, count - done)
      const running = program.digests(seed, first + done, cases)
      const own = new Uint32Array(cases)
      const thrown = new Map<number, unknown>()
      for (let i = 0; i < cases; i++) {
        try {
          own[i] = ours.digest(seed, first + done + i)
        } catch (error) {
          thrown.set(i, error)
        }
        progress(done + i)
      }
      const theirs = await running
      if (theirs.length !== cases)
        throw new Error(`The program of ${program.abi.name} answered ${theirs.length} digests of ${cases}`)
      for (let i = 0; i < cases; i++) {
        if (theirs[i] === own[i] && !thrown.has(i)) continue
        const index = first + done + i
        const macros = describe(await program.words(seed, index))
        const lines = thrown.has(i)
          ? [...macros, `ours throws: ${String(thrown.get(i))}`]
          : compare(macros, describe(ours.words(seed, index)))
        if (!found({ index, lines })) return
      }
    }
    progress(count)
  }

/** Common lines once, and different lines of both sides. */
const compare = (macros: ReadonlyArray<string>, own: ReadonlyArray<string>): ReadonlyArray<string> =>
  Array.from({ length: Math.max(macros.length, own.length) }, (_, i) => [macros[i], own[i]]).flatMap(
    ([theirs = "nothing", ours = "nothing"]) =>
      theirs === ours ? [theirs] : [`the macros: ${theirs}`, `ours: ${ours}`]
  )
