/** Descriptors in the inboxes of sessions. */
import { Datagram, Descriptor, serveSessions, withRights } from "@ancillary/effect3"
import { expect, it } from "@effect/vitest"
import { Deferred, Effect } from "effect"
import { contentOf, files, leakingNothing } from "./files.ts"
import { openDescriptors, openDescriptorsAre, turn } from "./process.ts"

const spec = Datagram.unix.pipe(withRights({ maximum: 3 }))

it.live("descriptors of datagrams that wait outlive reads for other sessions", () =>
  leakingNothing(
    Effect.gen(function* () {
      const path = `\0ancillary-sessions-${process.pid}`
      const sender = yield* Datagram.client(Datagram.unix.pipe(withRights({ only: "send" })))
      const open = yield* Deferred.make<void>()
      const all = yield* Deferred.make<void>()
      const seen: Array<string> = []
      const before = openDescriptors()
      const server = yield* serveSessions(
        spec,
        { path },
        (session) =>
          Effect.gen(function* () {
            yield* Deferred.await(open)
            const first = yield* session.receive
            // The next datagram closes the second one of these.
            const [number = -1] = yield* Effect.forEach(first.control.rights.slice(0, 1), Descriptor.take)
            seen.push(contentOf(number))
            const states = first.control.rights.map(({ state }) => state)
            yield* session.receive
            expect([...states, ...first.control.rights.map(({ state }) => state)]).toEqual([
              "taken",
              "untaken",
              "taken",
              "closed"
            ])
            if (seen.length === 3) yield* Deferred.succeed(all, undefined)
          }).pipe(Effect.scoped),
        { key: ({ data }) => data.subarray(0, 1) }
      )
      const rights = yield* files(3)
      const to = { path }
      for (let i = 0; i < 3; i++) {
        const [one = -1] = rights.slice(i)
        yield* sender.send({ data: Uint8Array.of(i), to, control: { rights: [one, one] } })
        yield* sender.send({ data: Uint8Array.of(i), to, control: { rights: [one] } })
      }
      // All of them are read before the first session continues.
      const read = () => openDescriptors() === before + 1 + 3 + 9
      yield* Effect.promise(turn).pipe(Effect.repeat({ until: read }))
      yield* Deferred.succeed(open, undefined)
      yield* Deferred.await(all)
      const ended = Effect.map(server.stats, ({ sessions }) => sessions.completed === 3n)
      yield* Effect.promise(turn).pipe(Effect.zipRight(ended), Effect.repeat({ until: (done) => done }))
      expect(seen.toSorted()).toEqual(["0", "1", "2"])
      yield* openDescriptorsAre(before + 1 + 3)
    })
  )
)
