/** Features that `node:dgram` lacks. */
import { once } from "node:events"
import { createServer } from "node:net"
import { networkInterfaces } from "node:os"
import { createSocket, type RemoteInfo } from "@ancillary/dgram"
import { describe, expect, it } from "vitest"
import { requirement } from "../../testing/machine.ts"
import { bound, called, closeAfterEach, message, messages, open, ourKit, texts, thrown } from "./kit.ts"

const linux = requirement("additions of dgram", process.platform === "linux", "The sockets of Linux are asked.")

closeAfterEach()

describe.runIf(linux)("a received datagram", () => {
  it.each([
    ["udp4", "127.0.0.1"],
    ["udp6", "::1"]
  ] as const)("%s has the local address, the interface, the class and a timestamp", async (type, address) => {
    const receiver = await bound(ourKit, type)
    const arriving = message(receiver)
    const before = BigInt(Date.now()) * 1_000_000n
    const control = { hopLimit: 9, dscp: 46, ecn: "ect0" } as const
    open(ourKit, type).send("hello", { port: receiver.address().port, address, control })
    const { info } = await arriving
    expect(info).toMatchObject({
      localAddress: address,
      interfaceIndex: 1,
      interfaceName: "lo",
      hopLimit: 9,
      trafficClass: (46 << 2) | 2,
      dscp: 46,
      ecn: "ect0",
      delivery: "unicast"
    })
    // The kernel's clock and this one are the same, with another resolution.
    expect(info.timestamp).toBeGreaterThan(before - 1_000_000_000n)
    // Programs that print, copy or compare it see the fields of node:dgram.
    expect(Object.keys(info)).toEqual(["address", "family", "port", "size"])
  })

  it("is answered from the address to which it was sent", async () => {
    const server = open(ourKit, "udp4", (data: Buffer, info: RemoteInfo) => server.send(data, { to: info }))
    await called<[]>((done) => server.bind(0, done))
    const client = await bound(ourKit)
    for (const address of ["127.0.0.2", "127.7.7.7"]) {
      const arriving = message(client)
      client.send("hello", server.address().port, address)
      expect((await arriving).info).toMatchObject({ address, port: server.address().port })
    }
  })

  it("of a group is answered from an address of this host", async () => {
    const group = "239.77.7.8"
    const server = open(ourKit, "udp4", (data: Buffer, info: RemoteInfo) => server.send(data, { to: info }))
    await called<[]>((done) => server.bind(0, done))
    server.addMembership(group, "127.0.0.1")
    const client = await bound(ourKit)
    client.setMulticastInterface("127.0.0.1")
    const arriving = message(client)
    client.send("hello", server.address().port, group)
    expect((await arriving).info).toMatchObject({ address: "127.0.0.1", delivery: "unicast" })
  })
})

describe.runIf(linux)("a sent datagram", () => {
  it("leaves with the source address of its control messages", async () => {
    const receiver = await bound(ourKit)
    const arriving = message(receiver)
    const sender = open(ourKit)
    await called<[]>((done) => sender.bind(0, done))
    const control = { pktInfo: { source: "127.9.9.9" } }
    sender.send("hello", { port: receiver.address().port, address: "127.0.0.1", control })
    expect((await arriving).info.address).toBe("127.9.9.9")
  })

  it("of a segment size arrives as several, and the callback gets the size of all", async () => {
    const receiver = await bound(ourKit)
    const arriving = messages(receiver, 3)
    const sender = open(ourKit)
    const [error, size] = await called<[Error | null, number?]>((done) =>
      sender.send("aaaabbbbcc", { port: receiver.address().port, address: "127.0.0.1", segmentSize: 4 }, done)
    )
    expect([error, size]).toEqual([null, 10])
    expect(texts(await arriving)).toEqual(["aaaa", "bbbb", "cc"])
  })

  it.each([
    [{ hopLimit: 0 }, "control.hopLimit"],
    [{ hopLimit: 256 }, "control.hopLimit"],
    [{ dscp: 64 }, "control.dscp"],
    [{ pktInfo: { source: "nowhere" } }, "control.pktInfo"]
  ])("with %o is refused, and nothing is sent", async (control, field) => {
    const receiver = await bound(ourKit)
    const sender = open(ourKit)
    const [error] = await called<[Error | null]>((done) =>
      sender.send("no", { port: receiver.address().port, address: "127.0.0.1", control }, done)
    )
    expect(error).toMatchObject({ code: "ERR_INVALID_ARG_VALUE" })
    expect(String(error?.message)).toContain(field)
    // Without a callback, the error is an event: the mistake is the program's.
    sender.send("no", { port: receiver.address().port, address: "127.0.0.1", control })
    expect(String(await once(sender, "error"))).toContain(field)
    expect(sender.stats().sent).toBe(0)
  })
})

it.runIf(linux)("datagrams of one turn are counted, sent and received in order", async () => {
  const receiver = await bound(ourKit)
  const arriving = messages(receiver, 100)
  const sender = open(ourKit)
  await called<[]>((done) => sender.connect(receiver.address().port, "127.0.0.1", done))
  for (let i = 0; i < 100; i++) sender.send(String(i))
  expect(texts(await arriving)).toEqual(Array.from({ length: 100 }, (_, i) => String(i)))
  expect(sender.stats()).toMatchObject({ sent: 100, queued: 0 })
  expect(receiver.stats()).toMatchObject({ received: 100, faults: 0 })
})

it.runIf(linux)("bind takes a bound socket by its descriptor, and refuses one of another kind", async () => {
  const first = await bound(ourKit)
  const server = createServer()
  await called<[]>((done) => server.listen(0, "127.0.0.1", done))
  const { _handle: handle } = server as unknown as { readonly _handle: { readonly fd: number } }
  const error = thrown(() => createSocket("udp4").bind({ fd: handle.fd }))
  expect(error).toMatchObject({ code: "ERR_INVALID_FD_TYPE" })
  server.close()
  expect(first.address().address).toBe("127.0.0.1")
})

it.runIf(linux)("there is a loopback interface, which the tests above need", () => {
  expect(Object.keys(networkInterfaces())).toContain("lo")
})
