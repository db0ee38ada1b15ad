import { readdirSync, readFileSync } from "node:fs"
import { Abi, abis, ControlBuffer } from "@ancillary/control"
import {
  Datagram,
  Plan,
  withDropCount,
  withDscp,
  withEcn,
  withErrorReports,
  withHopLimit,
  withOptional,
  withOriginalArrivalInterface,
  withPathMtuReports,
  withPktInfo,
  withReceiveBufferSize,
  withReuseAddress,
  withRoutingHeader,
  withTimestamp,
  withTimestamping,
  withTransmitTimestamps
} from "@ancillary/effect3"
import { describe, expect, it } from "vitest"

interface Golden {
  readonly abi: string
  readonly buffers: ReadonlyArray<{
    readonly name: string
    readonly controlLength: number
    readonly bytes: string
    readonly messages: ReadonlyArray<{
      readonly level: number
      readonly type: number
      readonly length: number
      readonly payload: string
    }>
  }>
}
const folder = new URL("../../control/golden/", import.meta.url)
const goldens = readdirSync(folder)
  .filter((name) => name.endsWith(".json"))
  .map((name): readonly [Abi, Golden] => {
    const golden = JSON.parse(readFileSync(new URL(name, folder), "utf8")) as Golden
    const abi = abis.find(({ name }) => name === golden.abi)
    if (abi === undefined) throw new Error(`${name} names no ABI of ours`)
    return [abi, golden]
  })
const buffer = (golden: Golden, name: string) => {
  const found = golden.buffers.find((each) => each.name === name)
  if (found === undefined) throw new Error(`no buffer '${name}' for ${golden.abi}`)
  return found
}

const three = Datagram.combine(withPktInfo(), withHopLimit(), withEcn(), withDscp())

describe.each(goldens)("$name", (abi, golden) => {
  // The offset of each header and the length of each message in the buffer of C, beside the byte map of explain.
  it.each([
    [
      "ipv4 received: pktInfo hopLimit",
      Datagram.explain(Datagram.ipv4.pipe(withPktInfo(), withHopLimit()), abi).receive
    ],
    [
      "ipv6 received: pktInfo hopLimit",
      Datagram.explain(Datagram.ipv6.pipe(withPktInfo(), withHopLimit()), abi).receive
    ],
    ["ipv4 received: pktInfo hopLimit trafficClass", Datagram.explain(Datagram.ipv4.pipe(three), abi).receive],
    ["ipv6 received: pktInfo hopLimit trafficClass", Datagram.explain(Datagram.ipv6.pipe(three), abi).receive]
  ])("the byte map of explain equals the buffer that C made: %s", (name, layout) => {
    const expected = buffer(golden, name)
    const bytes = new DataView(Uint8Array.from(Buffer.from(expected.bytes, "hex")).buffer)
    expect(layout.bytes).toBe(expected.controlLength)
    expect(layout.messages.map(({ at, length, level, type }) => ({ at, length, level, type }))).toEqual(
      headers(abi, bytes).map((at, i) => ({ at, ...pick(expected.messages[i]) }))
    )
  })

  it("a dual socket has room for the packet information of both families at once", () => {
    const { receive } = Plan.compile(Datagram.dual.pipe(three), abi)
    expect(receive.bytes).toBeGreaterThanOrEqual(
      buffer(golden, "dual received: pktInfo hopLimit trafficClass").controlLength
    )
  })

  it("the send buffer has room for the larger of the two families", () => {
    const sizes = ([Datagram.ipv4, Datagram.ipv6, Datagram.dual] as ReadonlyArray<typeof Datagram.ipv4>).map(
      (spec) => Plan.compile(spec.pipe(withPktInfo(), withHopLimit()), abi).send.bytes
    )
    expect(sizes[2]).toBe(Math.max(sizes[0] ?? 0, sizes[1] ?? 0))
  })

  it("many small routing headers have room, and so has a large one", () => {
    const { receive } = Plan.compile(Datagram.ipv6.pipe(withRoutingHeader({ maximumBytes: 64 })), abi)
    expect(receive.bytes).toBe(8 * ControlBuffer.space(abi, 8))
  })
})

const headers = (abi: Abi, view: DataView): ReadonlyArray<number> => {
  const offsets: Array<number> = []
  for (let at = ControlBuffer.firstHeader(abi, view); at !== undefined; at = ControlBuffer.nextHeader(abi, view, at))
    offsets.push(at)
  return offsets
}
const pick = (message: Golden["buffers"][number]["messages"][number] | undefined) => ({
  length: message?.length,
  level: message?.level,
  type: message?.type
})

describe("compile", () => {
  const linux = abis.find(({ name }) => name === "linux-glibc-64") as Abi
  const winsock = abis.find(({ name }) => name === "winsock-x64") as Abi
  const darwin = abis.find(({ name }) => name === "darwin-64") as Abi

  it("views of one byte request it once and share its place", () => {
    const { options, receive } = Plan.compile(Datagram.ipv4.pipe(withEcn(), withDscp()), linux)
    expect(options).toHaveLength(1)
    expect(receive.messages.map(({ keys }) => keys)).toEqual([["ecn", "dscp"]])
  })

  it("a dual socket sets the options of both families, an IPv4 socket only its own", () => {
    const calls = ({ options }: Plan.Plan) =>
      options.map((each) => ("option" in each ? `${each.level}/${each.option}` : ""))
    expect(calls(Plan.compile(Datagram.dual.pipe(withHopLimit()), linux))).toEqual(["41/26", "41/51", "0/12"])
    expect(calls(Plan.compile(Datagram.ipv4.pipe(withHopLimit()), linux))).toEqual(["0/12"])
  })

  it("an option that is set twice has the last value", () => {
    const { options } = Plan.compile(
      Datagram.ipv4.pipe(withReceiveBufferSize(1), withReuseAddress(), withReceiveBufferSize(2)),
      linux
    )
    expect(options.flatMap(({ requestedBy }) => requestedBy.map(({ feature }) => feature))).toEqual([
      "withReuseAddress()",
      "withReceiveBufferSize(2)"
    ])
  })

  it("an unsupported message is rejected with its reason, or declined if optional", () => {
    const { refused } = Plan.compile(Datagram.ipv4.pipe(withDropCount()), winsock)
    expect(refused).toEqual([
      {
        feature: "withDropCount()",
        why: "only Linux reports the number of datagrams that a socket has dropped",
        remedy: "Declare withOptional(withDropCount()) to go without where it is lacking"
      }
    ])
    const optional = Plan.compile(
      Datagram.ipv4.pipe(withOptional(withOriginalArrivalInterface()), withOptional(withTimestamp())),
      winsock
    )
    expect(optional.refused).toEqual([])
    expect(optional.declined).toEqual([
      {
        key: "timestamp",
        why: "Windows stamps with its performance counter, which is no time of day: declare withCounterTimestamp()"
      }
    ])
  })

  it("an unsupported direction is rejected with the direction that works", () => {
    expect(Plan.compile(Datagram.ipv4.pipe(withHopLimit()), darwin).refused).toEqual([
      {
        feature: "withHopLimit()",
        why: "macOS takes no TTL per IPv4 datagram",
        remedy: 'Declare it with { only: "receive" }, or withOptional(withHopLimit())'
      }
    ])
    expect(Plan.compile(Datagram.ipv4.pipe(withHopLimit({ only: "receive" })), darwin).refused).toEqual([])
  })

  it("one direction: no option for only sending, no send room for only receiving", () => {
    const send = Plan.compile(Datagram.ipv4.pipe(withHopLimit({ only: "send" })), linux)
    expect([send.options.length, send.receive.bytes, send.send.bytes]).toEqual([0, 0, 24])
    const receive = Plan.compile(Datagram.ipv4.pipe(withHopLimit({ only: "receive" })), linux)
    expect([receive.options.length, receive.receive.bytes, receive.send.bytes]).toEqual([1, 24, 0])
  })

  it("a message that is declared twice is rejected at run time, too", () => {
    const spec = Datagram.ipv4.pipe(withHopLimit()) as unknown as typeof Datagram.ipv4
    expect(() => spec.pipe(withHopLimit())).toThrow("'hopLimit' is already declared by this spec")
  })

  it("an error-queue entry has room for a datagram's messages, then for its events", () => {
    const places = ({ messages }: Plan.ControlLayout) =>
      messages.map(({ at, keys, length, level, type }) => [keys.join(" "), `${level},${type}`, at, length])
    const plan = Plan.compile(
      Datagram.ipv4.pipe(withPktInfo(), withHopLimit(), withErrorReports(), withTransmitTimestamps()),
      linux
    )
    // The number of a timestamp arrives in the place of an error. The timestamp itself is another message, under either of its types.
    expect(places(plan.errors)).toEqual([
      ["pktInfo", "0,8", 0, 28],
      ["hopLimit", "0,2", 32, 20],
      ["errorReports transmitTimestamp", "0,11", 56, 48],
      ["transmitTimestamp", "1,65", 104, 64],
      ["transmitTimestamp", "1,37", 168, 64]
    ])
    expect([plan.errors.bytes, Plan.errorArena(plan, 3)]).toEqual([
      232,
      { purpose: "receive", slots: 3, iovecs: 1, addressBytes: 16, controlBytes: 232, dataBytes: 1280 }
    ])
    // No error arrives with a datagram, but a timestamp may.
    expect(places(plan.receive)).toEqual([
      ["pktInfo", "0,8", 0, 28],
      ["hopLimit", "0,2", 32, 20],
      ["transmitTimestamp", "1,65", 56, 64]
    ])
    expect(Plan.compile(Datagram.ipv4.pipe(withPktInfo()), linux).errors).toEqual({ bytes: 0, messages: [] })
    // A report in place of a datagram has room in the receive buffer, and in the error queue beside an entry.
    const reports = Plan.compile(Datagram.ipv6.pipe(withPathMtuReports(), withErrorReports()), linux)
    expect(places(reports.receive)).toEqual([["pathMtuReports", "41,61", 0, 48]])
    expect(places(reports.errors)).toEqual([
      ["pathMtuReports", "41,61", 0, 48],
      ["errorReports", "41,25", 48, 60]
    ])
  })

  it("receive and send timestamps are switches of one option, which is set once", () => {
    const both = [
      Datagram.ipv4.pipe(withTimestamping(), withTransmitTimestamps()),
      Datagram.ipv4.pipe(withTransmitTimestamps(), withTimestamping())
    ]
    const features = ["withTimestamping()", "withTransmitTimestamps()"]
    for (const [i, spec] of both.entries()) {
      const { options, receive } = Plan.compile(spec, linux)
      // RX_SOFTWARE 8, SOFTWARE 16, OPT_ID 128, OPT_TSONLY 2048.
      expect(options).toEqual([
        {
          requestedBy: (i === 0 ? features : features.toReversed()).map((feature) =>
            expect.objectContaining({ feature, optional: false })
          ),
          level: 1,
          option: 65,
          instead: 37,
          privilege: undefined,
          value: Uint8Array.of(0x98, 0x08, 0, 0)
        }
      ])
      // And they arrive in one place.
      expect(receive.bytes).toBe(64)
    }
    const card = Plan.compile(
      Datagram.ipv4.pipe(withTimestamping({ hardware: true }), withTransmitTimestamps()),
      linux
    ).options
    expect(card.map((each) => "value" in each && each.value)).toEqual([Uint8Array.of(0xd4 | 0x98, 0x08, 0, 0)])
  })

  it("prints its plan as a table with a byte map", () => {
    const spec = Datagram.ipv4.pipe(withPktInfo(), withHopLimit({ only: "receive" }))
    expect(String(Datagram.explain(spec, winsock)))
      .toBe(`ipv4 on winsock-x64: cmsg_len of 8 bytes, headers of 16, aligned to 8

options, before bind
  withPktInfo()                      setsockopt(0, 19)  01 00 00 00
  withHopLimit({ only: "receive" })  setsockopt(0, 21)  01 00 00 00

receive control buffer, 48 bytes
  0..15   header   pktInfo: cmsg_len 24, level 0, type 19
  16..23  payload  8 bytes
  24..39  header   hopLimit: cmsg_len 20, level 0, type 4
  40..43  payload  4 bytes
  44..47  padding  4 bytes

send control buffer, 24 bytes
  0..15   header   pktInfo: cmsg_len 24, level 0, type 19
  16..23  payload  8 bytes`)
  })
})

it("a plan is made once for a spec and an ABI, and its sockets share it", () => {
  const spec = Datagram.ipv4.pipe(withHopLimit())
  expect(Plan.compile(spec, Abi.linuxGlibc64)).toBe(Plan.compile(spec, Abi.linuxGlibc64))
  expect(Plan.compile(spec, Abi.winsockX64).abi).toBe(Abi.winsockX64)
  expect(Plan.compile(spec.pipe(withPktInfo()), Abi.linuxGlibc64).receiveEntries).toHaveLength(2)
})

describe("a value that is not a spec or not an ABI", () => {
  const trap = new Proxy({}, {})
  it.each<readonly [string, unknown]>([
    ["nothing", undefined],
    ["null", null],
    ["a number", 5],
    ["a text", "ipv4"],
    ["an empty object", {}],
    ["an object without a prototype", Object.create(null)],
    ["an array", []],
    ["a proxy", trap]
  ])("%s is rejected with a sentence", (_, given) => {
    expect(() => Plan.compile(given as never, Abi.linuxGlibc64)).toThrow(/ is not a spec: give one that begins with /)
    expect(() => Datagram.explain(given as never, Abi.linuxGlibc64)).toThrow(/ is not a spec: give /)
    expect(() => Plan.compile(Datagram.ipv4, given as never)).toThrow(/ is not an ABI: give one of Abi/)
    expect(() => Datagram.explain(Datagram.ipv4, given as never)).toThrow(/ is not an ABI: give one of Abi/)
  })
})
