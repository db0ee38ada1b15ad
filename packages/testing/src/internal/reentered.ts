/** Messages that send while they are read: the memory that is being filled stays theirs, though sockets share it. */
import { type Codec, type ControlMessage, define } from "@ancillary/control"
import { Datagram, withControlMessage, withHopLimit } from "@ancillary/effect3"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Either, Exit, Scope } from "effect"
import { type Bench, bytes, text } from "./bench.ts"

const at = { address: "127.0.0.1", port: 0 }
const receiver = Datagram.bind(Datagram.ipv4, at)

/** A user-defined message, whose definition acts as the test requires. */
interface Own extends ControlMessage<"own", "ipv4"> {
  readonly sendable: { readonly own?: number }
}
const own = (payload: Pick<Codec.Codec<number>, "size" | "write" | "validate">) => {
  // A level that every system accepts and ignores.
  const cell = { ipv4: { request: [], send: { level: 300, type: 1, payload } } }
  return define<Own>({ key: "own", presence: "required", table: { linux: cell, winsock: cell, darwin: cell } })
}

export const reentered = ({ layer, over }: Bench): void => {
  describe("a message that sends while it is read", () => {
    /** Two sockets have this layout, so that they share the memory of their sends. */
    const spec = Datagram.ipv4.pipe(withHopLimit())
    const nested = (socket: Effect.Effect.Success<typeof receiver>) =>
      Effect.gen(function* () {
        const [sender, other] = [yield* Datagram.client(spec), yield* Datagram.client(spec)]
        const to = socket.localAddress
        let inner = 0
        const sendInside = () => {
          const data = bytes(`inner ${inner++}`)
          expect(sender.trySend({ data, to, control: { hopLimit: 7 } })).toEqual(Either.void)
          expect(Effect.runSync(other.sendAll([{ data, to }])).sent).toBe(1)
        }
        return { sender, sendInside, inner: () => inner, to }
      })

    for (const where of ["data", "to", "control", "hopLimit", "address", "toString", "segmentSize"] as const) {
      it.scopedLive(`as its ${where} is read: each receiver gets what it was sent, once`, () =>
        Effect.gen(function* () {
          const socket = yield* receiver
          const { inner, sender, sendInside, to } = yield* nested(socket)
          const sending = <A>(value: A, here: typeof where) => {
            if (here === where) sendInside()
            return value
          }
          const lazy = (i: number) => ({
            get data() {
              return sending(bytes(`outer ${i}`), "data")
            },
            get to() {
              const { address, port } = to
              return sending(
                {
                  get address() {
                    return sending(address, "address")
                  },
                  port
                },
                "to"
              )
            },
            get control() {
              return sending(
                {
                  get hopLimit() {
                    return sending(i + 1, "hopLimit")
                  }
                },
                "control"
              )
            },
            get segmentSize() {
              return sending(undefined, "segmentSize")
            }
          })
          const refused = {
            data: { toString: () => sending("no bytes", "toString") },
            to: { toString: () => sending("x", "toString"), port: { toString: () => sending("1", "toString") } }
          }
          const messages = Array.from({ length: 5 }, (_, i) => lazy(i))
          const report = yield* sender.sendAll([
            ...messages,
            ...(where === "toString" ? [{ ...refused, data: bytes("x") } as never] : [])
          ])
          expect(report.sent).toBe(5)
          expect(inner()).toBeGreaterThan(0)
          const seen = yield* Effect.replicateEffect(socket.receive, 5 + 2 * inner())
          const texts = seen.map(({ data }) => text(data))
          expect(texts.filter((each) => each.startsWith("outer"))).toEqual(messages.map((_, i) => `outer ${i}`))
          expect(texts.filter((each) => each.startsWith("inner"))).toEqual(
            Array.from({ length: inner() }, (_, i) => [`inner ${i}`, `inner ${i}`]).flat()
          )
        }).pipe(Effect.provide(layer))
      )
    }

    it.scopedLive("from its definition: both go out with their own control data", () => {
      const sent: Array<{ readonly name: string; readonly bytes: number }> = []
      let send = () => {}
      const inside = own({
        size: 4,
        write: (view, offset, value) => {
          view.setUint32(offset, value, true)
          send()
          return 4
        }
      })
      const both = Datagram.ipv4.pipe(withHopLimit(), withControlMessage(inside))
      const hooks = {
        onSend: ({ control, data }: { readonly control: Uint8Array; readonly data: Uint8Array }) => {
          sent.push({ name: text(data), bytes: control.length })
          return undefined
        }
      }
      return Effect.gen(function* () {
        const socket = yield* receiver
        const [sender, other] = [yield* Datagram.client(both), yield* Datagram.client(both)]
        const to = socket.localAddress
        let depth = 0
        send = () => {
          if (depth++ > 0) return
          for (const each of [sender, other]) each.trySend({ data: bytes("inner"), to, control: { hopLimit: 9 } })
        }
        yield* sender.sendAll([
          { data: bytes("first"), to },
          { data: bytes("second"), to, control: { own: 1, hopLimit: 1 } },
          { data: bytes("third"), to, control: { hopLimit: 2 } }
        ])
        const one = sent[0]?.bytes ?? 0
        expect(one).toBeGreaterThan(0)
        expect(sent).toEqual([
          { name: "inner", bytes: one },
          { name: "inner", bytes: one },
          { name: "first", bytes: 0 },
          { name: "second", bytes: 2 * one },
          { name: "third", bytes: one }
        ])
      }).pipe(Effect.provide(over(hooks)))
    })

    it.scopedLive("and closes its own socket: every message is reported once, as Closed", () =>
      Effect.gen(function* () {
        const socket = yield* receiver
        const scope = yield* Scope.make()
        const sender = yield* Scope.extend(Datagram.client(spec), scope)
        const to = socket.localAddress
        const closing = {
          get data() {
            Effect.runSync(Scope.close(scope, Exit.void))
            return bytes("closing")
          },
          to
        }
        const { failed, sent } = yield* sender.sendAll([
          { data: bytes("before"), to },
          closing,
          { data: bytes("after"), to }
        ])
        expect([sent, failed.map(({ index }) => index)]).toEqual([0, [0, 1, 2]])
        expect(failed.every(({ error }) => error.reason === "Closed")).toBe(true)
        expect((yield* socket.receiveWithin(0))._tag).toBe("None")
      }).pipe(Effect.provide(layer))
    )
  })
}
