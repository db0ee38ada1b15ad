/** The state of one socket, which its methods share. */
import { AsyncResource } from "node:async_hooks"
import type { BlockList } from "node:net"
import type { Endpoint, Family } from "@ancillary/control"
import { type Type } from "./addresses.ts"
import { type Host, host } from "./driver.ts"
import { notRunning, systemError } from "./errors.ts"
import { Groups } from "./groups.ts"
import { type Foreign, Handle } from "./handle.ts"
import { isLiteral, type Lookup, type LookupCallback, systemLookup } from "./lookup.ts"
import { Receiving, type Receiver } from "./receiving.ts"
import { Sender } from "./sending.ts"

/** Options of a socket, checked. */
export interface Options {
  readonly type: Type
  readonly reuseAddr: boolean
  readonly reusePort: boolean
  readonly ipv6Only: boolean
  readonly recvBufferSize: number
  readonly sendBufferSize: number
  readonly lookup: Lookup | undefined
  readonly receiveBlockList: BlockList | undefined
  readonly sendBlockList: BlockList | undefined
}

/** Address of all interfaces, and of this host. */
export const anyAddress = { udp4: "0.0.0.0", udp6: "::" } as const
export const loopbackAddress = { udp4: "127.0.0.1", udp6: "::1" } as const

/** Endpoints of a socket that are kept. */
const mostEndpoints = 256

export class State {
  readonly options: Options
  readonly host: Host
  readonly groups: Groups
  readonly resource: AsyncResource
  readonly #receiver: Receiver
  /** While the system has the socket. */
  handle: Handle | undefined
  sender: Sender | undefined
  receiving: Receiving | undefined
  bound: "no" | "binding" | "yes" = "no"
  connected: "no" | "connecting" | "yes" = "no"
  closed = false
  /** Calls that wait until the socket is bound. */
  waiting: Array<() => void> | undefined
  #keepsAlive = true
  #endpoints = new Map<string, Endpoint<Family>>()
  #lastAddress: string | undefined
  #lastPort = 0
  #lastEndpoint: Endpoint<Family> | undefined

  constructor(options: Options, receiver: Receiver) {
    this.options = options
    this.host = host()
    this.groups = new Groups(this.host.addresses, options.type, this.host.driver.abi.platform)
    this.#receiver = receiver
    this.resource = new AsyncResource("UDPWRAP", { requireManualDestroy: true })
  }

  get family(): 4 | 6 {
    return this.options.type === "udp4" ? 4 : 6
  }

  /** Throws if the socket is closed. */
  check(): void {
    if (this.closed) throw notRunning()
  }

  /** The bound socket, for a call that needs one. If the socket is not bound, throws EBADF of that call. */
  opened(syscall: string): Handle {
    this.check()
    if (this.handle === undefined) throw systemError(syscall, "EBADF")
    return this.handle
  }

  /** Opens the socket at an address, or takes one that was made elsewhere. Returns the code of the error if that failed. */
  open(at: Endpoint<Family> | Foreign, sharing: boolean): string | undefined {
    if (this.handle !== undefined) return "descriptor" in at ? "EINVAL" : this.handle.bindAgain(at)
    const opening = sharing ? { ...this.options, reuseAddr: true } : this.options
    const handle = "descriptor" in at ? Handle.adopted(this.host, opening, at) : Handle.bound(this.host, opening, at)
    if (typeof handle === "string") return handle
    this.handle = handle
    this.sender = new Sender(
      handle,
      (to) => (to.family === "unix" ? undefined : this.groups.ways(to.address)),
      (error) => process.nextTick(() => this.#receiver.onInvalid(error))
    )
    if (!this.#keepsAlive) handle.keepAlive(false)
    return undefined
  }

  /** Opens a socket that was not bound, for a membership. */
  openForGroups(): Handle | string {
    if (this.handle === undefined) {
      const at = this.endpoint(anyAddress[this.options.type], 0)
      const failed = at === undefined ? "EINVAL" : this.open(at, true)
      if (failed !== undefined) return failed
    }
    return this.handle ?? "EBADF"
  }

  receive(): void {
    if (this.handle !== undefined)
      this.receiving = new Receiving(this.handle, this.host.addresses, this.#receiver, this.resource)
  }

  /** The endpoint of an address; nothing if it is not of the socket's family. */
  endpoint(address: string, port: number): Endpoint<Family> | undefined {
    if (address === this.#lastAddress && port === this.#lastPort) return this.#lastEndpoint
    const key = `${port} ${address}`
    const known = this.#endpoints.get(key)
    // A zone is looked up at each call: its interface may have another index by now.
    const endpoint = known ?? this.host.addresses.endpoint(this.options.type, address, port)
    if (endpoint === undefined || (known === undefined && address.includes("%"))) return endpoint
    if (known === undefined) {
      if (this.#endpoints.size >= mostEndpoints) this.#endpoints.clear()
      this.#endpoints.set(key, endpoint)
    }
    this.#lastAddress = address
    this.#lastPort = port
    this.#lastEndpoint = endpoint
    return endpoint
  }

  /** The endpoint of an address that needs no lookup. */
  literal(address: string, port: number): Endpoint<Family> | undefined {
    if (address === this.#lastAddress && port === this.#lastPort) return this.#lastEndpoint
    return isLiteral(address, this.family) ? this.endpoint(address, port) : undefined
  }

  /** Looks a host name up, by the program's function if there is one. */
  lookup(address: string | undefined, callback: LookupCallback): void {
    const name = address === undefined || address === "" ? loopbackAddress[this.options.type] : address
    const { lookup = systemLookup } = this.options
    lookup(name, this.family, callback)
  }

  keepAlive(keeps: boolean): void {
    this.#keepsAlive = keeps
    this.handle?.keepAlive(keeps)
  }

  close(): void {
    this.closed = true
    this.sender?.cancel()
    this.handle?.close()
    this.resource.emitDestroy()
  }
}
