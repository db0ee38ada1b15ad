/** Descriptors of a batch whose callback reads its socket again. */
import { Datagram, withRights } from "@ancillary/effect3"
import { expect, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { contentOf, files, leakingNothing } from "./files.ts"
import { openDescriptors, openDescriptorsAre, settledDescriptors, turn } from "./process.ts"

const data = Uint8Array.of(1)
const spec = Datagram.unix.pipe(withRights({ maximum: 3 }))

it.live("a callback that reads its socket again does not close descriptors of its batch", () =>
  leakingNothing(
    Effect.gen(function* () {
      const [sender, receiver] = yield* Datagram.pair(spec)
      const rights = yield* files(3)
      yield* settledDescriptors
      const before = openDescriptors()
      for (const each of rights) yield* sender.send({ data, control: { rights: [each] } })
      const seen: Array<string> = []
      const loop = yield* Effect.fork(
        receiver.forEach(({ control }) => {
          seen.push(...control.rights.map(({ number, state }) => `${contentOf(number)} ${state}`))
          Effect.runSync(receiver.receiveWithin(0))
        })
      )
      yield* Effect.promise(turn)
      yield* Fiber.interrupt(loop)
      expect(seen).toEqual(["0 untaken", "1 untaken", "2 untaken"])
      yield* openDescriptorsAre(before)
    })
  )
)
