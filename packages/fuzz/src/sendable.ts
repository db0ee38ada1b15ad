/**
 * Messages that can be sent with a datagram over loopback, and the values that its receiver must read. Other messages are also sent, with a
 * value that they accept. Then either the datagram must arrive, or the refusal must be a typed error.
 */
import { Codec, ExtensionHeader, InternetEndpoint, Ipv4Address, Ipv6Address } from "@ancillary/control"
import type { SendEntry } from "@ancillary/engine/plan/Plan"
import type { Random } from "./random.ts"

/** A datagram before it is sent. */
export interface Sending {
  readonly to: InternetEndpoint<"ipv4"> | InternetEndpoint<"ipv6">
  readonly payload: number
  /** Index of `lo`. */
  readonly loopback: number
}

export interface Control {
  readonly [key: string]: unknown
}

/** Any address of 127.0.0.0/8 that is not a broadcast address. */
export const loopbackAddress = (random: Random): Ipv4Address =>
  Ipv4Address.of(127, random.below(256), random.below(256), 1 + random.below(254))

const codepoints = ["not-ect", "ect1", "ect0", "ce"] as const

/** Types that receivers ignore, and at most 7 bytes of padding in a row. Other options are dropped on arrival. */
const headers = (random: Random): ExtensionHeader.OptionsToSend => ({
  options: Array.from({ length: 1 + random.below(4) }, () => {
    const x = random.pick([1, 2, 4, 8] as const)
    const alignment = random.oneIn(2) ? undefined : { x, y: random.below(x) }
    return { type: random.pick([0x1e, 0x3e]), data: random.bytes(random.below(30)), alignment }
  })
})

/** No operation, router alert, and the end. */
const ipOptions = (random: Random): Uint8Array =>
  Uint8Array.from(
    Array.from({ length: random.below(4) }, () => random.pick([[1], [0x94, 4, 0, 0]]))
      .flat()
      .concat(random.pick([[], [0]]))
  )

const values: { readonly [key: string]: (random: Random, sending: Sending) => unknown } = {
  pktInfo: (random, { loopback, to }) => ({
    ...(random.oneIn(3)
      ? {}
      : { source: to.family === "ipv4" ? loopbackAddress(random) : Ipv6Address.of([0, 0, 0, 0, 0, 0, 0, 1]) }),
    ...(random.oneIn(2) ? {} : { interfaceIndex: loopback })
  }),
  hopLimit: (random) => 1 + random.below(255),
  trafficClass: (random) => random.below(256),
  dscp: (random) => random.below(64),
  ecn: (random) => random.pick(codepoints),
  flowLabel: (random) => 1 + random.below(0xf_ffff),
  mark: (random) => random.draw(),
  priority: (random) => (random.oneIn(2) ? random.below(7) : random.draw()),
  // At most 8 segments, so that all of them fit into the receiver's buffer.
  segmentSize: (random, { payload }) => Math.ceil(payload / 8) + 1 + random.below(400),
  ipOptions,
  transmitTime: (random) => BigInt(random.draw()),
  unfragmented: (random) => random.oneIn(2),
  hopByHopOptions: headers,
  destinationOptions: headers
}

/** Values that a program without types might pass. */
const guesses: ReadonlyArray<unknown> = [
  0,
  1,
  2,
  64,
  1000,
  true,
  1n,
  "",
  "::1",
  new Uint8Array(0),
  new Uint8Array(8),
  {},
  []
]

/** A value to send, or undefined if none is found. */
export const draw = (random: Random, { declaration, format }: SendEntry, sending: Sending): unknown => {
  const known = values[declaration.message.key]
  if (known !== undefined) return known(random, sending)
  const { validate } = format.payload
  const taken = guesses.filter((guess) => validate !== undefined && validate(guess as never) === undefined)
  return taken.length > 0 ? random.pick(taken) : undefined
}

export const isKnown = (key: string): boolean => key in values

/** A message that does not arrive. */
export const absent = Symbol("absent")

const classOf = ({ dscp, ecn, trafficClass }: Control): number =>
  typeof trafficClass === "number"
    ? trafficClass
    : ((typeof dscp === "number" ? dscp : 0) << 2) | Math.max(0, codepoints.indexOf(ecn as "ce"))

const optionsRead = (sent: unknown, nextHeader: number) => {
  if (sent === undefined) return absent
  const header = sent as ExtensionHeader.OptionsToSend
  const bytes = ExtensionHeader.buildOptions(header)
  // The kernel writes the number of the next header.
  if (!Codec.isMalformed(bytes)) bytes[0] = nextHeader
  return {
    nextHeader,
    options: header.options.map(({ data, type }) => ({
      type,
      data,
      ifUnknown: "skip",
      changeable: (type & 0x20) !== 0
    })),
    bytes
  }
}

const padded = (sent: unknown) => {
  if (!(sent instanceof Uint8Array) || sent.length === 0) return absent
  const bytes = new Uint8Array(Math.ceil(sent.length / 4) * 4)
  bytes.set(sent)
  return bytes
}

/** The values that the receiver must read, if they are known. */
export const readings = (sent: Control, { loopback, to }: Sending): Control => {
  const { address } = to
  const byte = classOf(sent)
  return {
    pktInfo: {
      destination: address,
      local: address instanceof Ipv4Address ? address : undefined,
      interfaceIndex: loopback
    },
    hopLimit: sent["hopLimit"] ?? 64,
    trafficClass: byte,
    dscp: byte >> 2,
    ecn: codepoints[byte & 3],
    originalDestination: to,
    mark: sent["mark"] ?? 0,
    ipOptions: padded(sent["ipOptions"]),
    hopByHopOptions: optionsRead(sent["hopByHopOptions"], sent["destinationOptions"] === undefined ? 17 : 60),
    destinationOptions: optionsRead(sent["destinationOptions"], 17),
    routingHeader: absent,
    fragmentSize: absent,
    // The kernel chooses a flow label if none is sent, and derives a priority from the class.
    ...("flowLabel" in sent ? { flowLabel: sent["flowLabel"] } : {}),
    ...("priority" in sent ? { priority: sent["priority"] } : {})
  }
}

/** The source address without a requested one. */
export const sourceOf = (sent: Control, { to }: Sending): Ipv4Address | Ipv6Address => {
  const { source } = (sent["pktInfo"] ?? {}) as { readonly source?: Ipv4Address | Ipv6Address }
  if (source !== undefined) return source
  return to.family === "ipv4" ? Ipv4Address.of(127, 0, 0, 1) : to.address
}
