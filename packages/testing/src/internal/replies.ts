/**
 * Replies to peers that cannot be answered directly, and the sent bytes for a packet source. The test forges peers in
 * the slots of received datagrams.
 */
import { Abi, type AddressOf, Codec, ControlBuffer, Ipv4Address, SocketAddress } from "@ancillary/control"
import { Datagram, Interfaces, withBroadcast, withPktInfo } from "@ancillary/effect3"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { type Bench, bytes, failureOf } from "./bench.ts"

const local = { address: "127.0.0.1", port: 0 }
const spec = Datagram.ipv4.pipe(withPktInfo())

export const replies = ({ driver, over }: Bench): void => {
  describe("replies", () => {
    /** The result of a reply to a datagram with a forged source address, and the bytes that would be sent. */
    const replied = (from: AddressOf["ipv4"], mayBroadcast: boolean) => {
      const sent: Array<{ readonly address: Uint8Array; readonly control: Uint8Array }> = []
      let forging = true
      const hooks = {
        onReceived: ({ address }: { readonly address: Uint8Array }) => {
          if (forging) new DataView(address.buffer, address.byteOffset).setUint32(4, from.value)
        },
        onSend: ({ address, control }: { readonly control: Uint8Array; readonly address: Uint8Array }) => {
          if (sent.push({ address, control }) > 1) return { syscall: "test", code: "EIO", errno: 5 }
          return undefined
        }
      }
      return Effect.gen(function* () {
        const socket = yield* mayBroadcast
          ? Datagram.bind(spec.pipe(withBroadcast()), local)
          : Datagram.bind(spec, local)
        const client = yield* Datagram.bind(Datagram.ipv4, local)
        yield* client.send({ data: bytes("who?"), to: socket.localAddress })
        const asked = yield* socket.receive
        forging = false
        const reply = yield* Effect.either(Datagram.reply(socket, asked, bytes("me")))
        const unsafe = Datagram.tryReply(socket, asked, bytes("me"))
        const outcomes = [reply, unsafe].map((each) => {
          const error = failureOf(each)
          return error === undefined ? "sent" : `${error.reason}: ${error.message.replaceAll(/:\d+/g, "")}`
        })
        return { outcomes, sent: sent.slice(1), port: client.localAddress.port }
      }).pipe(Effect.scoped, Effect.provide(over(hooks)))
    }

    it.effect("a group, every host, and no address without withBroadcast() are refused", () =>
      Effect.gen(function* () {
        const refused = (from: string) => `InvalidArgument: to: ${from} is the address of`
        for (const mayBroadcast of [false, true])
          for (const [from, why] of [
            [Ipv4Address.of(224, 0, 0, 9), `${refused("224.0.0.9")} a group and not of a peer`],
            [Ipv4Address.broadcast, `${refused("255.255.255.255")} every host and not of a peer`]
          ] as const) {
            const { outcomes, sent } = yield* replied(from, mayBroadcast)
            for (const outcome of outcomes) expect(outcome).toBe(`${why}: drop the datagram. Nothing was sent.`)
            expect(sent).toEqual([])
          }
        const { outcomes, sent } = yield* replied(Ipv4Address.unspecified, false)
        for (const outcome of outcomes)
          expect(outcome).toBe(
            "InvalidArgument: to: the peer has no address (0.0.0.0): declare withBroadcast(), and the reply is broadcast on the interface asked. Nothing was sent."
          )
        expect(sent).toEqual([])
      })
    )

    it.effect("a peer without an address is answered by a broadcast on its interface", () =>
      Effect.gen(function* () {
        const { abi } = yield* driver
        const { port, sent } = yield* replied(Ipv4Address.unspecified, true)
        expect(sent).toHaveLength(2)
        for (const { address } of sent) {
          const to = SocketAddress.read(abi, new DataView(address.buffer, address.byteOffset), 0, address.length)
          expect(Codec.isMalformed(to) ? to.malformed : to.toString()).toBe(`255.255.255.255:${port}`)
        }
      })
    )

    it.effect("IPv4: a send over an interface has the bound address or that of the interface", () => {
      const seen: Array<Uint8Array> = []
      const layer = over({ onSend: ({ control }) => void seen.push(control) })
      return Effect.gen(function* () {
        const { abi } = yield* driver
        const { list } = yield* Interfaces
        const loopback = (yield* list).find((one) => one.loopback)
        const socket = yield* Datagram.bind(spec, local)
        const interfaceIndex = loopback?.index ?? 0
        yield* socket.send({ data: bytes("x"), to: socket.localAddress, control: { pktInfo: { interfaceIndex } } })
        const payload = new DataView(new ArrayBuffer(12))
        const isWinsock = abi === Abi.winsockX64
        if (!isWinsock) {
          payload.setUint32(0, interfaceIndex, true)
          payload.setUint32(4, Ipv4Address.loopback.value)
        } else {
          payload.setUint32(0, Ipv4Address.loopback.value)
          payload.setUint32(4, interfaceIndex, true)
        }
        const expected = ControlBuffer.fromMessages(abi, [
          {
            level: 0,
            type: isWinsock ? 19 : 8,
            payload: new Uint8Array(payload.buffer, 0, isWinsock ? 8 : 12)
          }
        ])
        expect(seen).toEqual([expected])
      }).pipe(Effect.scoped, Effect.provide(Interfaces.layer.pipe(Layer.provideMerge(layer))))
    })
  })
}
