import {
  Codec,
  type ControlMessage,
  type Definition,
  define,
  HopLimit,
  isUnsupported,
  type Request
} from "@ancillary/control"
import { FastCheck } from "effect"
import { describe, expect, it } from "vitest"
import { arrivals, builtIns, departure, departures, families, fits, platforms, read, refusal } from "./messages.ts"

interface Mark extends ControlMessage<"mark", "ipv4" | "ipv6"> {
  readonly received: { readonly mark: number }
  readonly sendable: { readonly mark?: number | undefined }
}

const arrives = { level: 1, type: 36, payload: Codec.uint32 }
const request = [{ level: 1, option: 75, value: 1 }]
const row = { request, receive: [arrives], send: { level: 1, type: 36, payload: Codec.uint32 } }
const absent = { unsupported: "only Linux marks packets" }

/** A valid definition with one other cell, as a program without types may write it. */
const withCell =
  (cell: unknown, rest: object = {}) =>
  () =>
    define<Mark>({
      key: "mark",
      presence: "required",
      table: {
        linux: { ipv4: cell, ipv6: row },
        winsock: { ipv4: absent, ipv6: absent },
        darwin: { ipv4: absent, ipv6: absent }
      },
      ...rest
    } as Definition<Mark>)

const payload = (size: unknown) => ({ ...Codec.uint32, size })
const arriving = (changed: object) => ({ request, receive: [{ ...arrives, ...changed }] })
const shared = (mask: number, size: unknown = 4) => ({
  request: [],
  send: { level: 1, type: 36, payload: payload(size), shared: { mask, level: 1, option: 36 } }
})
const repeated = { presence: "repeated" }

describe("define", () => {
  it("makes a message that returns the given rows and reasons themselves", () => {
    const mark = withCell(row)()
    expect([mark.key, mark.presence]).toEqual(["mark", "required"])
    expect(mark.cell("linux", "ipv4")).toBe(row)
    expect(mark.cell("winsock", "ipv6")).toBe(absent)
  })

  it("returns a reason for a family that the message does not have", () => {
    expect(withCell(row)().cell("linux", "unix")).toEqual({ unsupported: "'mark' does not exist for unix sockets" })
  })

  it.each([
    ["arrives alone", { request, receive: [arrives] }],
    ["arrives unasked", { request: [], receive: [arrives] }],
    ["is sent alone", { request: [], send: row.send }],
    ["is sent once the socket was prepared", { request: [], send: { ...row.send, request } }],
    ["is sent, and does not arrive, with the reason", { request: [], receive: absent, send: row.send }],
    ["arrives, and is not sent, with the reason", { request, receive: [arrives], send: absent }],
    ["arrives under two types", { request, receive: [arrives, { ...arrives, type: 37 }] }],
    ["has a negative level and type", arriving({ level: -1, type: -0x80000000 })],
    ["has no payload", arriving({ payload: payload(0) })],
    ["has the largest payload", arriving({ payload: payload({ maximum: 65535 }) })],
    ["has one size, as a bound", arriving({ payload: payload({ minimum: 8, maximum: 8 }) })],
    ["shares all bits", shared(0xffffffff)],
    ["shares one byte", shared(0xfc, 1)]
  ])("accepts a message that %s", (_, cell) => {
    expect(withCell(cell).call(undefined).cell("linux", "ipv4")).toBe(cell)
  })

  it.each(["Mark", "so-mark", "so_mark", "", "2nd", "a b", "é"])("rejects the key '%s'", (key) => {
    expect(withCell(row, { key })).toThrow(
      new TypeError(`A control message's key is a name in camelCase, not '${key}'.`)
    )
  })

  it("rejects a presence that does not exist", () => {
    expect(withCell(row, { presence: "sometimes" })).toThrow(
      new TypeError(`Control message 'mark': presence is "required", "optional" or "repeated", not 'sometimes'.`)
    )
  })

  it.each([
    ["a missing cell", undefined, "there is neither a row nor an absence"],
    ["an absence without a reason", { unsupported: " " }, "an absence without a reason"],
    [
      "no arrival without a reason",
      { request: [], receive: { unsupported: "" }, send: row.send },
      "an absence without a reason"
    ],
    [
      "no sending without a reason",
      { request, receive: [arrives], send: { unsupported: "" } },
      "an absence without a reason"
    ],
    ["an empty row", { request: [] }, "a message that neither arrives nor is sent is an absence, with its reason"],
    [
      "a row of absences",
      { request: [], receive: absent, send: absent },
      "a message that neither arrives nor is sent is an absence, with its reason"
    ],
    ["asking for what never arrives", { request, send: row.send }, "it is asked for, but never arrives"],
    ["asking for what is absent", { request, receive: absent, send: row.send }, "it is asked for, but never arrives"],
    [
      "the same arrival twice",
      { request, receive: [arrives, { ...arrives }] },
      "it arrives twice under one level and type"
    ],
    ["a level of 1.5", arriving({ level: 1.5 }), "receive: level and type are signed 32-bit integers"],
    [
      "a type of 2^31, which is read as -2^31",
      arriving({ type: 2 ** 31 }),
      "receive: level and type are signed 32-bit integers"
    ],
    ["a type of -2^31 - 1", arriving({ type: -(2 ** 31) - 1 }), "receive: level and type are signed 32-bit integers"],
    [
      "a type to send of NaN",
      { request: [], send: { ...row.send, type: NaN } },
      "send: level and type are signed 32-bit integers"
    ],
    ["a payload of -1", arriving({ payload: payload(-1) }), "receive: a payload of -1 bytes"],
    ["a payload of 1.5", arriving({ payload: payload(1.5) }), "receive: a payload of 1.5 bytes"],
    ["a payload of 65536", arriving({ payload: payload({ maximum: 65536 }) }), "receive: a payload of 65536 bytes"],
    [
      "a payload of NaN to send",
      { request: [], send: { ...row.send, payload: payload(NaN) } },
      "send: a payload of NaN bytes"
    ],
    [
      "a least above the greatest",
      arriving({ payload: payload({ minimum: 9, maximum: 8 }) }),
      "receive: the least size is no integer from 0 to the greatest"
    ],
    [
      "a least of -1",
      arriving({ payload: payload({ minimum: -1, maximum: 8 }) }),
      "receive: the least size is no integer from 0 to the greatest"
    ],
    [
      "a least of NaN",
      arriving({ payload: payload({ minimum: NaN, maximum: 8 }) }),
      "receive: the least size is no integer from 0 to the greatest"
    ],
    [
      "a message that excludes itself",
      { request: [], send: { ...row.send, excludes: ["ecn", "mark"] } },
      "send: it excludes itself"
    ],
    ["a mask of nothing", shared(0), "send: a mask is an integer of at least one bit"],
    ["a mask of 1.5", shared(1.5), "send: a mask is an integer of at least one bit"],
    ["a mask of 33 bits", shared(2 ** 32), "send: a mask is an integer of at least one bit"],
    ["a mask beyond its payload", shared(0x100, 1), "send: the mask has bits that a payload of 1 bytes does not have"],
    ["a shared payload of 8", shared(1, 8), "send: only a payload of at most 4 bytes can be shared"],
    ["a shared payload of any size", shared(1, { maximum: 4 }), "send: only a payload of at most 4 bytes can be shared"]
  ])("refuses %s", (_, cell, sentence) => {
    expect(withCell(cell)).toThrow(new TypeError(`Control message 'mark', linux, ipv4: ${sentence}.`))
  })

  it("delivers a message with datagrams, as an event, or never, but not both ways", () => {
    const event = { request, receive: [{ ...arrives, event: "errorQueue" }] }
    expect(withCell(row)().deliveredAs).toBe("withDatagrams")
    const everywhere = (cell: unknown) => ({
      table: {
        linux: { ipv4: absent, ipv6: cell },
        winsock: { ipv4: absent, ipv6: absent },
        darwin: { ipv4: absent, ipv6: absent }
      }
    })
    expect(withCell(row, everywhere(event))().deliveredAs).toBe("asEvent")
    expect(withCell(row, everywhere({ request: [], send: row.send }))().deliveredAs).toBe("never")
    // The other family's row arrives with datagrams.
    expect(withCell(event)).toThrow(
      new TypeError("Control message 'mark': it comes with datagrams and without; make two messages of it.")
    )
  })

  it("rejects a repeated message of size 0, because a buffer could hold any number", () => {
    expect(withCell(arriving({ payload: payload({ minimum: 0, maximum: 8 }) }), repeated)).toThrow(
      new TypeError("Control message 'mark', linux, ipv4: receive: a repeated message of no size.")
    )
  })
})

describe("the messages that come with the library", () => {
  it("are all there, each with its own key", () => {
    expect(builtIns.map(({ key }) => key).toSorted()).toEqual([
      "checksum",
      "coalescedSize",
      "counterTimestamp",
      "credentials",
      "destinationOptions",
      "dropCount",
      "dscp",
      "ecn",
      "errorReports",
      "flowLabel",
      "fragmentSize",
      "hopByHopOptions",
      "hopLimit",
      "ipOptions",
      "mark",
      "nextHop",
      "originalArrivalInterface",
      "originalDestination",
      "pathMtuReports",
      "pidFd",
      "pktInfo",
      "priority",
      "rights",
      "routingHeader",
      "segmentSize",
      "timestamp",
      "timestamping",
      "trafficClass",
      "transmitTime",
      "transmitTimestamp",
      "unfragmented"
    ])
  })

  it("have a row or a reason for every platform and family", () => {
    for (const message of builtIns)
      for (const platform of platforms)
        for (const family of families) {
          const cell = message.cell(platform, family)
          if (isUnsupported(cell))
            expect(cell.unsupported, `${message.key}, ${platform}, ${family}`).toMatch(/^\S.{10,}[^.]$/)
          else {
            const sends = departure(message, platform, family)
            expect(arrivals(message, platform, family).length + (sends === undefined ? 0 : 1)).toBeGreaterThan(0)
          }
        }
  })

  /** Level and option of the request; level and type of a received message; level and type of a sent one. */
  const facts = (platform: (typeof platforms)[number], family: (typeof families)[number]) =>
    Object.fromEntries(
      builtIns.flatMap((message) => {
        const cell = message.cell(platform, family)
        if (isUnsupported(cell)) return []
        const asked = (requests: ReadonlyArray<Request>) =>
          requests.map((each) =>
            "ioctl" in each
              ? `ioctl ${each.ioctl.toString(16)}=${String(each.input)}`
              : `${each.level},${each.option}=${String(each.value)}${each.instead === undefined ? "" : ` or ${each.level},${each.instead}`}`
          )
        const seen = arrivals(message, platform, family).map(({ level, type }) => `${level},${type}`)
        const sends = departure(message, platform, family)
        const departs = sends ? [...asked(sends.request ?? []), `${sends.level},${sends.type}`] : []
        return [[message.key, [asked(cell.request).join(" "), seen.join(" "), departs.join(" ")].join(" | ")]]
      })
    )

  it("Linux: have the requests, receive types and send types that were measured", () => {
    const socketLevel = {
      dropCount: "1,40=1 | 1,40 | ",
      timestamp: "1,64=1 or 1,35 | 1,64 1,35 | ",
      timestamping: "1,65=24 or 1,37 | 1,65 1,37 | ",
      mark: "1,75=1 | 1,36 | 1,36",
      priority: "1,82=1 | 1,12 | 1,12",
      transmitTime: " |  | 1,61=1,0,0,0,0,0,0,0 1,61",
      segmentSize: " |  | 17,103",
      coalescedSize: "17,104=1 | 17,104 | "
    }
    expect(facts("linux", "ipv4")).toEqual({
      pktInfo: "0,8=1 | 0,8 | 0,8",
      hopLimit: "0,12=1 | 0,2 | 0,2",
      dscp: "0,13=1 | 0,1 | 0,1",
      ecn: "0,13=1 | 0,1 | 0,1",
      trafficClass: "0,13=1 | 0,1 | 0,1",
      ipOptions: "0,6=1 | 0,6 | 0,7",
      originalDestination: "0,20=1 | 0,20 | ",
      checksum: "0,23=1 | 0,23 | ",
      fragmentSize: "0,25=1 | 0,25 | ",
      errorReports: "0,11=1 0,26=1 | 0,11 | ",
      transmitTimestamp: "1,65=2192 or 1,37 | 1,65 1,37 0,11 | 1,37",
      ...socketLevel
    })
    expect(facts("linux", "ipv6")).toEqual({
      pktInfo: "41,49=1 | 41,50 | 41,50",
      hopLimit: "41,51=1 | 41,52 | 41,52",
      dscp: "41,66=1 | 41,67 | 41,67",
      ecn: "41,66=1 | 41,67 | 41,67",
      hopByHopOptions: "41,53=1 | 41,54 | 41,54",
      destinationOptions: "41,58=1 | 41,59 | 41,59",
      trafficClass: "41,66=1 | 41,67 | 41,67",
      routingHeader: "41,56=1 | 41,57 | ",
      originalDestination: "41,74=1 | 41,74 | ",
      fragmentSize: "41,77=1 | 41,77 | ",
      flowLabel: "41,11=1 | 41,11 | 41,11",
      unfragmented: " |  | 41,62",
      errorReports: "41,25=1 41,31=1 | 41,25 | ",
      pathMtuReports: "41,60=1 | 41,61 | ",
      transmitTimestamp: "1,65=2192 or 1,37 | 1,65 1,37 41,25 | 1,37",
      ...socketLevel
    })
    expect(facts("linux", "unix")).toEqual({
      timestamp: "1,64=1 or 1,35 | 1,64 1,35 | ",
      credentials: "1,16=1 | 1,2 | 1,2",
      rights: " | 1,1 | 1,1",
      pidFd: "1,76=1 | 1,4 | "
    })
  })

  it("Winsock: have the requests, receive types and send types of its headers", () => {
    const both = {
      segmentSize: " |  | 17,2",
      coalescedSize: "17,3=65527 | 17,3 | ",
      counterTimestamp: "ioctl 980000eb=1,0,0,0,0,0,0,0 | 65535,12298 | "
    }
    expect(facts("winsock", "ipv4")).toEqual({
      pktInfo: "0,19=1 | 0,19 | 0,19",
      hopLimit: "0,21=1 | 0,4 0,21 | 0,4",
      dscp: "0,40=1 | 0,3 0,39 | 0,3",
      ecn: "0,40=1 | 0,3 0,39 | 0,50",
      trafficClass: "0,40=1 | 0,3 0,39 | 0,3",
      originalArrivalInterface: "0,47=1 | 0,47 | ",
      ...both
    })
    expect(facts("winsock", "ipv6")).toEqual({
      pktInfo: "41,19=1 | 41,19 | 41,19",
      hopLimit: "41,21=1 | 41,21 | 41,21",
      dscp: "41,40=1 | 41,39 | 41,39",
      ecn: "41,40=1 | 41,39 | 41,50",
      trafficClass: "41,40=1 | 41,39 | 41,39",
      unfragmented: " |  | 41,14",
      ...both,
      hopByHopOptions: "41,1=1 | 41,1 | 41,1",
      routingHeader: "41,38=1 | 41,32 | 41,32"
    })
    expect(facts("winsock", "unix")).toEqual({})
  })

  it("Darwin: have the requests, receive types and send types of its headers", () => {
    expect(facts("darwin", "ipv4")).toEqual({
      pktInfo: "0,26=1 | 0,26 | 0,26",
      hopLimit: "0,24=1 | 0,24 | ",
      dscp: "0,27=1 | 0,27 | 0,3",
      ecn: "0,27=1 | 0,27 | 0,3",
      trafficClass: "0,27=1 | 0,27 | 0,3",
      timestamp: "65535,1024=1 | 65535,2 | "
    })
    expect(facts("darwin", "ipv6")).toEqual({
      pktInfo: "41,61=1 | 41,46 | 41,46",
      hopLimit: "41,37=1 | 41,47 | 41,47",
      dscp: "41,35=1 | 41,36 | 41,36",
      ecn: "41,35=1 | 41,36 | 41,36",
      hopByHopOptions: "41,39=1 | 41,49 | 41,49",
      destinationOptions: "41,40=1 | 41,50 | 41,50",
      routingHeader: "41,38=1 | 41,51 | 41,51",
      nextHop: " |  | 41,48",
      pathMtuReports: "41,43=1 | 41,44 | ",
      trafficClass: "41,35=1 | 41,36 | 41,36",
      unfragmented: " |  | 41,62",
      timestamp: "65535,1024=1 | 65535,2 | "
    })
    expect(facts("darwin", "unix")).toEqual({
      timestamp: "65535,1024=1 | 65535,2 | ",
      rights: " | 65535,1 | 65535,1"
    })
  })

  it("validate any value to be sent with a sentence or undefined, never an exception", () => {
    const value = FastCheck.anything({ withNullPrototype: true, withBigInt: true })
    const record = FastCheck.record({ source: value, interfaceIndex: value }, { requiredKeys: [] })
    for (const message of builtIns)
      for (const { family, platform, sends } of departures(message))
        FastCheck.assert(
          FastCheck.property(FastCheck.oneof(value, record), (given) => {
            const sentence = refusal(sends, given)
            if (sentence !== undefined) expect(sentence, `${message.key}, ${platform}, ${family}`).toMatch(/\S/)
          }),
          { numRuns: 200 }
        )
  })

  it("read any payload of their size as a value or as malformed, and nothing outside", () => {
    for (const message of builtIns)
      for (const platform of platforms)
        for (const family of families)
          for (const arrival of arrivals(message, platform, family)) {
            const { size } = arrival.payload
            const [minLength, maxLength] = typeof size === "number" ? [size, size] : [size.minimum ?? 0, size.maximum]
            FastCheck.assert(
              FastCheck.property(FastCheck.uint8Array({ minLength, maxLength }), (bytes) => {
                expect(fits(size, bytes.length)).toBe(true)
                // Among other bytes, and at the very end of the buffer.
                const value = read(arrival, bytes)
                const alone = arrival.payload.read(new DataView(new Uint8Array(bytes).buffer), 0, bytes.length)
                if (Codec.isMalformed(value)) expect(value.offset).toBe(4)
                expect(Codec.isMalformed(value) ? value.malformed : value).toEqual(
                  Codec.isMalformed(alone) ? alone.malformed : alone
                )
              }),
              { numRuns: 50 }
            )
          }
  })

  it("the row of macOS gives the reason why no IPv4 hop limit can be sent", () => {
    const cell = HopLimit.cell("darwin", "ipv4")
    expect(isUnsupported(cell) ? cell : cell.send).toEqual({
      unsupported: "macOS takes no TTL per IPv4 datagram"
    })
  })
})
