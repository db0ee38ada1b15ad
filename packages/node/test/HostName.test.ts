import dns from "node:dns"
import { type Endpoint, Ipv4Address } from "@ancillary/control"
import { HostName, NodeSockets } from "@ancillary/effect3/node"
import { Datagram } from "@ancillary/effect3"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { afterEach, expectTypeOf, vi } from "vitest"
import { hasIpv6 } from "../../testing/machine.ts"

afterEach(() => void vi.restoreAllMocks())

const texts = (found: ReadonlyArray<Endpoint<"dual">>) => found.map(String)

it.scopedLive("a datagram reaches a host by its name, as this system resolves it", () =>
  Effect.gen(function* () {
    const server = yield* Datagram.bind(Datagram.ipv4, { address: "127.0.0.1", port: 0 })
    const [found] = yield* HostName.resolve("ipv4", { host: "localhost", port: server.localAddress.port })
    expectTypeOf(found).toEqualTypeOf<Endpoint<"ipv4">>()
    const client = yield* Datagram.connect(Datagram.ipv4, found)
    yield* client.send({ data: Uint8Array.of(1) })
    expect(String((yield* server.receive).from)).toBe(String(client.localAddress))
  }).pipe(Effect.provide(NodeSockets.layer))
)

describe("an address", () => {
  it.effect("is returned without a lookup", () => {
    const lookup = vi.spyOn(dns, "lookup")
    return Effect.gen(function* () {
      expect(texts(yield* HostName.resolve("ipv4", { host: "192.0.2.1", port: 53 }))).toEqual(["192.0.2.1:53"])
      expect(texts(yield* HostName.resolve("ipv6", { host: "fe80::1%4", port: 0 }))).toEqual(["[fe80::1%4]:0"])
      const [mapped] = yield* HostName.resolve("dual", { host: "::ffff:192.0.2.1", port: 53 })
      expect(mapped.address).toEqual(Ipv4Address.of(192, 0, 2, 1))
      expect(lookup).not.toHaveBeenCalled()
    })
  })

  it.effect.each([
    ["ipv4", "127.1", "'127.1' does not have the four parts of an IPv4 address"],
    ["ipv4", "010.0.0.1", "'010' has a leading zero: octal to some, decimal to others"],
    ["ipv4", "0x7f000001", "'0x7f000001' does not have the four parts of an IPv4 address"],
    ["ipv4", "::1", "::1 is an IPv6 address, this socket speaks IPv4 only"],
    ["ipv6", "192.0.2.1", "192.0.2.1 is an IPv4 address, this socket speaks IPv6 only"]
  ] as const)("%s %s is refused without a lookup", ([family, host, why]) => {
    const lookup = vi.spyOn(dns, "lookup")
    return Effect.map(Effect.flip(HostName.resolve(family, { host, port: 53 })), (error) => {
      expect(error).toMatchObject({ _tag: "HostNameError", reason: "InvalidArgument", code: "INVALID", host })
      expect(error.message).toBe(
        `'${host}' cannot be looked up: ${why}. Give a host's name or an IP address, and a port.`
      )
      expect(lookup).not.toHaveBeenCalled()
    })
  })

  it.effect.each(["cafe", "beef.example", "1.example", "localhost."])("%s is a name, not an address", (host) => {
    const lookup = vi.spyOn(dns, "lookup").mockImplementation(answering([["192.0.2.7", 4]]))
    return Effect.map(HostName.resolve("ipv4", { host, port: 1 }), (found) => {
      expect(lookup).toHaveBeenCalledOnce()
      expect(texts(found)).toEqual(["192.0.2.7:1"])
    })
  })
})

/** A resolver with this answer. The signature is that of the call with `all`. */
const answering = (addresses: ReadonlyArray<readonly [string, number]>) =>
  ((_host: string, _options: dns.LookupAllOptions, answer: (error: null, found: Array<dns.LookupAddress>) => void) =>
    answer(
      null,
      addresses.map(([address, family]) => ({ address, family }))
    )) as unknown as typeof dns.lookup

const failing = (code: string, errno: number) =>
  ((_host: string, _options: dns.LookupAllOptions, answer: (error: Error) => void) =>
    answer(Object.assign(new Error(code), { code, errno }))) as unknown as typeof dns.lookup

describe("a name", () => {
  it.effect("is resolved to one family, or to both in the order of the system", () => {
    const both = [
      ["2001:db8::1", 6],
      ["192.0.2.1", 4],
      ["2001:db8::2", 6]
    ] as const
    const lookup = vi.spyOn(dns, "lookup").mockImplementation(answering(both))
    return Effect.gen(function* () {
      expect(texts(yield* HostName.resolve("dual", { host: "both.example", port: 53 }))).toEqual([
        "[2001:db8::1]:53",
        "192.0.2.1:53",
        "[2001:db8::2]:53"
      ])
      yield* HostName.resolve("ipv4", { host: "both.example", port: 53 })
      yield* HostName.resolve("ipv6", { host: "both.example", port: 53 })
      expect(lookup.mock.calls.map(([host, options]) => [host, options])).toEqual(
        [0, 4, 6].map((family) => ["both.example", { all: true, family, verbatim: true }])
      )
    })
  })

  it.effect.each([
    [
      "ENOTFOUND",
      -3008,
      "NotFound",
      "No host has that name, or none has an address of that family: check the name, or resolve it for Datagram.dual"
    ],
    ["EAI_AGAIN", -3001, "NoAnswer", "No name server answered: check the network, and try again later"],
    ["EAI_FAIL", -3004, "NoAnswer", "The name servers failed: try again later"],
    ["EINVAL", -22, "Other", "Look the code up in the manual page of the call"]
  ] as const)("%s is a typed error", ([code, errno, reason, remedy]) => {
    vi.spyOn(dns, "lookup").mockImplementation(failing(code, errno))
    return Effect.map(Effect.flip(HostName.resolve("ipv4", { host: "gone.example", port: 53 })), (error) =>
      expect(error).toMatchObject({
        _tag: "HostNameError",
        syscall: "getaddrinfo",
        reason,
        code,
        errno,
        message: `Looking up 'gone.example' failed (getaddrinfo: ${code} ${errno}). ${remedy}.`
      })
    )
  })

  it.effect.each([
    ["", 53, "'' cannot be looked up: the system has no address for it."],
    ["a.example", 65_536, "'a.example' cannot be looked up: the port 65536 is not an integer from 0 to 65535."],
    [{}, 53, "[object Object] cannot be looked up: it is not a text."]
  ] as const)("%s, port %s, is refused", ([host, port, message]) =>
    Effect.map(Effect.flip(HostName.resolve("ipv4", { host: host as string, port })), (error) => {
      expect([error.reason, error.code]).toEqual(["InvalidArgument", "INVALID"])
      expect(error.message).toContain(message)
    })
  )

  it.effect("can be abandoned while the system does not answer, and a late answer is ignored", () => {
    let late = () => {}
    const never = (_host: string, _options: unknown, answer: (error: null, found: Array<dns.LookupAddress>) => void) =>
      void (late = () => answer(null, [{ address: "192.0.2.1", family: 4 }]))
    vi.spyOn(dns, "lookup").mockImplementation(never as unknown as typeof dns.lookup)
    return Effect.gen(function* () {
      const asking = yield* Effect.fork(HostName.resolve("ipv4", { host: "slow.example", port: 53 }))
      yield* Effect.yieldNow()
      expect((yield* Fiber.interrupt(asking))._tag).toBe("Failure")
      late()
    })
  })
})

it.scopedLive.runIf(hasIpv6())("a dual socket sends to an endpoint of an IPv6 name", () =>
  Effect.gen(function* () {
    const server = yield* Datagram.bind(Datagram.dual, { address: "::", port: 0 })
    const [found] = yield* HostName.resolve("dual", { host: "::1", port: server.localAddress.port })
    const client = yield* Datagram.client(Datagram.dual)
    yield* client.send({ data: Uint8Array.of(1), to: found })
    expect((yield* server.receive).data).toEqual(Uint8Array.of(1))
  }).pipe(Effect.provide(NodeSockets.layer))
)
