/** A message that the library lacks needs only a definition. This is the one of docs/own-message.md, on real sockets. */
import { readFileSync } from "node:fs"
import { abis } from "@ancillary/control"
import { LinuxSockets } from "@ancillary/effect3/node"
import { Datagram, DatagramSockets, Plan, withControlMessage, withIpOptions, withPktInfo } from "@ancillary/effect3"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Fiber, Option } from "effect"
import { answerOne, ReturnOptions } from "./own/returnOptions.ts"

const layer = DatagramSockets.layer(LinuxSockets.driver({ guarded: true }), LinuxSockets.capabilities)
const at = { address: "127.0.0.1", port: 0 }
/** Record route, with room for four addresses: length, pointer to the next entry, the addresses, and the end of options. */
const route = (...stops: ReadonlyArray<ReadonlyArray<number>>) =>
  Uint8Array.from([7, 19, 4 + 4 * stops.length, ...stops.flat(), ...new Uint8Array(16 - 4 * stops.length), 0])
// Inside this host an address is recorded when a datagram leaves and when it arrives.
const here = [127, 0, 0, 1]

describe("a message that a program defines", () => {
  it.scoped("equals the code of the document, word for word", () =>
    Effect.sync(() => {
      const [, shown] = /```ts\n(.*?)```/s.exec(readFileSync("docs/own-message.md", "utf8")) ?? []
      // The document runs it, too, and with Effect 4.
      const layer = 'import { NodeSockets } from "@ancillary/effect/node"\n'
      const run = "\nEffect.runPromise(answerOne.pipe(Effect.scoped, Effect.provide(NodeSockets.layer)))\n"
      expect(shown?.replace(layer, "").replace(run, "").replace('"@ancillary/effect"', '"@ancillary/effect3"')).toBe(
        readFileSync(new URL("own/returnOptions.ts", import.meta.url), "utf8")
      )
    })
  )

  it.scopedLive("arrives and is sent: the program answers over the reverse route", () =>
    Effect.gen(function* () {
      const client = yield* Datagram.bind(Datagram.ipv4.pipe(withIpOptions()), at)
      const server = yield* Effect.fork(Effect.scoped(answerOne))
      const data = Uint8Array.of(42)
      const ask = client.send({ data, to: { address: "127.0.0.1", port: 5300 }, control: { ipOptions: route() } })
      const answer = yield* Effect.repeat(
        Effect.flatMap(ask, () => client.receiveWithin("50 millis")),
        { until: Option.isSome }
      )
      yield* Fiber.join(server)
      const { control, data: answered } = Option.getOrThrow(answer)
      expect(answered).toEqual(data)
      expect(control.ipOptions).toEqual(Option.some(route(here, here, here, here)))
    }).pipe(Effect.provide(layer))
  )

  it.scopedLive("is received beside built-in ones, and absent if the datagram has none", () =>
    Effect.gen(function* () {
      const spec = Datagram.ipv4.pipe(withPktInfo(), withControlMessage(ReturnOptions), withIpOptions())
      const socket = yield* Datagram.bind(spec, at)
      const send = (control: object) => socket.send({ data: Uint8Array.of(1), to: socket.localAddress, control })
      yield* send({})
      expect((yield* socket.receive).control).toMatchObject({ returnOptions: Option.none(), ipOptions: Option.none() })
      yield* send({ returnOptions: route() })
      const { ipOptions, pktInfo, returnOptions } = (yield* socket.receive).control
      expect(ipOptions).toEqual(Option.some(route(here, here)))
      expect(returnOptions).toEqual(Option.some(route(here, here)))
      expect(String(pktInfo.destination)).toBe("127.0.0.1")
    }).pipe(Effect.provide(layer))
  )

  it.scopedLive("is validated by its codec before it is sent", () =>
    Effect.gen(function* () {
      const socket = yield* Datagram.bind(Datagram.ipv4.pipe(withControlMessage(ReturnOptions)), at)
      const control = { returnOptions: new Uint8Array(41) }
      const error = yield* Effect.flip(socket.send({ data: Uint8Array.of(1), to: socket.localAddress, control }))
      expect(error.message).toBe(
        "control.returnOptions: 41 bytes are more than the 40 that were declared. Nothing was sent."
      )
    }).pipe(Effect.provide(layer))
  )

  it("has a place or the reason of its platform in every plan", () => {
    const spec = Datagram.ipv4.pipe(withControlMessage(ReturnOptions))
    for (const abi of abis) {
      const { receive, refused, send } = Plan.compile(spec, abi)
      if (abi.platform === "linux") expect([receive.messages.length, send.messages.length, refused]).toEqual([1, 1, []])
      else expect(refused.map(({ why }) => why).join()).toMatch(/delivers no options$/)
    }
  })
})
