/** The limits of a server on the network in memory. */
import { Datagram, DatagramSockets, serveOn, type ServeOptions, withPktInfo } from "@ancillary/socket"
import { Network } from "@ancillary/testing"
import { expect, it } from "vitest"
import { closing, rejection, until } from "../kit.ts"

const spec = Datagram.ipv4.pipe(withPktInfo())
type Peer = Parameters<typeof Datagram.validate<"ipv4">>[1]

const at = { address: "10.0.0.1", port: 7 }

const lab = () => {
  const network = Network.make({ seed: 1 })
  const server = network.host("server", { addresses: ["10.0.0.1/24"] })
  const client = network.host("client", { addresses: ["10.0.0.2/24"] })
  network.link(server, client)
  return { on: DatagramSockets.make(() => server.driver), there: DatagramSockets.make(() => client.driver) }
}

it("a reply of more than 3 bytes per byte is Limited, until the peer is validated", async () => {
  const { on, there } = lab()
  const seen: Array<unknown> = []
  const server = closing(
    await on.serve(
      spec,
      at,
      (asked, socket) => {
        if (asked.data.length === 2) Datagram.validate(socket, asked.from)
        seen.push(Datagram.allowance(socket, asked.from))
        return Datagram.reply(socket, asked, new Uint8Array(500))
      },
      { onError: (error) => seen.push(error) }
    )
  )
  const client = closing(await there.client(spec))
  await client.send({ data: new Uint8Array(10), to: at })
  await until(() => server.stats().handlers.failed === 1n)
  await client.send({ data: new Uint8Array(2), to: at })
  expect((await client.receive()).data).toHaveLength(500)
  expect(seen).toEqual([30, expect.objectContaining({ reason: "Limited" }), Infinity])
  expect(server.stats().limits.amplified).toBe(1n)
})

it.each([
  ["well-known ports", 7, 19],
  ["ports of this process", 27_015, 45_000]
])("two servers on %s that answer each other stop, and it is counted", async (_, one, two) => {
  const { on, there } = lab()
  const echo = async (sockets: typeof on, address: string, port: number) =>
    closing(await sockets.serve(spec, { address, port }, (asked, socket) => Datagram.reply(socket, asked, asked.data)))
  const [first, second] = [await echo(on, "10.0.0.1", one), await echo(there, "10.0.0.2", two)]
  await first.socket.send({ data: Uint8Array.of(1), to: second.localAddress })
  await until(() => first.stats().limits.loops + second.stats().limits.loops === 1n)
})

it("the limits of a server that goes on are not those of a later one that ended", async () => {
  const { on, there } = lab()
  const seen: Array<unknown> = []
  const server = closing(
    await on.serve(spec, at, (asked, socket) => void seen.push(Datagram.allowance(socket, asked.from)))
  )
  const later = serveOn(server.socket, () => undefined, {
    amplification: Infinity,
    responseRate: false,
    loops: "allow"
  })
  await later.close()
  const last = serveOn(server.socket, () => undefined, { amplification: 1 })
  await last.close()
  const client = closing(await there.client(spec))
  await client.send({ data: new Uint8Array(10), to: at })
  await until(() => seen.length === 1)
  expect(seen).toEqual([30])
})

it("a value that is not a peer is not validated, and has no limit", async () => {
  const { on } = lab()
  const server = closing(await on.serve(spec, at, () => undefined))
  const trap = new Proxy(
    {},
    {
      get: () => {
        throw new Error("trap")
      }
    }
  )
  for (const peer of [undefined, null, 1, "10.0.0.2", {}, trap, { address: "10.0.0.2", port: -1 }]) {
    Datagram.validate(server.socket, peer as Peer)
    expect(Datagram.allowance(server.socket, peer as Peer)).toBe(Infinity)
  }
})

it("wrong limits are refused", async () => {
  const { on } = lab()
  const wrong: ReadonlyArray<readonly [string, object]> = [
    ["amplification", { amplification: 0 }],
    ["responseRate", { responseRate: 5 }],
    ["responseRate.slip", { responseRate: { slip: -1 } }],
    ["loops", { loops: "stop" }]
  ]
  for (const [option, options] of wrong)
    expect(await rejection(on.serve(spec, at, () => undefined, options as ServeOptions))).toMatchObject({
      reason: "InvalidArgument",
      option
    })
})
