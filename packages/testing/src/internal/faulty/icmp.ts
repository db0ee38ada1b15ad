/** Forged ICMP errors, as the system of a driver reports them. */
import {
  Codec,
  ControlBuffer,
  ErrorReports,
  InternetEndpoint,
  Ipv4Address,
  isUnsupported,
  parseAddress,
  SocketAddress
} from "@ancillary/control"
import { type Driver, type Fault, isFault, type NativeSocket } from "@ancillary/engine/driver/Driver"
import type { ErrorEntry, SentDatagram } from "./datagrams.ts"
import type { IcmpName, IcmpNumbers, SendVerdict } from "./verdict.ts"

/** Effects of a forged error on a socket. */
export interface Forged {
  /** The new entry of the error queue. */
  readonly entry: ErrorEntry | undefined
  /** The pending error, which fails the next call. */
  readonly pending: Fault | undefined
}

type Family = "ipv4" | "ipv6"

const numbers: { readonly [name in IcmpName]: { readonly [family in Family]: IcmpNumbers } } = {
  portUnreachable: { ipv4: { type: 3, code: 3 }, ipv6: { type: 1, code: 4 } },
  hostUnreachable: { ipv4: { type: 3, code: 1 }, ipv6: { type: 1, code: 3 } },
  networkUnreachable: { ipv4: { type: 3, code: 0 }, ipv6: { type: 1, code: 0 } },
  prohibited: { ipv4: { type: 3, code: 13 }, ipv6: { type: 1, code: 1 } },
  tooLarge: { ipv4: { type: 3, code: 4 }, ipv6: { type: 2, code: 0 } },
  hopLimitExceeded: { ipv4: { type: 11, code: 0 }, ipv6: { type: 3, code: 0 } }
}

/** Error numbers of Linux and macOS. */
const errno = {
  EACCES: [13, 13],
  EMSGSIZE: [90, 40],
  ENETUNREACH: [101, 51],
  EHOSTUNREACH: [113, 65],
  ECONNREFUSED: [111, 61],
  ENOPROTOOPT: [92, 42],
  EOPNOTSUPP: [95, 102],
  EHOSTDOWN: [112, 64],
  ENONET: [64, 65],
  EPROTO: [71, 100]
} as const

/** Linux: `icmp_err_convert` and `icmpv6_err_convert`. Hard errors fail the next call of a connected socket. */
const unreachable: { readonly [family in Family]: ReadonlyArray<readonly [keyof typeof errno, "hard"?]> } = {
  ipv4: [
    ["ENETUNREACH"],
    ["EHOSTUNREACH"],
    ["ENOPROTOOPT", "hard"],
    ["ECONNREFUSED", "hard"],
    ["EMSGSIZE", "hard"],
    ["EOPNOTSUPP"],
    ["ENETUNREACH", "hard"],
    ["EHOSTDOWN", "hard"],
    ["ENONET", "hard"],
    ["ENETUNREACH", "hard"],
    ["EHOSTUNREACH", "hard"],
    ["ENETUNREACH"],
    ["EHOSTUNREACH"],
    ["EHOSTUNREACH", "hard"],
    ["EHOSTUNREACH", "hard"],
    ["EHOSTUNREACH", "hard"]
  ],
  ipv6: [
    ["ENETUNREACH"],
    ["EACCES", "hard"],
    ["EHOSTUNREACH"],
    ["EHOSTUNREACH"],
    ["ECONNREFUSED", "hard"],
    ["EACCES", "hard"],
    ["EACCES", "hard"]
  ]
}

const meaning = (family: Family, { code, type }: IcmpNumbers): readonly [keyof typeof errno, "hard"?] => {
  if (type === (family === "ipv4" ? 3 : 1)) return unreachable[family][code] ?? ["EHOSTUNREACH", "hard"]
  if (family === "ipv6" && type === 2) return ["EMSGSIZE", "hard"]
  if (type === (family === "ipv4" ? 12 : 4)) return ["EPROTO", "hard"]
  return ["EHOSTUNREACH"]
}

/** Makes the error for a datagram of a socket of `family`, with the effects that its system would cause. */
export const forge = (
  driver: Driver,
  socket: NativeSocket,
  socketFamily: "ipv4" | "ipv6" | "unix",
  datagram: SentDatagram,
  { error, options }: Extract<SendVerdict, { readonly _tag: "IcmpError" }>
): Forged => {
  const { abi } = driver
  const peer = new Uint8Array(128)
  const peerLength = socket.peerAddress(peer)
  const name = datagram.address.length > 0 ? datagram.address : peer.slice(0, isFault(peerLength) ? 0 : peerLength)
  const to = SocketAddress.read(abi, new DataView(name.buffer, name.byteOffset), 0, name.length)
  if (!("family" in to) || to.family === "unix" || socketFamily === "unix")
    throw new TypeError("FaultyDriver.icmpError: a datagram to a Unix socket causes no ICMP error. Lose or refuse it")
  const said = typeof error === "string" ? numbers[error][to.family] : error
  const [code, hard] = meaning(to.family, said)
  const connected = !isFault(peerLength)
  if (abi.platform === "winsock") {
    const pending = winsockFault(said, to.family)
    return { entry: undefined, pending: connected ? pending : undefined }
  }
  const number = errno[code][abi.platform === "linux" ? 0 : 1]
  const fault: Fault = { syscall: "recvmsg", code: driver.errorName(number), errno: number }
  const reports = abi.platform === "linux" && isOn(socket, to.family)
  return {
    entry: reports ? entry(driver, socketFamily, name, datagram.data, said, number, options, to) : undefined,
    pending: reports || (connected && hard === "hard") ? fault : undefined
  }
}

/** Windows reports two kinds, and only on connected sockets, because the driver disables the others. */
const winsockFault = ({ code, type }: IcmpNumbers, family: Family): Fault | undefined => {
  const is = (name: IcmpName) => numbers[name][family].type === type && numbers[name][family].code === code
  if (is("portUnreachable")) return { syscall: "WSARecvMsg", code: "WSAECONNRESET", errno: 10_054 }
  return is("hopLimitExceeded") ? { syscall: "WSARecvMsg", code: "WSAENETRESET", errno: 10_052 } : undefined
}

/** Linux: error reports arrive under the number of the option that requests them. */
const reports = (family: Family): { readonly level: number; readonly type: number } => {
  const cell = ErrorReports.cell("linux", family)
  const [arrival] = isUnsupported(cell) || cell.receive === undefined || isUnsupported(cell.receive) ? [] : cell.receive
  if (arrival === undefined) throw new Error(`Linux has error reports for ${family}`)
  return arrival
}

/** Returns true if error reports are enabled. */
const isOn = (socket: NativeSocket, family: Family): boolean => {
  const value = new Uint8Array(4)
  const { level, type } = reports(family)
  const told = socket.getOption(level, type, value)
  return !isFault(told) && value[0] !== 0
}

/** Linux: `struct sock_extended_err`, then the address of the offender, in the family of the socket. */
const entry = (
  { abi }: Driver,
  socketFamily: Family,
  name: Uint8Array,
  data: Uint8Array,
  { code, type }: IcmpNumbers,
  errno: number,
  { from, mtu }: { readonly from?: string | undefined; readonly mtu?: number | undefined },
  to: InternetEndpoint<Family>
): ErrorEntry => {
  const payload = new Uint8Array(16 + abi.sockaddr[socketFamily])
  const view = new DataView(payload.buffer)
  const tooLarge = numbers.tooLarge[to.family]
  view.setUint32(0, errno, true)
  payload.set([to.family === "ipv4" ? 2 : 3, type, code], 4)
  view.setUint32(8, mtu ?? (tooLarge.type === type && tooLarge.code === code ? 1280 : 0), true)
  const address = from === undefined ? to.address : parseAddress(from)
  if (Codec.isMalformed(address) || address instanceof Ipv4Address !== (to.family === "ipv4"))
    throw new TypeError(
      `FaultyDriver.icmpError: from is "${from}". Give an address of the destination's family (${to.family})`
    )
  const offender =
    address instanceof Ipv4Address ? new InternetEndpoint("ipv4", address, 0) : new InternetEndpoint("ipv6", address, 0)
  SocketAddress.write(abi, offender, view, 16, socketFamily === "ipv6")
  const { level, type: reported } = reports(socketFamily)
  return {
    address: name.slice(),
    control: ControlBuffer.fromMessages(abi, [{ level, type: reported, payload }]),
    data: data.slice()
  }
}
