/** Metrics as plain values: their sums are those of the accounts. */
import { requestMetrics, socketMetrics } from "@ancillary/engine/metrics"
import { Datagram, DatagramMetrics, withPktInfo } from "@ancillary/socket"
import { expect, it } from "vitest"
import { closing, here, open, rejection, sockets, until } from "./kit.ts"

const spec = Datagram.ipv4.pipe(withPktInfo())

/** The values of a snapshot by name and attributes. A distribution has its count. */
const flat = (metrics: DatagramMetrics.DatagramMetrics): ReadonlyMap<string, number> =>
  new Map(
    metrics
      .snapshot()
      .map((each) => [keyOf(each.name, each.attributes), each.kind === "histogram" ? each.count : each.value])
  )
const keyOf = (name: string, attributes: object): string =>
  `${name} ${JSON.stringify(Object.entries(attributes).toSorted(([one], [other]) => (one < other ? -1 : 1)))}`
const sumOf = (values: ReadonlyMap<string, number>, name: string): number =>
  [...values].reduce((sum, [key, value]) => (key.startsWith(`${name} `) ? sum + value : sum), 0)

it("the metrics of a server equal its accounts, add up, and stay when it is closed", async () => {
  const metrics = DatagramMetrics.make()
  const ends: Array<() => void> = []
  const server = closing(
    await sockets.serve(
      spec,
      here,
      ({ data }) => {
        if (data[0] === 0) throw new Error("a failure")
        return data[0] === 1 ? new Promise<void>((resolve) => ends.push(resolve)) : undefined
      },
      { concurrency: 2, overflow: "drop", onError: () => undefined }
    )
  )
  metrics.add(server)
  // The second has no effect.
  metrics.add(server.socket, { server: "again" })
  const client = await open()
  for (const byte of [0, 1, 2, 1, 1, 1]) await client.send({ data: Uint8Array.of(byte), to: server.localAddress })
  await until(() => server.stats().delivered === 6n)
  const seen = flat(metrics)
  const stats = server.stats()
  for (const { attributes, from, name } of socketMetrics) {
    const account = from.split(".").reduce<unknown>((at, key) => Reflect.get(at as object, key), stats)
    if (typeof account === "bigint")
      expect([name, attributes, seen.get(keyOf(name, attributes))]).toEqual([name, attributes, Number(account)])
  }
  expect(seen.get(keyOf("datagram_handlers_running", {}))).toBe(2)
  const closed = server.close()
  // The socket is closed, and its handlers have not ended.
  server.socket.close()
  expect(flat(metrics).get(keyOf("datagram_handlers_running", {}))).toBe(2)
  for (const end of ends) end()
  await closed
  for (let times = 0; times < 2; times++) {
    const last = flat(metrics)
    expect(sumOf(last, "datagram_received_ends")).toBe(6)
    expect(sumOf(last, "datagram_served")).toBe(6)
    expect(last.get(keyOf("datagram_served", { decision: "overflow" }))).toBe(2)
    expect(sumOf(last, "datagram_handlers")).toBe(4)
    expect(last.get(keyOf("datagram_handler_seconds", {}))).toBe(4)
    expect(sumOf(last, "datagram_batch_size")).toBeGreaterThan(0)
    expect([last.get(keyOf("datagram_sockets", {})), last.get(keyOf("datagram_handlers_running", {}))]).toEqual([0, 0])
  }
})

it("sockets with one set of attributes have one sum, and others their own", async () => {
  const metrics = DatagramMetrics.make()
  const both = ["127.0.0.1", "127.0.0.2"].map((address) => ({ address, port: 0 }))
  const servers = closing(await sockets.serveAll(spec, both, () => undefined))
  metrics.add(servers, { server: "two" })
  metrics.add(await open(), { server: "one" })
  const client = await open()
  for (const { localAddress } of servers.sockets) await client.send({ data: Uint8Array.of(1), to: localAddress })
  await until(() => servers.sockets.every((socket) => socket.stats().delivered === 1n))
  const seen = flat(metrics)
  expect(seen.get(keyOf("datagram_sockets", { server: "two" }))).toBe(2)
  expect(seen.get(keyOf("datagram_received", { server: "two" }))).toBe(2)
  expect(seen.get(keyOf("datagram_received", { server: "one" }))).toBe(0)
  const distribution = metrics.snapshot().find(({ kind }) => kind === "histogram")
  expect(distribution).toMatchObject({
    name: "datagram_batch_size",
    unit: "datagrams",
    attributes: { server: "two" },
    count: 2,
    sum: 2,
    buckets: [1, 2, 4, 8, 16, 32, 64].map((limit) => [limit, 2])
  })
})

it("the metrics of a client equal its accounts", async () => {
  const metrics = DatagramMetrics.make()
  const client = closing(
    await sockets.makeClient(Datagram.ipv4, { key: ({ data }) => data[0], retransmit: [1], timeout: 1 })
  )
  metrics.add(client)
  const server = closing(
    await sockets.serve(Datagram.ipv4, here, ({ data, from }, socket) => socket.send({ data, to: from }))
  )
  await client.request({ key: 1, data: Uint8Array.of(1), to: server.localAddress }, { timeout: 60_000 })
  const silent = await open()
  await rejection(client.request({ key: 2, data: Uint8Array.of(2), to: silent.localAddress }))
  const stats = client.stats()
  for (let times = 0; times < 2; times++) {
    const seen = flat(metrics)
    for (const { attributes, from, name } of requestMetrics)
      expect([name, attributes, seen.get(keyOf(name, attributes))]).toEqual([
        name,
        attributes,
        Number(stats[from as keyof typeof stats])
      ])
    expect(seen.get(keyOf("datagram_requests", { end: "unanswered" }))).toBe(1)
    client.close()
  }
})

it("many closed sockets are not kept, and their counters are", async () => {
  const metrics = DatagramMetrics.make()
  const receiver = await open()
  for (let i = 0; i < 200; i++) {
    const socket = await sockets.client(Datagram.ipv4)
    metrics.add(socket)
    await socket.send({ data: Uint8Array.of(1), to: receiver.localAddress })
    socket.close()
  }
  expect(flat(metrics).get(keyOf("datagram_sent", {}))).toBe(200)
})

it("another value, wrong attributes and a socket of another collection are refused", async () => {
  const metrics = DatagramMetrics.make()
  const socket = await open()
  const trap = new Proxy(
    {},
    {
      get: () => {
        throw new Error("trap")
      },
      ownKeys: () => {
        throw new Error("trap")
      }
    }
  )
  for (const source of [undefined, 7, {}, { sockets: [] }, { sockets: 1 }, { socket: {} }, trap])
    expect(() => metrics.add(source as typeof socket)).toThrow(/^source: .* Give one of them\.$/)
  for (const attributes of [null, 7, { server: 1 }, trap])
    expect(() => metrics.add(socket, attributes as { server: string })).toThrow(/^attributes: .* leave it out\.$/)
  metrics.add(socket)
  expect(() => DatagramMetrics.make().add(socket)).toThrow("another collection counts it already")
})
