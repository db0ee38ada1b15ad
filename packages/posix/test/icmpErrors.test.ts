/** ICMP error messages of every type and code, their extensions, and the control data of the messages themselves. */
import { LinuxSockets } from "@ancillary/effect3/node"
import {
  Datagram,
  DatagramSockets,
  type ErrorReport,
  type SocketEvent,
  withDontFragment,
  withEcn,
  withErrorReports,
  withHopLimit,
  withTimestamp,
  withTimestamping,
  withTrafficClass
} from "@ancillary/effect3"
import { isFault } from "@ancillary/engine/driver/Driver"
import { describe, expect, it } from "@effect/vitest"
import { Chunk, Effect, Option, Stream } from "effect"
import { hasIpv6, hasRawPrivilege } from "../../testing/machine.ts"
import { extended, extension, forger, type IcmpMessage, quoteOf } from "./forged.ts"

const driver = LinuxSockets.driver({ guarded: true })
const layer = DatagramSockets.layer(driver, LinuxSockets.capabilities)
const able = hasRawPrivilege()
const families = (["ipv4", "ipv6"] as const).filter((family) => family === "ipv4" || hasIpv6())
const at = { ipv4: { address: "127.0.0.1", port: 0 }, ipv6: { address: "::1", port: 0 } }
const data = new TextEncoder().encode("probe number 17")
const peerPort = 33_434

/** MPLS label 24001, bottom of the stack, TTL 1; and an unknown object. */
const label = [0, 8, 1, 1, 0x05, 0xdc, 0x11, 0x01]
const unknown = [0, 6, 200, 9, 0xaa, 0xbb]
const labels = [{ kind: "mplsLabelStack", labels: [{ label: 24_001, trafficClass: 0, bottomOfStack: true, ttl: 1 }] }]

type Socket = {
  readonly events: Stream.Stream<SocketEvent, unknown>
  readonly localAddress: { readonly port?: number }
}
const take = (socket: Socket, count: number) =>
  Effect.map(
    Stream.runCollect(Stream.take(socket.events, count)),
    (all) => Chunk.toReadonlyArray(all) as ReadonlyArray<ErrorReport>
  )
const specOf = (family: "ipv4" | "ipv6") => (family === "ipv4" ? Datagram.ipv4 : Datagram.ipv6) as typeof Datagram.ipv4
const open = (family: "ipv4" | "ipv6") => Datagram.bind(specOf(family).pipe(withErrorReports()), at[family])

/** As the kernel maps them (icmp_err_convert, icmpv6_err_convert): type, code, errno. */
const expected = {
  ipv4: [
    ...[
      "ENETUNREACH",
      "EHOSTUNREACH",
      "ENOPROTOOPT",
      "ECONNREFUSED",
      "EMSGSIZE",
      "EOPNOTSUPP",
      "ENETUNREACH",
      "EHOSTDOWN",
      "ENONET",
      "ENETUNREACH",
      "EHOSTUNREACH",
      "ENETUNREACH",
      "EHOSTUNREACH",
      "EHOSTUNREACH",
      "EHOSTUNREACH",
      "EHOSTUNREACH"
    ].map((name, code) => [3, code, name] as const),
    [11, 0, "EHOSTUNREACH"],
    // Linux drops 11/1 (reassembly timed out), redirects, source quenches and unknown codes.
    [12, 0, "EPROTO"],
    [12, 1, "EPROTO"],
    [12, 2, "EPROTO"]
  ],
  ipv6: [
    ...["ENETUNREACH", "EACCES", "EHOSTUNREACH", "EHOSTUNREACH", "ECONNREFUSED", "EACCES", "EACCES", "EPROTO"].map(
      (name, code) => [1, code, name] as const
    ),
    [2, 0, "EMSGSIZE"],
    [3, 0, "EHOSTUNREACH"],
    [3, 1, "EHOSTUNREACH"],
    [4, 0, "EPROTO"],
    [4, 1, "EPROTO"],
    [4, 2, "EPROTO"]
  ]
} as const
/** Codes of Linux, on every architecture that Node runs on. */
const numbers: { readonly [name in string]?: number } = {
  ENONET: 64,
  EPROTO: 71,
  EMSGSIZE: 90,
  ENOPROTOOPT: 92,
  EOPNOTSUPP: 95,
  ENETUNREACH: 101,
  ECONNREFUSED: 111,
  EHOSTDOWN: 112,
  EHOSTUNREACH: 113,
  EACCES: 13
}
/** Of 65,536 bytes, which changes no route. */
const mtu = { ipv4: [0, 0, 0xff, 0xff], ipv6: [0, 1, 0, 0] } as const

describe.runIf(able).each(families)("an ICMP error of %s", (family) => {
  const to = family === "ipv4" ? `127.77.0.1:${peerPort}` : `[::1]:${peerPort}`

  it.scopedLive("of each type and code is a report with its own name and number", () =>
    Effect.gen(function* () {
      const socket = yield* open(family)
      const forge = yield* forger(family)
      const quote = quoteOf(family, { from: socket.localAddress.port, to: peerPort, data })
      for (const [type, code, name] of expected[family]) {
        forge({ type, code, quote, rest: name === "EMSGSIZE" ? mtu[family] : undefined })
        const [report] = yield* take(socket, 1)
        expect(report).toMatchObject({ _tag: "ErrorReport", origin: family === "ipv4" ? "icmp" : "icmp6" })
        expect(report?.errno, name).toBe(numbers[name])
        // Node's table of names lacks two of them, and has another name for the third.
        if (!/^E(OPNOTSUPP|HOSTDOWN|NONET)$/.test(name)) expect(report?.code).toBe(name)
        expect(report?.icmp).toEqual(Option.some({ type, code }))
        expect(String(Option.getOrThrow(report?.destination ?? Option.none()))).toBe(to)
        expect([report?.datagram, report?.extensions]).toEqual([data, []])
        expect(Option.isSome(report?.mtu ?? Option.none())).toBe(name === "EMSGSIZE")
      }
      expect(yield* socket.stats).toMatchObject({
        asyncErrors: 0n,
        events: { dequeued: BigInt(expected[family].length) }
      })
    }).pipe(Effect.provide(layer))
  )

  /** The report of one message about a socket that has sent the probe. */
  const reported = (message: (quote: Uint8Array) => Omit<IcmpMessage, "type" | "code">, payload = data) =>
    Effect.gen(function* () {
      const socket = yield* open(family)
      const forge = yield* forger(family)
      yield* socket.send({ data: payload, to: socket.localAddress })
      const quote = quoteOf(family, { from: socket.localAddress.port, to: peerPort, data: payload })
      forge({ type: family === "ipv4" ? 11 : 3, code: 0, ...message(quote) })
      const [report] = yield* take(socket, 1)
      if (report === undefined) throw new Error("there is no report")
      return report
    })
  const withoutLength = ({ quote }: { readonly quote: Uint8Array }) => ({ quote })

  it.scopedLive("with an extension reports the datagram without it, and what it contains", () =>
    Effect.gen(function* () {
      const report = yield* reported((quote) => extended(family, quote, extension([...label, ...unknown])))
      expect(report.datagram).toEqual(data)
      expect(report.extensions).toEqual([
        ...labels,
        { kind: "unknown", class: 200, type: 9, payload: Uint8Array.of(0xaa, 0xbb) }
      ])
    }).pipe(Effect.provide(layer))
  )
  it.scopedLive("of a router without the length field has its extension after 128 bytes", () =>
    Effect.gen(function* () {
      const report = yield* reported((quote) => withoutLength(extended(family, quote, extension(label))))
      expect([report.datagram, report.extensions]).toEqual([data, labels])
    }).pipe(Effect.provide(layer))
  )
  it.scopedLive("about a datagram of more than 128 bytes keeps its whole quote", () =>
    Effect.gen(function* () {
      // A quote is a multiple of 4 bytes, and of 8 on IPv6.
      const payload = new Uint8Array(204 - (family === "ipv4" ? 0 : 4)).fill(7)
      const report = yield* reported((quote) => extended(family, quote, extension(label)), payload)
      expect([report.datagram, report.extensions]).toEqual([payload, labels])
    }).pipe(Effect.provide(layer))
  )
  it.scopedLive("with an invalid extension reports the datagram without it, and no object", () =>
    Effect.gen(function* () {
      for (const wrong of [
        extension(label, 0x1234),
        extension([0, 3, 1, 1]),
        extension([0xff, 0xff, 1, 1]),
        Uint8Array.of(0x30, 0, 0xcf, 0xff)
      ]) {
        const report = yield* reported((quote) => extended(family, quote, wrong))
        expect([report.datagram, report.extensions]).toEqual([data, []])
      }
    }).pipe(Effect.scoped, Effect.provide(layer))
  )
  it.scopedLive("with a payload that resembles an extension keeps its datagram", () =>
    Effect.gen(function* () {
      const at = family === "ipv4" ? 100 : 80
      const unsummed = [0x20, 0, 0, 0, ...label]
      const summed = [...extension(label)]
      // Without a checksum; with a wrong one; with bytes after the last object.
      for (const end of [unsummed, [0x20, 0, 0x12, 0x34, ...label], [...summed, 0]]) {
        const payload = Uint8Array.of(...new Uint8Array(at).fill(7), ...end)
        const report = yield* reported((quote) => ({ quote }), payload)
        expect([report.datagram, report.extensions]).toEqual([payload, []])
      }
    }).pipe(Effect.scoped, Effect.provide(layer))
  )
  it.scopedLive("that is padded keeps zeros that the socket may have sent", () =>
    Effect.gen(function* () {
      const payload = Uint8Array.of(1, 2, 0, 0, 0)
      const report = yield* reported((quote) => extended(family, quote, extension(label)), payload)
      expect(report.datagram).toEqual(payload)
    }).pipe(Effect.provide(layer))
  )

  /** Cut headers and false lengths, in any quote. */
  const hostile = (quote: Uint8Array): ReadonlyArray<Uint8Array> => {
    const changed = (at: number, ...bytes: ReadonlyArray<number>) => {
      const copy = quote.slice()
      copy.set(bytes, at)
      return copy
    }
    const lengthAt = family === "ipv4" ? 2 : 4
    const udpAt = family === "ipv4" ? 20 : 40
    return [
      new Uint8Array(0),
      ...[1, 8, 19, 20, 27, 39, 40, 47, 48].map((length) => quote.subarray(0, length)),
      ...[0x05, 0x40, 0x4f, 0x65, 0x00, 0xff].map((first) => changed(0, first)),
      ...[0, 1, 0xff].map((high) => changed(lengthAt, high, 0xff)),
      changed(family === "ipv4" ? 9 : 6, 6),
      changed(udpAt + 4, 0xff, 0xff),
      changed(udpAt + 4, 0, 0),
      new Uint8Array(1400).fill(0xff),
      Uint8Array.of(...quote, ...new Uint8Array(1300))
    ]
  }
  it.scopedLive("with a false quote ends no stream, and the counters balance", () =>
    Effect.gen(function* () {
      const socket = yield* open(family)
      const forge = yield* forger(family)
      const quote = quoteOf(family, { from: socket.localAddress.port, to: peerPort, data })
      const types = family === "ipv4" ? [3, 4, 5, 11, 12] : [1, 2, 3, 4, 127]
      for (const type of types)
        for (const code of [0, 1, 4, 15, 16, 255])
          for (const each of hostile(quote))
            for (const rest of [
              [0, 0, 0, 0],
              [255, 255, 255, 255]
            ])
              // No path MTU, because the kernel would remember it.
              if (!(family === "ipv4" ? type === 3 && code === 4 : type === 2)) forge({ type, code, quote: each, rest })
      yield* socket.send({ data, to: socket.localAddress })
      expect((yield* socket.receive).data).toEqual(data)
      const events = yield* Stream.runHead(Stream.chunks(socket.events))
      const { dropped, ignored, delivered, dequeued, queued } = (yield* socket.stats).events
      expect(dequeued).toBeGreaterThan(0n)
      expect(dequeued).toBe(delivered + dropped + ignored + queued)
      expect(BigInt(Option.getOrThrow(events).length)).toBe(delivered)
    }).pipe(Effect.provide(layer))
  )
})

describe.runIf(able)("many ICMP errors on one socket", () => {
  it.scopedLive("more than are kept, unread: the newest 256 stay, and the counters balance", () =>
    Effect.gen(function* () {
      const socket = yield* open("ipv4")
      const forge = yield* forger("ipv4")
      const quote = quoteOf("ipv4", { from: socket.localAddress.port, to: peerPort, data })
      let sent = 0n
      // Several times the queue, which is limited by the receive buffer.
      for (let turn = 0; turn < 8; turn++) {
        for (let i = 0; i < 90; i++, sent++) forge({ type: 3, code: 1, quote })
        yield* socket.send({ data, to: socket.localAddress })
        expect((yield* socket.receive).data).toEqual(data)
      }
      const { dropped, ignored, delivered, dequeued, queued } = (yield* socket.stats).events
      expect([dequeued, queued, ignored, delivered]).toEqual([sent, 256n, 0n, 0n])
      expect(dropped).toBe(sent - 256n)
      expect((yield* take(socket, 256)).every(({ code }) => code === "EHOSTUNREACH")).toBe(true)
      expect((yield* socket.stats).events).toMatchObject({ delivered: 256n, queued: 0n })
    }).pipe(Effect.provide(layer))
  )

  it.scopedLive("about many peers: each report names its peer, and no send to another fails", () =>
    Effect.gen(function* () {
      const socket = yield* open("ipv4")
      const healthy = yield* Datagram.bind(Datagram.ipv4, at.ipv4)
      const forge = yield* forger("ipv4")
      const ports = Array.from({ length: 100 }, (_, i) => 20_000 + i)
      for (const [index, to] of ports.entries()) {
        const quote = quoteOf("ipv4", { from: socket.localAddress.port, to, data: Uint8Array.of(index) })
        forge({ type: 3, code: index % 2 === 0 ? 3 : 1, quote })
        // A pending error belongs to another peer, so it is ignored.
        yield* socket.send({ data: Uint8Array.of(index), to: healthy.localAddress })
        expect((yield* healthy.receive).data[0]).toBe(index)
      }
      const reports = yield* take(socket, ports.length)
      const seen = reports.map(({ code, datagram, destination }) => [
        code,
        datagram[0],
        Option.getOrThrow(destination).port
      ])
      expect(seen).toEqual(ports.map((port, index) => [index % 2 === 0 ? "ECONNREFUSED" : "EHOSTUNREACH", index, port]))
      expect(yield* socket.stats).toMatchObject({ sent: 100n, retried: 100n })
    }).pipe(Effect.provide(layer))
  )
})

describe.runIf(able)("an ICMP error on a dual socket", () => {
  it.scopedLive.runIf(hasIpv6())("has its extension in either family", () =>
    Effect.gen(function* () {
      const spec = Datagram.dual.pipe(withErrorReports(), withHopLimit())
      const socket = yield* Datagram.bind(spec, { address: "::", port: 0 })
      for (const family of families) {
        const forge = yield* forger(family)
        yield* socket.send({ data, to: { ...at[family], port: peerPort } })
        yield* take(socket, 1)
        const quote = quoteOf(family, { from: socket.localAddress.port, to: peerPort, data })
        forge({ type: family === "ipv4" ? 11 : 3, code: 0, ...extended(family, quote, extension(label)) })
        const [report] = yield* take(socket, 1)
        expect(report).toMatchObject({
          datagram: data,
          extensions: labels,
          origin: family === "ipv4" ? "icmp" : "icmp6"
        })
        expect(Option.isSome(report?.hopLimit ?? Option.none())).toBe(true)
      }
    }).pipe(Effect.provide(layer))
  )
})

describe.runIf(able).each(families)("the control data of an ICMP message of %s", (family) => {
  const to = { address: family === "ipv4" ? "127.77.0.1" : "::1", port: peerPort }
  const fields = { hopLimit: 9, trafficClass: 0x4a }
  const reportedTo = (socket: Socket) =>
    Effect.gen(function* () {
      const forge = yield* forger(family, fields)
      const quote = quoteOf(family, { from: socket.localAddress.port ?? 0, to: to.port, data })
      forge({ type: family === "ipv4" ? 11 : 3, code: 0, quote })
      const [report] = yield* take(socket, 1)
      return [report?.hopLimit, report?.trafficClass, Option.isSome(report?.timestamp ?? Option.none())]
    })

  it.scopedLive("is reported if it is declared: hop limit, class, timestamp", () =>
    Effect.gen(function* () {
      const spec = specOf(family).pipe(withErrorReports())
      const [limit, traffic] = [Option.some(fields.hopLimit), Option.some(fields.trafficClass)]
      const all = spec.pipe(withTimestamp(), withHopLimit(), withTrafficClass())
      expect(yield* reportedTo(yield* Datagram.bind(all, at[family]))).toEqual([limit, traffic, true])
      // Parts of the class request the whole byte.
      const ecn = spec.pipe(withEcn())
      expect(yield* reportedTo(yield* Datagram.bind(ecn, at[family]))).toEqual([Option.none(), traffic, false])
      expect(yield* reportedTo(yield* open(family))).toEqual([Option.none(), Option.none(), false])
    }).pipe(Effect.provide(layer))
  )

  it.scopedLive("has the time of arrival, however late it is read", () =>
    Effect.gen(function* () {
      const spec = specOf(family).pipe(withErrorReports())
      const other = yield* Datagram.bind(specOf(family).pipe(withTimestamping()), at[family])
      const stamp = Effect.gen(function* () {
        yield* other.send({ data, to: other.localAddress })
        return Option.flatMap((yield* other.receive).control.timestamping, ({ software }) =>
          Option.fromNullable(software)
        )
      })
      const forge = yield* forger(family)
      for (const bind of [
        Datagram.bind(spec.pipe(withTimestamp()), at[family]),
        Datagram.bind(spec.pipe(withTimestamping()), at[family])
      ]) {
        const socket = yield* bind
        // The host begins to take timestamps a little after the option is set.
        while (Option.isNone(yield* stamp)) yield* Effect.sleep("1 millis")
        const quote = quoteOf(family, { from: socket.localAddress.port, to: to.port, data })
        forge({ type: family === "ipv4" ? 11 : 3, code: 0, quote })
        const later = Option.getOrThrow(yield* stamp)
        const [report] = yield* take(socket, 1)
        expect(Option.getOrThrow(report?.timestamp ?? Option.none()) <= later).toBe(true)
      }
    }).pipe(Effect.provide(layer))
  )
})

it.scopedLive.runIf(hasIpv6())("an error of this host has neither a hop limit nor a timestamp", () =>
  Effect.gen(function* () {
    const spec = Datagram.ipv6.pipe(withErrorReports(), withTimestamp(), withHopLimit(), withDontFragment())
    const socket = yield* Datagram.bind(spec, at.ipv6)
    // With its headers it is larger than the 65,536 bytes of loopback.
    yield* Effect.flip(socket.send({ data: new Uint8Array(65_527), to: socket.localAddress }))
    const [report] = yield* take(socket, 1)
    expect(report).toMatchObject({ origin: "local", code: "EMSGSIZE", extensions: [] })
    expect([report?.hopLimit, report?.timestamp]).toEqual([Option.none(), Option.none()])
  }).pipe(Effect.provide(layer))
)

describe.runIf(able)("a kernel before Linux 5.9", () => {
  const old = Effect.map(driver, (driver) => ({
    ...driver,
    open: (kind: Parameters<typeof driver.open>[0]) => {
      const socket = driver.open(kind)
      if (isFault(socket)) return socket
      const setOption: typeof socket.setOption = (level, option, value) =>
        (level === 0 && option === 26) || (level === 41 && option === 31)
          ? { syscall: "setsockopt", code: "ENOPROTOOPT", errno: 92 }
          : socket.setOption(level, option, value)
      return { ...socket, setOption }
    }
  }))
  it.scopedLive("lacks the option for extensions, which are found after 128 bytes", () =>
    Effect.gen(function* () {
      const spec = Datagram.ipv4.pipe(withErrorReports())
      const socket = yield* Datagram.bind(spec, at.ipv4)
      const forge = yield* forger("ipv4")
      yield* socket.send({ data, to: socket.localAddress })
      const quote = quoteOf("ipv4", { from: socket.localAddress.port, to: peerPort, data })
      forge({ type: 11, code: 0, ...extended("ipv4", quote, extension(label)) })
      expect(yield* take(socket, 1)).toMatchObject([{ datagram: data, extensions: labels }])
      expect(socket.declined).toEqual([])
    }).pipe(Effect.provide(DatagramSockets.layer(old, LinuxSockets.capabilities)))
  )
})
