/** Messages of Unix sockets: exchanged if the system has such sockets, refused by name if not. */
import { describe, expect, it } from "@effect/vitest"
import type { Capability, ControlMessage, Descriptor as ReceivedDescriptor } from "@ancillary/control"
import {
  Datagram,
  DatagramSockets,
  Descriptor,
  type With,
  withCredentials,
  withOptional,
  withPidFd,
  withRights
} from "@ancillary/effect3"
import { Effect, Option, type Scope } from "effect"
import { type Bench, bytes, text } from "./bench.ts"

const features = ["rights", "credentials", "pidFd"] as const
type Needs = DatagramSockets | Scope.Scope | Capability<(typeof features)[number]>
const data = bytes("x")

export const unix = ({ driver, facts, receive, path }: Bench): void => {
  /** Returns the number of a received descriptor. A loop closes descriptors that its callback did not take. */
  const taken = (descriptor: ReceivedDescriptor): Effect.Effect<number, unknown, Scope.Scope> =>
    path === "borrowed"
      ? Effect.map(Effect.flip(Descriptor.take(descriptor)), () => descriptor.number)
      : Descriptor.take(descriptor)

  const layer = DatagramSockets.layer(driver, features)

  /**
   * Runs the case if the platform supports the message. Otherwise binding and pairing fail with the reason, for every
   * family.
   */
  const message = <M extends ControlMessage.Any>(
    key: M["key"],
    combinator: With<M>,
    run: Effect.Effect<void, unknown, Needs>
  ): void => {
    const why = facts.lacks[key]
    const declared = (each: unknown, spec: unknown = Datagram.unix) =>
      (each as (_: unknown) => typeof Datagram.unix)(spec)
    it.scopedLive(`${key}${why === undefined ? "" : ": refused"}`, () => {
      if (why === undefined && facts.unixSockets === "exchanged") return Effect.provide(run, layer)
      if (why === undefined)
        return Effect.gen(function* () {
          const error = yield* Effect.flip(Datagram.pair(declared(combinator)))
          expect(error).toMatchObject({ _tag: "DatagramBindError", code: "EOPNOTSUPP" })
        }).pipe(Effect.provide(layer))
      return Effect.gen(function* () {
        const absent = { _tag: "DatagramUnsupportedError", code: "INVALID" }
        const spec = declared(combinator)
        for (const open of [Effect.asVoid(Datagram.client(spec)), Effect.asVoid(Datagram.pair(spec))]) {
          const error = yield* Effect.flip(open)
          expect(error).toMatchObject(absent)
          expect(error.message).toContain(`${why}.`)
        }
        // An optional message fails, too, because the sockets themselves are missing.
        const bare = yield* Effect.flip(Datagram.client(declared(withOptional(combinator))))
        expect(bare).toMatchObject({ _tag: "DatagramUnsupportedError", feature: "Datagram.unix" })
      }).pipe(Effect.provide(layer))
    })
    it.scopedLive(`${key}, of an internet socket: refused`, () =>
      Effect.gen(function* () {
        const at = { address: "127.0.0.1", port: 0 } as never
        const error = yield* Effect.flip(Datagram.bind(declared(combinator, Datagram.ipv4), at))
        expect(error).toMatchObject({ _tag: "DatagramUnsupportedError", code: "INVALID" })
        expect(error.message).toContain(`'${key}' does not exist for ipv4 sockets`)
      }).pipe(Effect.provide(layer))
    )
  }

  describe("messages of Unix sockets", () => {
    message(
      "rights",
      withRights({ maximum: 2 }),
      Effect.gen(function* () {
        const [first, second] = yield* Datagram.pair(Datagram.unix.pipe(withRights({ maximum: 2 })))
        const own = yield* first.descriptor
        yield* first.send({ data, control: { rights: [own, own] } })
        const { control } = yield* receive(second)
        const numbers = yield* Effect.forEach(control.rights, taken)
        // A descriptor that was sent twice arrives as two new ones.
        expect(new Set([own, ...numbers]).size).toBe(3)
        for (const [rights, sentence] of [
          [[], "0 descriptors cannot go with a datagram: 1 to 253 do, and with none the message is left out"],
          [
            Array.from({ length: 254 }, () => own),
            "254 descriptors cannot go with a datagram: 1 to 253 do, and with none the message is left out"
          ],
          [[-1], "-1 is not a descriptor"],
          [own, `${own} is not an array of descriptors`]
        ] as const) {
          const error = yield* Effect.flip(first.send({ data, control: { rights } as never }))
          expect(error).toMatchObject({ reason: "InvalidArgument", field: Option.some("control.rights") })
          expect(error.message).toBe(`control.rights: ${sentence}. Nothing was sent.`)
        }
        yield* first.send({ data })
        expect((yield* receive(second)).control.rights).toEqual([])
      })
    )

    message(
      "credentials",
      withCredentials(),
      Effect.gen(function* () {
        const [first, second] = yield* Datagram.pair(Datagram.unix.pipe(withCredentials()))
        yield* first.send({ data })
        const { credentials } = (yield* receive(second)).control
        expect(credentials.pid).toBeGreaterThan(0)
        yield* second.send({ data, control: { credentials } })
        expect((yield* receive(first)).control.credentials).toEqual(credentials)
        for (const [given, sentence] of [
          [{ ...credentials, pid: 0 }, "0 is not a process id: an integer from 1"],
          [{ ...credentials, uid: 4_294_967_295 }, "4294967295 is not a uid: 0 to 4294967294"],
          [{ ...credentials, gid: -1 }, "-1 is not a gid: 0 to 4294967294"],
          [7, "7 is not { pid, uid, gid }"]
        ] as const) {
          const error = yield* Effect.flip(first.send({ data, control: { credentials: given } as never }))
          expect(error.message).toBe(`control.credentials: ${sentence}. Nothing was sent.`)
        }
        yield* first.send({ data: bytes("y") })
        expect(text((yield* receive(second)).data)).toBe("y")
      })
    )

    message(
      "pidFd",
      withPidFd(),
      Effect.gen(function* () {
        const [first, second] = yield* Datagram.pair(Datagram.unix.pipe(withPidFd()))
        yield* first.send({ data })
        const { pidFd } = (yield* receive(second)).control
        expect(yield* taken(Option.getOrThrow(pidFd))).toBeGreaterThan(2)
        const error = yield* Effect.flip(first.send({ data, control: { pidFd: 1 } as never }))
        expect(error.message).toBe(
          "control.pidFd: 'pidFd' cannot be sent on this socket: its spec does not declare it for sending. Nothing was sent."
        )
      })
    )
  })
}
