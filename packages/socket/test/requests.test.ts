/** Requests of a client: retransmission, correlation, ignored answers, and every end. */
import type { InternetEndpoint } from "@ancillary/control"
import {
  Datagram,
  DatagramClient,
  DatagramRequestError,
  DatagramSockets,
  type Spec,
  withBroadcast,
  withPktInfo
} from "@ancillary/socket"
import { Network } from "@ancillary/testing"
import { describe, expect, it } from "vitest"
import { closing, first, here, open, rejection, sockets, until } from "./kit.ts"

type Handler = Parameters<typeof sockets.serve<"ipv4", never, never>>[2]
type Options = DatagramClient.ClientOptions<"ipv4", never>

const echo: Handler = ({ data, from }, socket) => socket.send({ data, to: from })

/** Every request has one end, and every datagram one use. */
const balance = (client: DatagramClient.DatagramClient<"ipv4", never>): DatagramClient.ClientStats => {
  const stats = client.stats()
  const { answered, cancelled, duplicate, failed, foreign, late, received, started, unanswered, unknown, waiting } =
    stats
  expect(started).toBe(answered + unanswered + cancelled + failed + waiting)
  expect(received).toBe(answered + late + duplicate + foreign + unknown)
  return stats
}

/** A server with a handler, and a client whose keys are the first byte. */
const lab = async (handler: Handler, options?: Partial<Options>) => {
  const server = closing(await sockets.serve(Datagram.ipv4, here, handler))
  const client = closing(await sockets.makeClient(Datagram.ipv4, { key: ({ data }) => data[0], ...options }))
  const to = server.localAddress
  const ask = (key: number, times?: Parameters<typeof client.request>[1]) =>
    client.request({ key, data: Uint8Array.of(key, 0), to }, times)
  return { server, client, to, ask }
}

describe("a request", () => {
  it("gets its own answer, in whatever order the answers come", async () => {
    const asked: Array<() => Promise<void>> = []
    const { ask, client } = await lab(({ data, from }, socket) => {
      asked.push(() => socket.send({ data, to: from }))
      if (asked.length === 3) for (const answer of asked.toReversed()) void answer()
    })
    const answers = await Promise.all([1, 20, 40].map((key) => ask(key)))
    expect(answers.map(first)).toEqual([1, 20, 40])
    expect(balance(client)).toMatchObject({ started: 3n, answered: 3n, waiting: 0n })
  })

  it("is sent again as it was, although its program has changed the payload", async () => {
    const seen: Array<ReadonlyArray<number>> = []
    const { client, to } = await lab((asked, socket, signal) => {
      seen.push([...asked.data])
      return seen.length === 1 ? undefined : echo(asked, socket, signal)
    })
    const data = Buffer.of(1, 2)
    const asked = client.request({ key: 1, data, to }, { retransmit: [5, 50, 500] })
    data.fill(9)
    expect([...(await asked).data]).toEqual([1, 2])
    expect(seen.slice(0, 2)).toEqual([
      [1, 2],
      [1, 2]
    ])
  })

  it("is sent again until it is answered, with 30 % of datagrams lost", async () => {
    const network = Network.make({ seed: 3 })
    const host = network.host("server", { addresses: ["10.0.0.1/24"] })
    const other = network.host("client", { addresses: ["10.0.0.2/24"] })
    network.link(host, other, { loss: 0.3 })
    const to = { address: "10.0.0.1", port: 7 }
    const on = DatagramSockets.make(() => host.driver)
    const there = DatagramSockets.make(() => other.driver)
    closing(await on.serve(Datagram.ipv4, to, echo))
    const client = closing(
      await there.makeClient(Datagram.ipv4, { key: ({ data }) => data[0], retransmit: () => 1, timeout: 1 })
    )
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, key) => client.request({ key, data: Uint8Array.of(key), to }))
    )
    expect(answers.map(first)).toEqual([...Array(30).keys()])
    const { retransmitted } = balance(client)
    expect(retransmitted > 5n).toBe(true)
  })

  const answered: ReadonlyArray<{
    readonly spec: Spec<"ipv4" | "ipv6" | "dual", never>
    readonly address: string
    readonly asked: string
  }> = [
    { spec: Datagram.ipv4, address: "127.0.0.1", asked: "0.0.0.0" },
    { spec: Datagram.ipv6, address: "::1", asked: "::1%1" },
    { spec: Datagram.ipv6, address: "::1", asked: "::" },
    { spec: Datagram.dual, address: "127.0.0.1", asked: "::ffff:127.0.0.1" },
    { spec: Datagram.dual, address: "127.0.0.1", asked: "0.0.0.0" },
    { spec: Datagram.dual, address: "::1", asked: "::1%1" }
  ]
  it.each(answered)(
    "of a client of $spec.family to $asked is answered by $address",
    async ({ address, asked, spec }) => {
      const server = closing(
        await sockets.serve(spec, { address, port: 0 }, ({ data, from }, socket) => socket.send({ data, to: from }))
      )
      const options = { key: ({ data }: { readonly data: Uint8Array }) => data[0], retransmit: [], timeout: Infinity }
      const client = closing(await sockets.makeClient(spec, options))
      const { port } = server.localAddress as InternetEndpoint<"ipv4">
      const to = { address: asked, port }
      expect(first(await client.request({ key: 5, data: Uint8Array.of(5), to }))).toBe(5)
      expect(client.stats()).toMatchObject({ answered: 1n, foreign: 0n })
    }
  )

  it.each(["224.0.0.251", "255.255.255.255", "10.0.0.255"])("to %s is answered by any host", async (address) => {
    const network = Network.make({ seed: 3 })
    const host = network.host("server", { addresses: ["10.0.0.1/24"] })
    const other = network.host("client", { addresses: ["10.0.0.2/24"] })
    network.link(host, other, {})
    const on = DatagramSockets.make(() => host.driver)
    const there = DatagramSockets.make(() => other.driver)
    const server = closing(await on.serve(Datagram.ipv4, { address: "0.0.0.0", port: 5353 }, echo))
    server.socket.join("224.0.0.251", { interfaceIndex: 2 })
    const spec = Datagram.ipv4.pipe(withBroadcast(), withPktInfo())
    const client = closing(await there.makeClient(spec, { key: ({ data }) => data[0], timeout: Infinity }))
    const to = { address, port: 5353 }
    const control = { pktInfo: { interfaceIndex: 2 } }
    const answer = await client.request({ key: 5, data: Uint8Array.of(5), to, control })
    expect(String(answer.from)).toBe("10.0.0.1:5353")
  })

  it("rejects with NoAnswer after its schedule, and late answers are ignored", async () => {
    const asked: Array<() => Promise<void>> = []
    const { ask, client, to } = await lab(
      ({ data, from }, socket) => void asked.push(() => socket.send({ data, to: from })),
      { retransmit: [1, 1, 2], timeout: 3 }
    )
    const error = await rejection(ask(1))
    expect(error).toBeInstanceOf(DatagramRequestError)
    expect(error).toMatchObject({ reason: "NoAnswer", code: "ETIMEDOUT", errno: -110, to })
    expect((error as Error).message).toBe(`${String(to)} did not answer. Ask again later, or give a longer schedule.`)
    await until(() => asked.length === 4)
    for (const answer of asked) await answer()
    await until(() => client.stats().late === 4n)
    expect(balance(client)).toMatchObject({ unanswered: 1n, retransmitted: 3n })
  })

  it("has the times of a function, which gets the number of transmissions", async () => {
    const seen: Array<number> = []
    const retransmit = (transmissions: number) => {
      seen.push(transmissions)
      return transmissions < 3 ? 1 : undefined
    }
    const { ask, client } = await lab(() => undefined)
    expect(await rejection(ask(1, { retransmit, timeout: 0 }))).toMatchObject({ reason: "NoAnswer" })
    expect(seen).toEqual([1, 2, 3])
    expect(balance(client)).toMatchObject({ retransmitted: 2n })
  })

  it("fails if that function throws or returns no number, and the client goes on", async () => {
    const { ask, client } = await lab(echo)
    const wrong: ReadonlyArray<() => unknown> = [
      () => {
        throw new Error("boom")
      },
      () => -1,
      () => "1",
      () => Number.NaN
    ]
    for (const retransmit of wrong) {
      const error = await rejection(ask(1, { retransmit: retransmit as () => number }))
      expect(error).toMatchObject({ name: "DatagramSendError", reason: "InvalidArgument", field: "retransmit" })
    }
    expect(first(await ask(2))).toBe(2)
    expect(client.stats()).toMatchObject({ failed: 4n })
  })

  it("ends with its signal, and its key can be used again", async () => {
    let isSilent = true
    const { ask, client } = await lab((asked, socket, signal) => (isSilent ? undefined : echo(asked, socket, signal)))
    const controller = new AbortController()
    const { signal } = controller
    const asked = rejection(ask(1, { signal }))
    expect((await rejection(ask(1))) as Error).toMatchObject({
      reason: "InvalidArgument",
      message: "key: a request with the key 1 waits already. Choose another one. Nothing was sent."
    })
    controller.abort()
    expect(await asked).toBe(signal.reason)
    expect(await rejection(ask(3, { signal }))).toBe(signal.reason)
    isSilent = false
    expect(first(await ask(1))).toBe(1)
    expect(balance(client)).toMatchObject({ started: 2n, cancelled: 1n, answered: 1n })
  })

  it("ignores and counts duplicates, unknown keys, and answers of another address", async () => {
    const { ask, client, to } = await lab(async ({ data, from }, socket) => {
      // An attacker who guessed the key and the port, but cannot have the address of the server.
      await forger.send({ data: Uint8Array.of(5, 66), to: from })
      await until(() => client.stats().foreign === 1n)
      await socket.send({ data: Uint8Array.of(200), to: from })
      for (let i = 0; i < 2; i++) await socket.send({ data, to: from })
    })
    const forger = await open()
    const answer = await ask(5)
    expect([[...answer.data], String(answer.from)]).toEqual([[5, 0], String(to)])
    await until(() => client.stats().duplicate === 1n)
    expect(balance(client)).toMatchObject({ answered: 1n, duplicate: 1n, unknown: 1n, foreign: 1n })
  })

  it("that cannot be sent rejects, and counts as failed", async () => {
    const { client, to } = await lab(echo)
    const error = await rejection(client.request({ key: 1, data: new Uint8Array(70_000), to }))
    expect(error).toMatchObject({ name: "DatagramSendError", reason: "MessageTooLarge" })
    expect(balance(client)).toMatchObject({ started: 1n, failed: 1n })
  })

  it("rejects with Closed when the client is closed, and later ones, too", async () => {
    const { ask, client } = await lab(() => undefined)
    const waiting = rejection(ask(1))
    client.close()
    for (const error of [await waiting, await rejection(ask(2))])
      expect(error).toMatchObject({ name: "DatagramReceiveError", reason: "Closed" })
    expect(balance(client)).toMatchObject({ started: 1n, failed: 1n, waiting: 0n })
  })

  it("with a wrong key, destination or time is refused before it is sent", async () => {
    const { client, to } = await lab(echo)
    const good = { key: 1, data: Uint8Array.of(1), to }
    const trap = new Proxy(good, {
      get: () => {
        throw new Error("trap")
      }
    })
    const wrong: ReadonlyArray<readonly [string, unknown, unknown?]> = [
      ["key", { ...good, key: undefined }],
      ["key", { ...good, key: {} }],
      ["to", { ...good, to: { address: "10.0.0.1", port: -1 } }],
      ["to", { key: 1, data: good.data }],
      ["request", trap],
      ["request", undefined],
      ["retransmit", good, { retransmit: 3 }],
      ["retransmit", good, { retransmit: [1, -1] }],
      ["timeout", good, { timeout: -1 }]
    ]
    for (const [field, request, options] of wrong) {
      const error = (await rejection(client.request(request as typeof good, options as undefined))) as Error
      expect([field, error]).toEqual([field, expect.objectContaining({ reason: "InvalidArgument", field })])
      expect(error.message).toMatch(new RegExp(`^${field}: .*\\. Nothing was sent\\.$`))
    }
    const signal = "now" as unknown as AbortSignal
    expect(String(await rejection(client.request(good, { signal })))).toContain("is not an AbortSignal")
    expect(balance(client)).toMatchObject({ started: 0n })
  })

  it("survives a key function that throws", async () => {
    const { ask, client } = await lab(echo, {
      key: () => {
        throw new Error("boom")
      },
      retransmit: [],
      timeout: 20
    })
    expect(await rejection(ask(1))).toMatchObject({ reason: "NoAnswer" })
    await until(() => client.stats().unknown === 1n)
    balance(client)
  })
})

it("a client needs a function for its keys, and valid times", async () => {
  const key = () => 1
  const wrong: ReadonlyArray<readonly [string, unknown]> = [
    ["key", undefined],
    ["key", {}],
    ["key", { key: 1 }],
    ["key", null],
    ["retransmit", { key, retransmit: "often" }],
    ["timeout", { key, timeout: Number.NaN }]
  ]
  for (const [option, options] of wrong) {
    const error = await rejection(sockets.makeClient(Datagram.ipv4, options as Options))
    expect(error).toMatchObject({ name: "DatagramBindError", reason: "InvalidArgument", option })
  }
})

it("await using closes a client", async () => {
  let inner: { readonly closed: boolean }
  {
    await using client = await sockets.makeClient(Datagram.ipv4, { key: () => 1 })
    inner = client.socket
  }
  expect(inner.closed).toBe(true)
})
