/** The methods of a socket that set and get its options. */
import { EventEmitter } from "node:events"
import { Ipv4Address, type Ipv6Address, isUnsupported, type Platform } from "@ancillary/control"
import * as SocketOption from "@ancillary/engine/spec/SocketOption"
import { badBufferSize, bufferSizeError, missing, systemError } from "./errors.ts"
import type { Option } from "./options.ts"
import type { RemoteInfo } from "./remoteInfo.ts"
import type { State } from "./state.ts"
import { checkNumber, checkString } from "./validate.ts"

/** The key of a socket's state. */
export const stateKey: unique symbol = Symbol("state")

/** Events of a socket, and the arguments of their listeners. */
export interface Events {
  readonly close: []
  readonly connect: []
  readonly error: [error: Error]
  readonly listening: []
  readonly message: [data: Buffer, info: RemoteInfo]
  readonly [EventEmitter.errorMonitor]: [error: Error]
}

/** The option that takes an IPv4 address. On Linux and Windows it is the one that takes an index, on macOS it is 9 (netinet/in.h). */
const interfaceByAddress = (platform: Platform): { readonly level: number; readonly option: number } | undefined => {
  const cell = SocketOption.multicastInterface.cell(platform, "ipv4")
  if (cell === undefined || isUnsupported(cell)) return undefined
  return { level: cell.level, option: platform === "darwin" ? 9 : cell.option }
}

/** A flag of any type, as JavaScript programs give it. */
const truth = (flag: unknown): boolean => Boolean(flag)

/** A number as C++ reads an `int` from JavaScript. */
const int32 = (value: number): number => value | 0

export abstract class Settings extends EventEmitter<{ [K in keyof Events]: Events[K] }> {
  abstract readonly [stateKey]: State

  /**
   * Allows or forbids datagrams to broadcast addresses.
   *
   * @throws EBADF if the socket is not bound.
   */
  setBroadcast(flag: boolean): void {
    const handle = this[stateKey].opened("setBroadcast")
    // An IPv6 socket has the option as well: it is the socket's own.
    fail("setBroadcast", handle.set(SocketOption.broadcast, truth(flag), "ipv4"))
  }

  /** Sets the hop limit of unicast datagrams, 1 to 255, and returns it. */
  setTTL(ttl: number): number {
    checkNumber(ttl, "ttl")
    fail("setTTL", this.#setHops("setTTL", SocketOption.defaultHopLimit, int32(ttl), 1))
    return ttl
  }

  /** Sets a hop limit. Returns the code of the error if that failed. The value is checked before the socket. */
  #setHops(syscall: string, option: Option<number>, hops: number, least: number): string | undefined {
    this[stateKey].check()
    return hops < least || hops > 255 ? "EINVAL" : this[stateKey].opened(syscall).set(option, hops)
  }

  /** Sets the hop limit of datagrams to groups, 0 to 255, and returns it. */
  setMulticastTTL(ttl: number): number {
    checkNumber(ttl, "ttl")
    fail("setMulticastTTL", this.#setHops("setMulticastTTL", SocketOption.multicastHopLimit, int32(ttl), 0))
    return ttl
  }

  /** Sets whether this host receives what the socket sends to groups, and returns the flag. */
  setMulticastLoopback(flag: boolean): boolean {
    const handle = this[stateKey].opened("setMulticastLoopback")
    fail("setMulticastLoopback", handle.set(SocketOption.multicastLoopback, truth(flag)))
    return flag
  }

  /**
   * Sets the interface of datagrams to groups: its IPv4 address, or an IPv6 address with its zone. The unspecified address leaves the choice to
   * the socket: the interfaces on which it has joined the group, or the route.
   */
  setMulticastInterface(interfaceAddress: string): void {
    const state = this[stateKey]
    state.check()
    checkString(interfaceAddress, "interfaceAddress")
    const syscall = "setMulticastInterface"
    const { addresses, driver } = state.host
    const address = addresses.parse("udp4", interfaceAddress) ?? addresses.parse("udp6", interfaceAddress)
    if (address === undefined) throw systemError(syscall, "EINVAL")
    const handle = state.opened(syscall)
    // An IPv6 socket has the option for IPv4 as well.
    if (!(address instanceof Ipv4Address) && state.options.type === "udp4") throw systemError(syscall, "ENOPROTOOPT")
    const row = interfaceByAddress(driver.abi.platform)
    const failed =
      address instanceof Ipv4Address
        ? row === undefined
          ? "ENOPROTOOPT"
          : handle.setRaw(row.level, row.option, bytesOf(address))
        : handle.set(SocketOption.multicastInterface, address.zone === 0 ? undefined : address.zone)
    fail(syscall, failed)
    state.groups.chosen = isChoice(address)
  }

  /** Joins a group, on one interface if its address is given. Binds a socket that is not bound. */
  addMembership(multicastAddress: string, multicastInterface?: string): void {
    this.#member("addMembership", multicastAddress, undefined, multicastInterface)
  }

  /** Leaves a group. */
  dropMembership(multicastAddress: string, multicastInterface?: string): void {
    this.#member("dropMembership", multicastAddress, undefined, multicastInterface)
  }

  /** Joins a group for the datagrams of one source. */
  addSourceSpecificMembership(sourceAddress: string, groupAddress: string, multicastInterface?: string): void {
    this.#source("addSourceSpecificMembership", sourceAddress, groupAddress, multicastInterface)
  }

  /** Leaves a group for the datagrams of one source. */
  dropSourceSpecificMembership(sourceAddress: string, groupAddress: string, multicastInterface?: string): void {
    this.#source("dropSourceSpecificMembership", sourceAddress, groupAddress, multicastInterface)
  }

  #source(syscall: `${"add" | "drop"}${string}`, source: unknown, group: unknown, local: unknown): void {
    this[stateKey].check()
    checkString(source, "sourceAddress")
    checkString(group, "groupAddress")
    this.#member(syscall, group, source, local)
  }

  #member(syscall: `${"add" | "drop"}${string}`, group: unknown, source: string | undefined, local: unknown): void {
    const state = this[stateKey]
    state.check()
    if (!group) throw missing("multicastAddress")
    const read = state.groups.read(group, source)
    // A socket that is not bound stays so.
    if (read === undefined) throw systemError(syscall, "EINVAL")
    const handle = state.openForGroups()
    if (typeof handle === "string") throw systemError(syscall, handle)
    const how = syscall.startsWith("add") ? "join" : "leave"
    fail(syscall, state.groups[how](handle.socket.memberships, read, local))
  }

  /** Sets the size of the receive buffer in bytes. Linux doubles it. */
  setRecvBufferSize(size: number): void {
    this.#bufferSize("recv", size)
  }

  /** Sets the size of the send buffer in bytes. Linux doubles it. */
  setSendBufferSize(size: number): void {
    this.#bufferSize("send", size)
  }

  /** Size of the receive buffer in bytes. */
  getRecvBufferSize(): number {
    return this.#bufferSize("recv", 0)
  }

  /** Size of the send buffer in bytes. */
  getSendBufferSize(): number {
    return this.#bufferSize("send", 0)
  }

  /** Sets a size; 0 reads it. */
  #bufferSize(which: "recv" | "send", size: unknown): number {
    const state = this[stateKey]
    if (typeof size !== "number" || size >>> 0 !== size) throw badBufferSize()
    state.check()
    const syscall = `uv_${which}_buffer_size`
    if (int32(size) !== size) throw bufferSizeError(syscall, "EINVAL")
    const { handle } = state
    if (handle === undefined) throw bufferSizeError(syscall, "EBADF")
    const option = which === "recv" ? SocketOption.receiveBufferSize : SocketOption.sendBufferSize
    if (size !== 0) {
      const failed = handle.set(option, size)
      if (failed !== undefined) throw bufferSizeError(syscall, failed)
      return size
    }
    const now = handle.get(option)
    if (typeof now !== "number") throw bufferSizeError(syscall, now.code)
    return now
  }

  /** Bytes of the datagrams that wait for room in the send buffer. */
  getSendQueueSize(): number {
    this[stateKey].check()
    return this[stateKey].sender?.waiting.size ?? 0
  }

  /** Datagrams that wait for room in the send buffer. */
  getSendQueueCount(): number {
    this[stateKey].check()
    return this[stateKey].sender?.waiting.count ?? 0
  }

  /** Keeps the process running while the socket is bound. */
  ref(): this {
    this[stateKey].keepAlive(true)
    return this
  }

  /** Lets the process end although the socket is bound. */
  unref(): this {
    this[stateKey].keepAlive(false)
    return this
  }
}

const fail = (syscall: string, code: string | undefined): void => {
  if (code !== undefined) throw systemError(syscall, code)
}

const isChoice = (address: Ipv4Address | Ipv6Address): boolean =>
  address instanceof Ipv4Address ? !address.isUnspecified : address.zone !== 0

const bytesOf = ({ value }: Ipv4Address): Uint8Array =>
  Uint8Array.of(value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255)
