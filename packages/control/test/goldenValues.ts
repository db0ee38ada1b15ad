/**
 * The contents of the golden buffers (`../golden/c/buffers.c`) by the tokens of their names: the values that decoding returns, and the messages
 * that encoding writes.
 */
import {
  Codec,
  type ControlBuffer,
  Descriptor,
  Dscp,
  Ecn,
  endpoint,
  ExtensionHeader,
  Ipv4Address,
  Ipv6Address,
  type Platform
} from "@ancillary/control"
import { builtIns, departure, type RowFamily, written } from "./messages.ts"
import { fromHex, viewOf } from "./vectors.ts"

/** By the key of the message. Views of one byte have several. */
type Values = ReadonlyArray<readonly [key: string, value: unknown]>

const stamp = 1_700_000_000_123_456_789n
const address6 = Ipv6Address.of([0x2001, 0xdb8, 0, 0, 0, 0, 0, 1])
const addressOf = (family: RowFamily) => (family === "ipv4" ? Ipv4Address.of(198, 51, 100, 2) : address6)

/** Values that are the same on every platform and of every family, read and sent. */
const plain: { readonly [token: string]: unknown } = {
  hopLimit: 64,
  dropCount: 5,
  timestamp: stamp,
  timestamping: { software: stamp, hardware: 1_600_000_000_000_000_001n },
  counterTimestamp: stamp,
  mark: 0xfedcba98,
  priority: 6,
  transmitTime: stamp,
  segmentSize: 1200,
  coalescedSize: 1200,
  unfragmented: true,
  transmitTimestamp: 7,
  flowLabel: 0xabcd,
  checksum: 0x8001fffe,
  fragmentSize: 1500,
  ipOptions: fromHex("0707040000000000"),
  originalArrivalInterface: 7,
  rights: [5, 6, 7].map((number) => new Descriptor(number)),
  credentials: { pid: 4321, uid: 1000, gid: 65_534 }
}

const group = (last: number) => `20010db800000000000000000000000${last}`
const segments = [1, 2].map((last) => Ipv6Address.of([0x2001, 0xdb8, 0, 0, 0, 0, 0, last]))
const optionsHeader = (
  bytes: string,
  type: number,
  data: Uint8Array,
  changeable: boolean
): ExtensionHeader.OptionsHeader => ({
  nextHeader: 17,
  options: [{ type, data, ifUnknown: "skip", changeable }],
  bytes: fromHex(bytes)
})

export const valuesOf = (token: string, platform: Platform, family: RowFamily): Values => {
  switch (token) {
    case "pktInfo": {
      // Linux reports the address that it would reply from for IPv4.
      const local = platform === "linux" && family === "ipv4" ? Ipv4Address.of(192, 0, 2, 1) : undefined
      return [["pktInfo", { destination: addressOf(family), local, interfaceIndex: 7 }]]
    }
    case "trafficClass":
      return [
        ["dscp", 46],
        ["ecn", "ect1"],
        ["trafficClass", 0xb9]
      ]
    case "originalDestination": {
      const to = endpoint(family, { address: family === "ipv4" ? "198.51.100.2" : "2001:db8::1%7", port: 5353 })
      if (Codec.isMalformed(to)) throw new Error(to.malformed)
      return [["originalDestination", to]]
    }
    case "routingHeader": {
      const bytes = fromHex("1100fd0001020304")
      const data = fromHex("01020304")
      return [[token, { kind: "unknown", type: 253, nextHeader: 17, segmentsLeft: 0, bytes, data }]]
    }
    case "segments":
      return [
        [
          "routingHeader",
          {
            kind: "segments",
            type: 4,
            nextHeader: 17,
            segmentsLeft: 1,
            bytes: fromHex(`1104040101001234${group(1)}${group(2)}`),
            addresses: segments,
            flags: 0,
            tag: 0x1234,
            tlvs: new Uint8Array(0)
          }
        ]
      ]
    case "hopByHopOptions":
      return [[token, optionsHeader("1100050200000100", 5, fromHex("0000"), false)]]
    case "destinationOptions":
      return [[token, optionsHeader("11013e0501020304050105" + "00".repeat(5), 0x3e, fromHex("0102030405"), true)]]
    case "right":
      return [["rights", [new Descriptor(5)]]]
    case "timestampOld":
      // Linux: the number of kernels before 5.1.
      return [["timestamp", stamp]]
    case "timestampingOld":
      return [["timestamping", plain["timestamping"]]]
    default:
      if (!(token in plain)) throw new Error(`nobody says what '${token}' shall be read as`)
      return [[token, plain[token]]]
  }
}

/** The values of an entry of the error queue, or of a report in place of a datagram. Messages of datagrams have no value in it. */
export const eventsOf = (token: string, family: RowFamily): Values => {
  const error = { errno: 0, origin: "icmp", type: 0, code: 0, info: 0, data: 0, offender: undefined }
  switch (token) {
    case "refused":
      return [["errorReports", { ...error, errno: 111, type: 3, code: 3, offender: Ipv4Address.of(198, 51, 100, 2) }]]
    case "tooLarge": {
      const offender = Ipv6Address.of([0xfe80, 0, 0, 0, 0, 0, 0, 1]).withZone(7)
      return [["errorReports", { ...error, errno: 90, origin: "icmp6", type: 2, info: 1280, offender }]]
    }
    case "labelled": {
      const data = family === "ipv4" ? 100 : 80 | (1 << 16)
      const at = family === "ipv4" ? { at: 100, valid: true } : { at: 80, valid: false }
      const [origin, type] = family === "ipv4" ? ["icmp", 11] : ["icmp6", 3]
      return [
        ["errorReports", { ...error, errno: 113, origin, type, data, offender: addressOf(family), extension: at }]
      ]
    }
    case "tooLargeHere":
      return [["errorReports", { ...error, errno: 90, origin: "local", info: 1500 }]]
    case "stamp":
    case "stampOld":
      return [["transmitTimestamp", { timestamp: stamp }]]
    case "stampedSend":
      return family === "ipv4"
        ? [["transmitTimestamp", { number: 0xfffffffe, stage: "scheduled" }]]
        : [["transmitTimestamp", { number: 9, stage: "sent" }]]
    case "pathMtu":
      return [["pathMtuReports", { destination: address6, mtu: 1280 }]]
    default:
      return []
  }
}

/** A message of a built-in as its row writes it. */
const sent = (key: string, platform: Platform, family: RowFamily, value: unknown) => {
  const message = builtIns.find((each) => each.key === key)
  const sends = message === undefined ? undefined : departure(message, platform, family)
  if (sends === undefined) throw new Error(`'${key}' is not sent on ${platform}, ${family}`)
  return { level: sends.level, type: sends.type, payload: written(sends, value), shared: sends.shared }
}

export const messageSent = (token: string, platform: Platform, family: RowFamily): ControlBuffer.RawMessage => {
  switch (token) {
    case "pktInfo":
      return sent(token, platform, family, { source: family === "ipv4" ? "192.0.2.1" : address6, interfaceIndex: 7 })
    case "hopByHopOptions":
      return sent(token, platform, family, { options: [ExtensionHeader.routerAlert(0)] })
    case "destinationOptions":
      return sent(token, platform, family, { options: [{ type: 0x3e, data: fromHex("0102030405") }] })
    case "segments":
      return sent("routingHeader", platform, family, { kind: "segments", addresses: segments, tag: 0x1234 })
    case "right":
      return sent("rights", platform, family, [5])
    case "ecn":
      return sent(token, platform, family, "ect1")
    case "trafficClass": {
      // 0xb9, from two views of it. On Winsock ECN is a message and not a view, so its bits are the current value of the socket.
      const views = [sent(Dscp.key, platform, family, 46), sent(Ecn.key, platform, family, "ect1")]
      let number = 0xb9
      for (const { payload, shared } of views)
        if (shared) number = (number & ~shared.mask) | (viewOf(payload).getInt32(0, true) & shared.mask)
      const [{ level, type } = { level: -1, type: -1 }] = views
      return { level, type, payload: new Uint8Array(Int32Array.of(number).buffer) }
    }
    default:
      if (!(token in plain)) throw new Error(`nobody says how '${token}' is sent`)
      return sent(token, platform, family, plain[token])
  }
}
