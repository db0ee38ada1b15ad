/** Received descriptors that the program did not take are closed after the callback, and never on the event loop's thread. */
import { describe, expect, it } from "@effect/vitest"
import { Datagram, Descriptor, withRights } from "@ancillary/effect3"
import { Effect, Scope } from "effect"
import { bundled, ended } from "../../testing/program.ts"
import { Closing } from "../src/internal/closing.ts"
import { contentOf, files, leakingNothing } from "./files.ts"
import { openDescriptors, openDescriptorsAre, turn } from "./process.ts"

const spec = Datagram.unix.pipe(withRights({ maximum: 8 }))
const data = Uint8Array.of(1)

describe("loops", () => {
  it.live.each(["forEach", "forEachBorrowed"] as const)(
    "%s: descriptors that a callback did not take are closed after it returns",
    (loop) =>
      leakingNothing(
        Effect.gen(function* () {
          const [sender, receiver] = yield* Datagram.pair(spec)
          const rights = yield* files(8)
          for (let i = 0; i < 6; i++) yield* sender.send({ data, control: { rights } })
          const before = openDescriptors()
          const scope = yield* Scope.make()
          const taken: Array<number> = []
          let calls = 0
          yield* Effect.forkScoped(
            receiver[loop](({ control }) => {
              const [first] = control.rights
              if (calls++ === 2 && first !== undefined)
                taken.push(Effect.runSync(Scope.extend(Descriptor.take(first), scope)))
            })
          )
          yield* Effect.promise(turn).pipe(Effect.repeat({ until: () => calls === 6 }))
          // No later read could close them. The one that was taken belongs to the program.
          yield* openDescriptorsAre(before + 1)
          expect(taken.map(contentOf)).toEqual(["0"])
          yield* Scope.close(scope, Effect.runSync(Effect.exit(Effect.void)))
          yield* openDescriptorsAre(before)
        })
      )
  )
})

it("descriptors whose close blocks do not delay the event loop or process exit", async () => {
  const program = bundled(new URL("children/lingering.ts", import.meta.url))
  const { signal, status, stderr, stdout } = await ended([process.execPath, program])
  expect({ signal, status, stdout: stdout || stderr }).toEqual({
    signal: null,
    status: 0,
    stdout: `${JSON.stringify({ calls: 2, left: 0 })}\n`
  })
})

describe("threads that close", () => {
  /** Threads that end on demand. */
  const made = () => {
    const begun: Array<number> = []
    const ended = new Set<number>()
    const threads = {
      full: false,
      begin: (fd: number) => {
        if (threads.full) return undefined
        begun.push(fd)
        return fd
      },
      hasEnded: (thread: number) => ended.has(thread)
    }
    return { begun, ended, threads, closing: new Closing(threads) }
  }
  const from = (first: number, count: number) => Array.from({ length: count }, (_, i) => first + i)

  it.live("are at most 64, and waiting descriptors are closed in order", () =>
    Effect.gen(function* () {
      const { begun, closing, ended } = made()
      for (const fd of from(100, 100)) closing.close(fd)
      expect(begun).toEqual(from(100, 64))
      for (const fd of [110, 120, 130]) ended.add(fd)
      yield* Effect.promise(turn).pipe(Effect.repeat({ until: () => begun.length >= 67 }))
      expect(begun).toEqual(from(100, 67))
      for (const fd of from(100, 100)) ended.add(fd)
      yield* Effect.promise(turn).pipe(Effect.repeat({ until: () => begun.length === 100 }))
      expect(begun).toEqual(from(100, 100))
    })
  )

  it.live("that the system refuses are requested again, and no descriptor is lost", () =>
    Effect.gen(function* () {
      const { begun, closing, threads } = made()
      threads.full = true
      for (const fd of [7, 8]) closing.close(fd)
      expect(begun).toEqual([])
      threads.full = false
      yield* Effect.promise(turn).pipe(Effect.repeat({ until: () => begun.length === 2 }))
      expect(begun).toEqual([7, 8])
    })
  )
})
