/** One server on several addresses: `serveAll`. */
import { Datagram, withPktInfo } from "@ancillary/socket"
import { expect, it } from "vitest"
import { closing, first, open, rejection, sockets, turn, until } from "../kit.ts"

const spec = Datagram.ipv4.pipe(withPktInfo())
const both = ["127.0.0.1", "127.0.0.2"].map((address) => ({ address, port: 0 }))
const serveAll: typeof sockets.serveAll = async (spec, addresses, handler, options) =>
  closing(await sockets.serveAll(spec, addresses, handler, options))
type At = Parameters<Awaited<ReturnType<typeof open>>["send"]>[0]["to"]

/** A client, and a function that sends one datagram for each number. */
const clientOf = async () => {
  const client = await open()
  const ask = async (to: At, ...numbers: ReadonlyArray<number>): Promise<void> => {
    for (const n of numbers) await client.send({ data: Uint8Array.of(n), to })
  }
  return { client, ask }
}

/** A promise, and the function that resolves it. */
const gate = () => {
  let open: () => void = () => {}
  const passed = new Promise<void>((resolve) => (open = resolve))
  return { passed, open }
}

it("one handler answers on each address, with the socket that was asked", async () => {
  const server = await serveAll(spec, both, (asked, socket) => Datagram.reply(socket, asked, asked.data))
  expect(server.sockets.map(({ localAddress }) => String(localAddress.address))).toEqual(["127.0.0.1", "127.0.0.2"])
  const { ask, client } = await clientOf()
  for (const { localAddress } of server.sockets) {
    await ask(localAddress, 1)
    expect(String((await client.receive()).from)).toBe(String(localAddress))
  }
  await until(() => server.sockets.every((socket) => socket.stats().handlers.succeeded === 1n))
})

it("the addresses share the concurrency, and take turns", async () => {
  const ends: Array<() => void> = []
  const seen: Array<string> = []
  const server = await serveAll(
    spec,
    both,
    (_, { localAddress }) => {
      seen.push(String(localAddress.address))
      return new Promise<void>((resolve) => ends.push(resolve))
    },
    { concurrency: 1 }
  )
  const { ask } = await clientOf()
  for (const { localAddress } of server.sockets) await ask(localAddress, 1, 2, 3)
  while (seen.length < 6) {
    await until(() => ends.length > 0)
    for (let i = 0; i < 5; i++) await turn()
    expect(ends).toHaveLength(1)
    ends.shift()?.()
    await turn()
  }
  ends.shift()?.()
  // Neither address waits until the other has nothing left.
  expect(new Set(seen.slice(0, 3)).size).toBe(2)
})

it("nothing stays bound if one address cannot be bound", async () => {
  const taken = await open()
  const one = { address: "127.0.0.2", port: taken.localAddress.port }
  const addresses = [one, { address: "127.0.0.1", port: one.port }]
  const error = await rejection(sockets.serveAll(spec, addresses, () => undefined))
  expect(error).toMatchObject({ name: "DatagramBindError", reason: "AddressInUse" })
  closing(await sockets.bind(spec, one))
})

it("the others go on if one socket is closed, and the server stops with the last", async () => {
  const server = await serveAll(spec, both, (asked, socket) => Datagram.reply(socket, asked, asked.data))
  const [one, other] = server.sockets
  one?.close()
  const { ask, client } = await clientOf()
  if (other !== undefined) await ask(other.localAddress, 7)
  expect(first(await client.receive())).toBe(7)
  other?.close()
  await server.finished
})

it("close waits for the handlers of all, and closes every socket", async () => {
  const { open: free, passed } = gate()
  const server = await serveAll(spec, both, () => passed)
  const { ask } = await clientOf()
  for (const { localAddress } of server.sockets) await ask(localAddress, 1)
  await until(() => server.sockets.every((socket) => socket.stats().handlers.running === 1n))
  const closed = server.close()
  free()
  expect(await closed).toEqual({ finished: 2, interrupted: 0, abandoned: 0 })
  expect(server.sockets.map((socket) => socket.closed)).toEqual([true, true])
})

it("a signal stops the server, and opens nothing if it is aborted already", async () => {
  const controller = new AbortController()
  const { signal } = controller
  const server = await serveAll(spec, both, () => undefined, { signal })
  controller.abort()
  await server.finished
  expect(server.sockets.every(({ closed }) => closed)).toBe(true)
  expect(await rejection(sockets.serveAll(spec, both, () => undefined, { signal }))).toBe(signal.reason)
})

it("addresses that are missing, or not an array, are refused", async () => {
  const thrower = (): never => {
    throw new Error("trap")
  }
  const wrong = [[], undefined, 7, both[0], new Proxy([], { get: thrower, ownKeys: thrower })]
  for (const addresses of wrong)
    expect(await rejection(sockets.serveAll(spec, addresses as typeof both, () => undefined))).toMatchObject({
      reason: "InvalidArgument",
      message: expect.stringMatching(/^addresses: .* is not an array of addresses\. Give at least one\.$/) as string
    })
})
