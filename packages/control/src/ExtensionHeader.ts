/**
 * IPv6 extension headers: hop-by-hop options, destination options and routing headers. Converts their bytes to values
 * and back.
 *
 * **Details**
 *
 * All their integers are big-endian. Every header begins with the number of the next header, which the kernel writes on
 * sending. The second byte is its own length in units of 8 bytes, without the first 8. A header has 8 to 2048 bytes.
 *
 * Reading is total: any bytes result in a header or a `Malformed`. Building fails with a reason if no receiver would
 * accept the header.
 *
 * @example
 * ```ts
 * import { ExtensionHeader } from "@ancillary/control"
 *
 * ExtensionHeader.buildOptions({ options: [ExtensionHeader.routerAlert(0)] }) // => Uint8Array.of(0, 0, 5, 2, 0, 0, 1, 0)
 * ```
 *
 * @see RFC 8200 section 4; RFC 3542 sections 8 to 10; RFC 6275 section 6.4; RFC 8754 section 2
 * @since 0.1.0
 */
import { type Codec, isInteger, isMalformed, type Malformed, format } from "./Codec.ts"
import { isIpv6 } from "./internal/addresses.ts"
import { within } from "./internal/bounds.ts"
import { copyOf, isBytes } from "./internal/givenBytes.ts"
import { Ipv6Address } from "./Ipv6Address.ts"
import { readIpv6, writeIpv6 } from "./SocketAddress.ts"

/**
 * Action of a node that does not know the option. `report` sends an ICMP parameter problem to the source.
 *
 * @category models
 * @since 0.1.0
 */
export type UnknownOption = "skip" | "discard" | "discard-and-report" | "discard-and-report-unless-multicast"

/**
 * An option of a received packet.
 *
 * @category models
 * @since 0.1.0
 */
export interface HeaderOption {
  /** 2 to 255, with the bits that `ifUnknown` and `changeable` decode. */
  readonly type: number
  readonly data: Uint8Array
  /** Action of a node that does not know the type: its upper two bits. */
  readonly ifUnknown: UnknownOption
  /** True if routers may change the data on the path: the third bit of the type. */
  readonly changeable: boolean
}

/**
 * Alignment of an option, as RFC 8200 defines it. The offset of its type from the start of the header is a multiple of
 * `x` bytes, plus `y`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Alignment {
  readonly x: 1 | 2 | 4 | 8
  /** 0 to `x` − 1. */
  readonly y: number
}

/**
 * An option to build a header with. A received option is accepted, too.
 *
 * @category models
 * @since 0.1.0
 */
export interface OptionToSend {
  /** 2 to 255. Types 0 and 1 are padding, which is inserted if alignment requires it. */
  readonly type: number
  /** At most 255 bytes. */
  readonly data: Uint8Array
  /** Alignment of the option. Absent: it may start at any offset. */
  readonly alignment?: Alignment | undefined
}

/**
 * A hop-by-hop or destination options header of a received packet: its options without padding, and its bytes with
 * padding.
 *
 * @category models
 * @since 0.1.0
 */
export interface OptionsHeader {
  /** The number of the next header: 17 for UDP. */
  readonly nextHeader: number
  readonly options: ReadonlyArray<HeaderOption>
  /**
   * The whole header as the kernel delivered it, 8 to 2048 bytes, a copy. It includes the padding, the order and
   * offsets of options, and the header's length in byte 1. Sending ignores it, because a header to send is built from
   * `options`.
   */
  readonly bytes: Uint8Array
}

/**
 * A hop-by-hop or destination options header to send. A received header is accepted, too. Its `nextHeader` is ignored,
 * because the kernel sets it.
 *
 * **Gotchas**
 *
 * On receiving, Linux drops a header of more than 8 options (`net.ipv6.max_hbh_opts_number`, `max_dst_opts_number`). It
 * also drops a header with an unknown option, unless the type of the option means `skip`. The sender gets no error.
 *
 * @category models
 * @since 0.1.0
 */
export interface OptionsToSend {
  readonly options: ReadonlyArray<OptionToSend>
}

interface AnyRoutingHeader {
  /** The number of the next header: 17 for UDP. */
  readonly nextHeader: number
  /** Number of nodes that the packet had still to visit, 0 at the last one. */
  readonly segmentsLeft: number
  /** The whole header as the kernel delivered it, 8 to 2048 bytes, a copy. Sending ignores it. */
  readonly bytes: Uint8Array
}

/**
 * Routing header of type 0: a list of nodes to visit. Forbidden since RFC 5095, because anyone could send packets back
 * and forth between two nodes with it.
 *
 * @category models
 * @since 0.1.0
 */
export interface SourceRoute extends AnyRoutingHeader {
  readonly kind: "sourceRoute"
  readonly type: 0
  readonly addresses: ReadonlyArray<Ipv6Address>
}

/**
 * Routing header of type 2: the home address of a mobile node (RFC 6275).
 *
 * @category models
 * @since 0.1.0
 */
export interface HomeAddress extends AnyRoutingHeader {
  readonly kind: "homeAddress"
  readonly type: 2
  readonly address: Ipv6Address
}

/**
 * Routing header of type 4: segments to visit (RFC 8754).
 *
 * @category models
 * @since 0.1.0
 */
export interface Segments extends AnyRoutingHeader {
  readonly kind: "segments"
  readonly type: 4
  /** In the order of the header: the first is the last one to visit. */
  readonly addresses: ReadonlyArray<Ipv6Address>
  readonly flags: number
  /** 16 bits that mark packets of one class. */
  readonly tag: number
  /** Type-length-value objects after the addresses, as bytes. */
  readonly tlvs: Uint8Array
}

/**
 * A routing header of an unknown type.
 *
 * @category models
 * @since 0.1.0
 */
export interface UnknownRoutingHeader extends AnyRoutingHeader {
  readonly kind: "unknown"
  readonly type: number
  /** The bytes after the first 4. */
  readonly data: Uint8Array
}

/**
 * A routing header of a received packet; `kind` is its type.
 *
 * @category models
 * @since 0.1.0
 */
export type RoutingHeader = SourceRoute | HomeAddress | Segments | UnknownRoutingHeader

/**
 * A home address to send. A received one is accepted, too.
 *
 * @category models
 * @since 0.1.0
 */
export interface HomeAddressToSend {
  readonly kind: "homeAddress"
  readonly address: Ipv6Address | string
}

/**
 * Segments to send. Received ones are accepted, too.
 *
 * @category models
 * @since 0.1.0
 */
export interface SegmentsToSend {
  readonly kind: "segments"
  /**
   * In the order of the header: the first is the last one to visit. Linux writes the datagram's destination over the
   * first element.
   */
  readonly addresses: ReadonlyArray<Ipv6Address | string>
  /** Absent: all addresses but one, so that the datagram goes to the end of `addresses` first. */
  readonly segmentsLeft?: number | undefined
  /** 0 to 255. Absent: 0. */
  readonly flags?: number | undefined
  /** 0 to 65535. Absent: 0. */
  readonly tag?: number | undefined
  /** A multiple of 8 bytes. Absent: no objects. */
  readonly tlvs?: Uint8Array | undefined
}

/**
 * A routing header to send, of type 2 or 4. Type 0 must not be sent (RFC 5095).
 *
 * @category models
 * @since 0.1.0
 */
export type RoutingHeaderToSend = HomeAddressToSend | SegmentsToSend

const maximum = 2048
const size = { minimum: 8, maximum }
const pad1 = 0
const padN = 1

const copy = (view: DataView, at: number, length: number): Uint8Array =>
  new Uint8Array(view.buffer, view.byteOffset + at, length).slice()
const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
const malformed = (why: string, offset: number): Malformed => ({ malformed: why, offset })

/** Checks the size and the declared length of a header of any kind. */
const frame = (view: DataView, at: number, length: number): Malformed | undefined => {
  if (length < 8 || length % 8 !== 0 || length > maximum)
    return malformed(`an extension header of ${length} bytes is not a multiple of 8 from 8 to ${maximum}`, at)
  const declared = 8 * (view.getUint8(at + 1) + 1)
  return declared === length
    ? undefined
    : malformed(`an extension header declares ${declared} bytes and has ${length}`, at)
}

// ---- options

const unknownOptions: ReadonlyArray<UnknownOption> = [
  "skip",
  "discard",
  "discard-and-report",
  "discard-and-report-unless-multicast"
]

const readOptions = (view: DataView, at: number, length: number): OptionsHeader | Malformed => {
  const wrong = frame(view, at, length)
  if (wrong !== undefined) return wrong
  const options: Array<HeaderOption> = []
  const end = at + length
  for (let option = at + 2; option < end;) {
    const type = view.getUint8(option)
    if (type === pad1) {
      option++
      continue
    }
    const dataAt = option + 2
    if (dataAt > end) return malformed(`an option of type ${type} has no length`, at)
    const dataLength = view.getUint8(option + 1)
    if (dataAt + dataLength > end)
      return malformed(`an option of type ${type} declares ${dataLength} bytes, ${end - dataAt} are left`, at)
    if (type !== padN) {
      const ifUnknown = unknownOptions[type >> 6] ?? "skip"
      options.push({ type, data: copy(view, dataAt, dataLength), ifUnknown, changeable: (type & 0x20) !== 0 })
    }
    option = dataAt + dataLength
  }
  return { nextHeader: view.getUint8(at), options, bytes: copy(view, at, length) }
}

/** Bytes of padding before an option at `x` × n + `y`: at most 7. Receivers accept no more between two options. */
const padding = (at: number, { x, y }: Alignment): number => (((y - at) % x) + x) % x
const anywhere: Alignment = { x: 1, y: 0 }
const end: Alignment = { x: 8, y: 0 }

const sizeOfOptions = ({ options }: OptionsToSend): number => {
  let at = 2
  for (const { alignment, data } of options) at += padding(at, alignment ?? anywhere) + 2 + data.length
  return at + padding(at, end)
}

/**
 * Reads each field of the options once, because a getter may return another value the next time. The size is computed
 * from the values that were read.
 */
const takeOptions = (header: unknown): OptionsToSend | string => {
  try {
    if (typeof header !== "object" || header === null) return notOptions(header)
    const given: unknown = (header as Partial<OptionsToSend>).options
    if (!Array.isArray(given)) return notOptions(header)
    const taken: Array<OptionToSend> = []
    for (const [index, option] of (given as ReadonlyArray<unknown>).entries()) {
      const each = takeOption(option)
      if (typeof each === "string") return `option ${index}: ${each}`
      taken.push(each)
    }
    const bytes = sizeOfOptions({ options: taken })
    return bytes > maximum
      ? `${bytes} bytes of options are more than the ${maximum} that fit into a header`
      : { options: taken }
  } catch {
    return "the options header cannot be read, because a field of it throws"
  }
}

const notOptions = (header: unknown): string =>
  `${format(header)} is not an options header: a record with an array of 'options'`

const takeOption = (option: unknown): OptionToSend | string => {
  if (typeof option !== "object" || option === null) return `${format(option)} is not an option: a type and its data`
  const { alignment, data, type } = option as Partial<OptionToSend>
  if (type === pad1 || type === padN) return `type ${type} is padding, which is inserted if alignment requires it`
  if (!isInteger(type, 2, 255)) return `${format(type)} is not a type of option: an integer from 2 to 255`
  const copied = copyOf(data)
  if (copied === undefined) return `the data ${format(data)} is not a Uint8Array`
  if (copied.length > 255) return `${copied.length} bytes of data are more than the 255 that fit into an option`
  if (alignment === undefined) return { type, data: copied }
  if (typeof alignment !== "object" || alignment === null) return `${format(alignment)} is not an alignment: { x, y }`
  const { x, y } = alignment
  if (![1, 2, 4, 8].includes(x)) return `an alignment to ${format(x)} bytes is not allowed: give 1, 2, 4 or 8`
  return isInteger(y, 0, x - 1)
    ? { type, data: copied, alignment: { x, y } }
    : `an alignment of ${x}n+${format(y)}: y is an integer from 0 to ${x - 1}`
}

const refused = (why: string): RangeError => new RangeError(`${why}: give what 'refuse' takes.`)

const writeOptions = (view: DataView, start: number, given: OptionsToSend): number => {
  const header = takeOptions(given)
  if (typeof header === "string") throw refused(header)
  const length = sizeOfOptions(header)
  let at = 0
  const put = (byte: number) => view.setUint8(start + at++, byte)
  const pad = (bytes: number) => {
    if (bytes === 1) return put(pad1)
    if (bytes === 0) return
    put(padN)
    put(bytes - 2)
    for (let i = 2; i < bytes; i++) put(0)
  }
  put(0)
  put(length / 8 - 1)
  for (const { alignment, data, type } of header.options) {
    pad(padding(at, alignment ?? anywhere))
    put(type)
    put(data.length)
    for (const byte of data) put(byte)
  }
  pad(padding(at, end))
  return length
}

const validateOptions = (header: OptionsToSend): string | undefined => {
  const taken = takeOptions(header)
  return typeof taken === "string" ? taken : undefined
}

/**
 * Makes a router alert option, which requests every router on the path to examine the packet. The value is 0 to 65535,
 * and 0 is multicast listener discovery. Any other number throws a `RangeError`.
 *
 * @see RFC 2711; IANA, IPv6 Router Alert Option Values
 * @category options
 * @since 0.1.0
 */
export const routerAlert = (value: number): OptionToSend => {
  within("A value of router alert", value, 0, 0xffff)
  return { type: 5, data: Uint8Array.of(value >> 8, value & 255), alignment: { x: 2, y: 0 } }
}

/**
 * Codec of an options header.
 *
 * **Details**
 *
 * Writing inserts `Pad1` and `PadN`, at most 7 zero bytes of them in a row. Reading removes them, whatever their
 * contents.
 *
 * @category codecs
 * @since 0.1.0
 */
export const options: Pick<Codec<OptionsHeader>, "size" | "read"> & Pick<Codec<OptionsToSend>, "write" | "validate"> = {
  size,
  read: readOptions,
  write: writeOptions,
  validate: validateOptions
}

/**
 * Reads an options header.
 *
 * @category parsing
 * @since 0.1.0
 */
export const parseOptions = (bytes: Uint8Array): OptionsHeader | Malformed =>
  isBytes(bytes) ? readOptions(viewOf(bytes), 0, bytes.length) : malformed(`${format(bytes)} is not a Uint8Array`, 0)

/**
 * Builds the bytes of an options header, or returns the reason why it cannot.
 *
 * @category building
 * @since 0.1.0
 */
export const buildOptions = (header: OptionsToSend): Uint8Array | Malformed => {
  const taken = takeOptions(header)
  if (typeof taken === "string") return malformed(taken, 0)
  const bytes = new Uint8Array(sizeOfOptions(taken))
  writeOptions(viewOf(bytes), 0, taken)
  return bytes
}

// ---- routing

const readAddresses = (view: DataView, at: number, count: number): ReadonlyArray<Ipv6Address> =>
  Array.from({ length: count }, (_, index) => readIpv6(view, at + 16 * index))

const readRouting = (view: DataView, at: number, length: number): RoutingHeader | Malformed => {
  const wrong = frame(view, at, length)
  if (wrong !== undefined) return wrong
  const type = view.getUint8(at + 2)
  const segmentsLeft = view.getUint8(at + 3)
  const common = { nextHeader: view.getUint8(at), segmentsLeft, bytes: copy(view, at, length) }
  const behind = length - 8
  const tooMany = (addresses: number) =>
    malformed(`a routing header of type ${type} has ${segmentsLeft} segments left of ${addresses}`, at)
  if (type === 0) {
    const count = behind / 16
    if (!Number.isInteger(count)) return malformed(`a routing header of type 0 with ${behind} bytes of addresses`, at)
    if (segmentsLeft > count) return tooMany(count)
    return { kind: "sourceRoute", type, ...common, addresses: readAddresses(view, at + 8, count) }
  }
  if (type === 2) {
    if (behind !== 16) return malformed(`a routing header of type 2 with ${behind} bytes for its one address`, at)
    if (segmentsLeft > 1) return tooMany(1)
    return { kind: "homeAddress", type, ...common, address: readIpv6(view, at + 8) }
  }
  if (type === 4) {
    const count = view.getUint8(at + 4) + 1
    if (16 * count > behind)
      return malformed(`a routing header of type 4 lists ${count} segments in ${behind} bytes`, at)
    // RFC 8754, section 4.1.1: the list may omit the first segment, so `segmentsLeft` may be as large as the list.
    if (segmentsLeft > count) return tooMany(count)
    return {
      kind: "segments",
      type,
      ...common,
      addresses: readAddresses(view, at + 8, count),
      flags: view.getUint8(at + 5),
      tag: view.getUint16(at + 6),
      tlvs: copy(view, at + 8 + 16 * count, behind - 16 * count)
    }
  }
  return { kind: "unknown", type, ...common, data: copy(view, at + 4, length - 4) }
}

const noBytes = new Uint8Array(0)

/** A validated routing header. */
type TakenRouting =
  | { readonly kind: "homeAddress"; readonly address: Ipv6Address }
  | {
      readonly kind: "segments"
      readonly addresses: ReadonlyArray<Ipv6Address>
      readonly segmentsLeft: number
      readonly flags: number
      readonly tag: number
      readonly tlvs: Uint8Array
    }

const sizeOfRouting = (header: TakenRouting): number =>
  header.kind === "homeAddress" ? 24 : 8 + 16 * header.addresses.length + header.tlvs.length

const takeAddress = (given: unknown): Ipv6Address | string => {
  const address = typeof given === "string" ? Ipv6Address.parse(given) : given
  if (isIpv6(address)) return address
  return typeof given === "string" && isMalformed(address)
    ? address.malformed
    : `${format(given)} is not an IPv6 address`
}

/** Reads each field of a routing header once. */
const takeRouting = (header: unknown): TakenRouting | string => {
  try {
    if (typeof header !== "object" || header === null) return notRouting(header)
    const { kind } = header as { readonly kind?: unknown }
    if (kind === "sourceRoute")
      return "a routing header of type 0 must not be sent (RFC 5095): it lets anybody send packets to and fro between two nodes"
    if (kind === "segments") return takeSegments(header)
    if (kind !== "homeAddress") return notRouting(header)
    const address = takeAddress((header as { readonly address?: unknown }).address)
    return typeof address === "string" ? address : { kind, address }
  } catch {
    return "the routing header cannot be read, because a field of it throws"
  }
}

const notRouting = (header: unknown): string =>
  `${format(header)} is not a routing header of kind "homeAddress" or "segments"`

const takeSegments = (header: object): TakenRouting | string => {
  const { addresses: given, flags = 0, segmentsLeft, tag = 0, tlvs = noBytes } = header as Partial<SegmentsToSend>
  if (!Array.isArray(given) || given.length === 0) return "segments are an array of at least one address"
  const addresses: Array<Ipv6Address> = []
  for (const each of given as ReadonlyArray<unknown>) {
    const address = takeAddress(each)
    if (typeof address === "string") return address
    addresses.push(address)
  }
  if (segmentsLeft !== undefined && !isInteger(segmentsLeft, 0, addresses.length))
    return `${format(segmentsLeft)} segments left of ${addresses.length}`
  if (!isInteger(flags, 0, 255)) return `flags of ${format(flags)} are not an integer from 0 to 255`
  if (!isInteger(tag, 0, 0xffff)) return `a tag of ${format(tag)} is not an integer from 0 to 65535`
  const copied = copyOf(tlvs)
  if (copied === undefined || copied.length % 8 !== 0)
    return "what stands behind the addresses is a Uint8Array of a multiple of 8 bytes"
  const left = segmentsLeft ?? addresses.length - 1
  const taken = { kind: "segments", addresses, segmentsLeft: left, flags, tag, tlvs: copied } as const
  const bytes = sizeOfRouting(taken)
  return bytes > maximum ? `${bytes} bytes of segments are more than the ${maximum} that fit into a header` : taken
}

const writeRouting = (view: DataView, at: number, given: RoutingHeaderToSend): number => {
  const header = takeRouting(given)
  if (typeof header === "string") throw refused(header)
  const length = sizeOfRouting(header)
  for (let i = 0; i < length; i++) view.setUint8(at + i, 0)
  view.setUint8(at + 1, length / 8 - 1)
  if (header.kind === "homeAddress") {
    view.setUint8(at + 2, 2)
    view.setUint8(at + 3, 1)
    writeIpv6(view, at + 8, header.address)
    return length
  }
  const { addresses, flags, segmentsLeft, tag, tlvs } = header
  view.setUint8(at + 2, 4)
  view.setUint8(at + 3, segmentsLeft)
  view.setUint8(at + 4, addresses.length - 1)
  view.setUint8(at + 5, flags)
  view.setUint16(at + 6, tag)
  for (const [index, address] of addresses.entries()) writeIpv6(view, at + 8 + 16 * index, address)
  for (const [index, byte] of tlvs.entries()) view.setUint8(at + 8 + 16 * addresses.length + index, byte)
  return length
}

const validateRouting = (header: RoutingHeaderToSend): string | undefined => {
  const taken = takeRouting(header)
  return typeof taken === "string" ? taken : undefined
}

/**
 * Codec of a routing header.
 *
 * @category codecs
 * @since 0.1.0
 */
export const routing: Pick<Codec<RoutingHeader>, "size" | "read"> &
  Pick<Codec<RoutingHeaderToSend>, "write" | "validate"> = {
  size,
  read: readRouting,
  write: writeRouting,
  validate: validateRouting
}

/**
 * Reads a routing header. If its type is unknown, the result has the bytes.
 *
 * @category parsing
 * @since 0.1.0
 */
export const parseRouting = (bytes: Uint8Array): RoutingHeader | Malformed =>
  isBytes(bytes) ? readRouting(viewOf(bytes), 0, bytes.length) : malformed(`${format(bytes)} is not a Uint8Array`, 0)

/**
 * Builds the bytes of a routing header, or returns the reason why it cannot.
 *
 * @category building
 * @since 0.1.0
 */
export const buildRouting = (header: RoutingHeaderToSend): Uint8Array | Malformed => {
  const taken = takeRouting(header)
  if (typeof taken === "string") return malformed(taken, 0)
  const bytes = new Uint8Array(sizeOfRouting(taken))
  writeRouting(viewOf(bytes), 0, taken)
  return bytes
}
