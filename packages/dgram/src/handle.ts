/** One bound socket: the engine's socket, with what `node:dgram` asks of it. Calls return the code of an error. */
import type { Endpoint, Family } from "@ancillary/control"
import { type Fault, isFault, type NativeSocket, type Poll } from "@ancillary/engine/driver/Driver"
import type { DatagramSendError } from "@ancillary/engine/errors/DatagramError"
import { compile, type Plan } from "@ancillary/engine/plan/Plan"
import { open, OpenSocket, SendQueue } from "@ancillary/engine/socket"
import { ipv6Only as ipv6OnlyOption } from "@ancillary/engine/spec/option/ipv6Only"
import * as SocketOption from "@ancillary/engine/spec/SocketOption"
import type { Type } from "./addresses.ts"
import { type Host } from "./driver.ts"
import { codeOf } from "./errors.ts"
import { getOption, type Option, setOption } from "./options.ts"
import { named, nameOf } from "./names.ts"
import { specs } from "./specs.ts"

/** The parameters of an opened socket. */
export interface Opening {
  readonly type: Type
  readonly reuseAddr: boolean
  readonly reusePort: boolean
  readonly ipv6Only: boolean
}

/** A descriptor that something else owns, and how it is given back. */
export interface Foreign {
  readonly descriptor: number
  readonly release: (() => void) | undefined
}

export class Handle {
  readonly socket: OpenSocket
  /** While the socket is connected. */
  #peer: Endpoint<Family> | undefined
  readonly #native: NativeSocket
  readonly #poll: Poll
  readonly #family: "ipv4" | "ipv6"
  readonly #host: Host
  readonly type: Type

  private constructor(host: Host, type: Type, socket: OpenSocket, native: NativeSocket, poll: Poll) {
    this.type = type
    this.socket = socket
    this.#host = host
    this.#native = native
    this.#poll = poll
    this.#family = type === "udp4" ? "ipv4" : "ipv6"
  }

  /** Opens a socket and binds it. */
  static bound(host: Host, opening: Opening, local: Endpoint<Family>): Handle | string {
    const plan = planOf(host, opening, local)
    const native = host.driver.open(plan.kind)
    if (isFault(native)) return codeOf(native)
    const failed = bind(host, plan, native, opening, local)
    if (failed !== undefined) {
      native.close()
      return codeOf(failed)
    }
    const handle = Handle.#of(host, opening.type, plan, native)
    if (typeof handle === "string") native.close()
    return handle
  }

  /** Takes a bound socket that was made elsewhere. */
  static adopted(host: Host, opening: Opening, { descriptor, release }: Foreign): Handle | string {
    const adopt = (only: Opening): Handle | string => {
      const plan = planOf(host, only)
      const native = host.driver.adopt(descriptor, plan.kind)
      if (isFault(native)) return codeOf(native)
      return Handle.#of(host, only.type, plan, release === undefined ? native : lent(native, release))
    }
    const handle = adopt(opening)
    // Which families it serves cannot be changed any more.
    return typeof handle === "string" && opening.type === "udp6" && !opening.ipv6Only
      ? adopt({ ...opening, ipv6Only: true })
      : handle
  }

  static #of(host: Host, type: Type, plan: Plan, native: NativeSocket): Handle | string {
    let poll: Poll | undefined
    const polled: NativeSocket = {
      ...native,
      poll: (onReady) => {
        const made = native.poll(onReady)
        if (!isFault(made)) poll = made
        return made
      }
    }
    const socket = open(host.driver, plan, {
      native: () => polled,
      local: undefined,
      peer: undefined,
      // It is bound, so that some of its options cannot be set any more.
      adopted: "A bound socket"
    })
    if (socket instanceof OpenSocket && poll !== undefined) return new Handle(host, type, socket, native, poll)
    return "EINVAL"
  }

  /** The system binds a socket once. Returns the code of the error, which may be one of the address. */
  bindAgain(local: Endpoint<Family>): string {
    const failed = this.#native.bind(nameOf(this.socket.plan, local))
    return failed === undefined ? "EINVAL" : codeOf(failed)
  }

  connect(to: Endpoint<Family>): string | undefined {
    const { connection, plan } = this.socket
    const failed = this.#native.connect(nameOf(plan, to))
    if (failed !== undefined) return codeOf(failed)
    const sender = named(plan, this.#native.peerAddress)
    connection.peer = to
    connection.sender = isFault(sender) ? undefined : sender
    this.#peer = to
    return undefined
  }

  disconnect(): string | undefined {
    const failed = this.#native.connect(undefined)
    if (failed !== undefined) return codeOf(failed)
    this.socket.connection.peer = undefined
    this.socket.connection.sender = undefined
    this.#peer = undefined
    return undefined
  }

  /** Sends one message. Returns its error, or a queue if it is not done. */
  trySend(message: unknown): DatagramSendError | SendQueue | undefined {
    return this.#peer === undefined ? this.socket.trySend(message) : this.queue([message])
  }

  /** Messages that are sent together. */
  queue(messages: ReadonlyArray<unknown>): SendQueue {
    if (this.#peer === undefined) return this.socket.sendQueue(messages)
    const { socket } = this
    const { live, outgoing, plan } = socket
    const connected = {
      live,
      outgoing,
      plan,
      peer: this.#peer,
      // Nothing serves a socket of this face.
      guard: undefined,
      get closed() {
        return socket.closed
      }
    }
    return new SendQueue(connected, messages)
  }

  /** The local address, or that of the peer. */
  name(which: "localAddress" | "peerAddress"): Endpoint<Family> | string {
    const endpoint = named(this.socket.plan, this.#native[which])
    return isFault(endpoint) ? codeOf(endpoint) : endpoint
  }

  set<A>(option: Option<A>, value: A, family = this.#family): string | undefined {
    const failed = setOption(this.#native, this.#host.driver.abi, family, option, value)
    return failed === undefined ? undefined : codeOf(failed)
  }

  get<A>(option: Option<A>): A | { readonly code: string } {
    const value = getOption(this.#native, this.#host.driver.abi, this.#family, option)
    return isFault(value) ? { code: codeOf(value) } : value
  }

  setRaw(level: number, option: number, value: Uint8Array): string | undefined {
    const failed = this.#native.setOption(level, option, value)
    return failed === undefined ? undefined : codeOf(failed)
  }

  /** Whether the event loop goes on for the socket's sake. */
  keepAlive(keeps: boolean): void {
    this.#poll.keepAlive(keeps)
  }

  close(): void {
    this.socket.close()
  }
}

const planOf = ({ driver }: Host, { ipv6Only, type }: Opening, local?: Endpoint<Family>): Plan =>
  compile(type === "udp4" ? specs.ipv4 : ipv6Only || isOnlyIpv6(local) ? specs.ipv6 : specs.dual, driver.abi)

/** Linux: a socket that is bound to an IPv6 address serves IPv6 only; one that is bound to all addresses or to an IPv4 one serves both. */
const isOnlyIpv6 = (local: Endpoint<Family> | undefined): boolean =>
  local?.family === "ipv6" && !local.address.isUnspecified && !local.address.isIpv4Mapped

const bind = (
  { driver }: Host,
  plan: Plan,
  native: NativeSocket,
  { ipv6Only, reuseAddr, reusePort, type }: Opening,
  local: Endpoint<Family>
): Fault | undefined => {
  const family = type === "udp4" ? "ipv4" : "ipv6"
  const set = <A>(option: Option<A>, value: A) => setOption(native, driver.abi, family, option, value)
  const share = (): Fault | undefined =>
    (reuseAddr ? set(SocketOption.reuseAddress, true) : undefined) ??
    (reusePort ? set(SocketOption.reusePort, true) : undefined)
  if (type === "udp6") {
    const failed = set(ipv6OnlyOption, ipv6Only)
    if (failed !== undefined) return failed
  }
  // Set before the bind, the system could choose a port that another socket shares.
  const anyPort = local.family !== "unix" && local.port === 0
  return (anyPort ? undefined : share()) ?? native.bind(nameOf(plan, local)) ?? (anyPort ? share() : undefined)
}

/** A socket that is not closed, but given back to its owner. */
const lent = (native: NativeSocket, release: () => void): NativeSocket => ({
  ...native,
  close: () => {
    native.disown?.()
    release()
    return undefined
  }
})
