/**
 * User-defined messages that throw, lie, receive or close while they read. Each is a fault of that datagram only, and
 * never exposes the memory of another.
 */
import { type Codec, type ControlMessage, define, HopLimit, isUnsupported } from "@ancillary/control"
import { Datagram, withControlMessage } from "@ancillary/effect3"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Option, Scope } from "effect"
import { type Bench, bytes, failureOf, text } from "./bench.ts"

const at = { address: "127.0.0.1", port: 0 }

/** A user-defined message that decodes the hop limit of the system. */
interface Own extends ControlMessage<"own", "ipv4"> {
  readonly received: { readonly own: unknown }
}
const own = (read: Codec.Codec<unknown>["read"]) => {
  const payload = { size: 4, read, write: () => undefined }
  const cell = (platform: "linux" | "winsock" | "darwin") => {
    const hops = HopLimit.cell(platform, "ipv4")
    if (isUnsupported(hops) || hops.receive === undefined || isUnsupported(hops.receive)) return hops
    return { request: hops.request, receive: hops.receive.map((each) => ({ ...each, payload })) }
  }
  return define<Own>({
    key: "own",
    presence: "required",
    table: {
      linux: { ipv4: cell("linux") },
      winsock: { ipv4: cell("winsock") },
      darwin: { ipv4: cell("darwin") }
    }
  })
}
const bind = (read: Codec.Codec<unknown>["read"]) =>
  Datagram.bind(Datagram.ipv4.pipe(withControlMessage(own(read))), at)

const boom = (): never => {
  throw new Error("boom")
}
/** Results of a definition's `read`, and the end of the fault's sentence. */
const answers: ReadonlyArray<readonly [name: string, read: () => unknown, sentence: string]> = [
  ["throws", boom, "the definition of 'own' threw while it read its message (boom)"],
  [
    "throws what is no error",
    () => {
      throw undefined
    },
    "the definition of 'own' threw while it read its message (undefined)"
  ],
  ["answers an object that throws", () => new Proxy({}, { has: boom }), "threw while it read its message (boom)"],
  ["answers nonsense that calls itself malformed", () => ({ malformed: 1 }), "'own' is malformed: 1"],
  ["answers nothing", () => undefined, "'own' is declared, and did not arrive"]
]

export const readInside = ({ layer, outcome, receive }: Bench): void => {
  describe("a message that a program defines", () => {
    for (const [name, read, sentence] of answers)
      it.scopedLive(`that ${name}: a fault of that datagram, which names the message`, () => {
        let wrong = false
        return Effect.gen(function* () {
          const sender = yield* Datagram.client(Datagram.ipv4)
          const socket = yield* bind(() => (wrong ? read() : 7))
          const send = (data: string) => sender.send({ data: bytes(data), to: socket.localAddress })
          yield* send("a")
          expect((yield* receive(socket)).control.own).toBe(7)
          wrong = true
          yield* send("b")
          const fault = failureOf(yield* outcome(socket))
          expect(fault).toMatchObject({ key: Option.some("own") })
          expect(fault !== undefined && "message" in fault && fault.message).toContain(sentence)
          wrong = false
          yield* send("c")
          expect(text((yield* receive(socket)).data)).toBe("c")
          const { faults, delivered, dequeued } = yield* socket.stats
          const all = Object.values(faults).reduce((sum, count) => sum + count, 0n)
          expect([dequeued, delivered, all]).toEqual([3n, 2n, 1n])
        }).pipe(Effect.provide(layer))
      })

    const texts = Array.from({ length: 8 }, (_, i) => `datagram ${i}`)

    for (const loop of ["forEach", "forEachBorrowed"] as const)
      it.scopedLive(`that receives while it reads: each reader gets its own datagrams (${loop})`, () =>
        Effect.gen(function* () {
          const sender = yield* Datagram.client(Datagram.ipv4)
          let inside = (): void => undefined
          const read = () => {
            inside()
            return 1
          }
          // Both sockets have one spec, and so one layout and shared memory.
          const spec = Datagram.ipv4.pipe(withControlMessage(own(read)))
          const [first, second] = [yield* Datagram.bind(spec, at), yield* Datagram.bind(spec, at)]
          const seen: Array<string> = []
          const others: Array<string> = []
          inside = () => {
            inside = () => undefined
            for (const way of [second.forEach, second.forEachBorrowed])
              Effect.runFork(way(({ data }) => void others.push(text(data))))
            Effect.runFork(Effect.map(second.receive, ({ data }) => others.push(text(data))))
          }
          for (const each of texts) yield* sender.send({ data: bytes(`other ${each}`), to: second.localAddress })
          for (const each of texts) yield* sender.send({ data: bytes(each), to: first.localAddress })
          yield* Effect.forkScoped(first[loop](({ data }) => void seen.push(text(data))))
          const all = () => seen.length === texts.length && others.length === texts.length
          yield* Effect.repeat(Effect.sleep("1 millis"), { until: all })
          expect(seen).toEqual(texts)
          expect(others.toSorted()).toEqual(texts.map((each) => `other ${each}`))
        }).pipe(Effect.provide(layer))
      )

    it.scopedLive("that closes its socket while it reads: the reader ends, and others continue", () =>
      Effect.gen(function* () {
        const sender = yield* Datagram.client(Datagram.ipv4)
        const scope = yield* Scope.make()
        const socket = yield* Scope.extend(
          bind(() => Effect.runSync(Scope.close(scope, Exit.void))),
          scope
        )
        const other = yield* bind(() => 1)
        const reading = yield* Effect.fork(socket.forEach(() => undefined))
        for (const to of [socket.localAddress, socket.localAddress, other.localAddress])
          yield* sender.send({ data: bytes("x"), to })
        expect(yield* Effect.flip(Fiber.join(reading))).toMatchObject({ reason: "Closed" })
        expect((yield* other.receive).control.own).toBe(1)
        const { dropped, faults, delivered, dequeued, putBack } = yield* socket.stats
        expect(dequeued).toBe(dropped + delivered + putBack + faults.ControlMissing)
      }).pipe(Effect.provide(layer))
    )
  })
}
