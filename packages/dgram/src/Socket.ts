/** A socket with the methods, events and errors of `node:dgram`. */
import { addAbortListener } from "node:events"
import { channel } from "node:diagnostics_channel"
import type { BlockList } from "node:net"
import { type AddressInfo, type Type } from "./addresses.ts"
import { Binding } from "./binding.ts"
import { addressError, badType, blocked, invalidType, isConnected, notConnected, systemError } from "./errors.ts"
import type { Lookup } from "./lookup.ts"
import { RemoteInfo } from "./remoteInfo.ts"
import { type Message, type Payload, read, type SendOptions } from "./sendArguments.ts"
import { complete, type SendCallback, Sending } from "./sending.ts"
import { type Stats, statsOf } from "./stats.ts"
import { loopbackAddress, type Options, State } from "./state.ts"
import { stateKey } from "./settings.ts"
import { checkFunction, checkNumber, checkSignal, checkString, checkUint32, listFamily, portOf } from "./validate.ts"

/**
 * Options of `createSocket`.
 *
 * @category models
 * @since 0.1.0
 */
export interface SocketOptions {
  /** The family: IPv4, or IPv6 and, unless `ipv6Only`, IPv4 as well. */
  readonly type: Type
  /** Binds although another socket with this option has the address. */
  readonly reuseAddr?: boolean | undefined
  /** Shares an address with other sockets that have this option: the kernel spreads the datagrams over them. */
  readonly reusePort?: boolean | undefined
  /** An IPv6 socket that does not serve IPv4. */
  readonly ipv6Only?: boolean | undefined
  /** Size of the receive buffer in bytes, set when the socket is bound. */
  readonly recvBufferSize?: number | undefined
  /** Size of the send buffer in bytes, set when the socket is bound. */
  readonly sendBufferSize?: number | undefined
  /** Resolves host names. `dns.lookup` by default, for what is not an address. */
  readonly lookup?: Lookup | undefined
  /** Closes the socket when it is aborted. */
  readonly signal?: AbortSignal | undefined
  /** Senders whose datagrams are dropped. */
  readonly receiveBlockList?: BlockList | undefined
  /** Addresses that nothing is sent to. */
  readonly sendBlockList?: BlockList | undefined
}

const created = channel("udp.socket")

const readOptions = (given: unknown): Options & { readonly signal: unknown } => {
  const all = typeof given === "object" && given !== null ? (given as Record<string, unknown>) : { type: given }
  const { lookup, receiveBlockList, recvBufferSize, sendBlockList, sendBufferSize, type } = all
  if (recvBufferSize) checkUint32(recvBufferSize, "options.recvBufferSize")
  if (sendBufferSize) checkUint32(sendBufferSize, "options.sendBufferSize")
  if (lookup !== undefined) checkFunction(lookup, "lookup")
  if (type !== "udp4" && type !== "udp6") throw badType()
  return {
    type,
    reuseAddr: Boolean(all["reuseAddr"]),
    reusePort: Boolean(all["reusePort"]),
    ipv6Only: Boolean(all["ipv6Only"]),
    recvBufferSize: recvBufferSize ? (recvBufferSize as number) : 0,
    sendBufferSize: sendBufferSize ? (sendBufferSize as number) : 0,
    lookup,
    receiveBlockList: listOf(receiveBlockList, "options.receiveBlockList"),
    sendBlockList: listOf(sendBlockList, "options.sendBlockList"),
    signal: all["signal"]
  }
}

const listOf = (list: unknown, name: string): BlockList | undefined => {
  if (!list) return undefined
  if (typeof list !== "object" || !("check" in list) || typeof list.check !== "function" || !("rules" in list))
    throw invalidType(name, "an net.BlockList", list)
  return list as BlockList
}

/**
 * A datagram socket with the methods and events of `dgram.Socket`.
 *
 * @category models
 * @since 0.1.0
 */
export class Socket extends Binding {
  /** The type that it was made with. */
  readonly type: Type
  declare readonly [stateKey]: State

  /** Made by `createSocket`. */
  constructor(given: Type | SocketOptions, listener?: (data: Buffer, info: RemoteInfo) => void) {
    super()
    const options = readOptions(given)
    this.type = options.type
    const { receiveBlockList } = options
    const state = new State(options, {
      onMessage: (data, info) => {
        if (receiveBlockList?.check(info.address, info.family === "IPv4" ? "ipv4" : "ipv6") !== true)
          state.sender?.listen(() => void this.emit("message", data, info))
      },
      // The call that node:dgram reads with.
      onFault: (code) => this.emit("error", systemError("recvmsg", code)),
      onInvalid: (error) => this.emit("error", error)
    })
    Object.defineProperty(this, stateKey, { value: state })
    if (typeof listener === "function") this.on("message", listener)
    this.#abortBy(options.signal)
    if (created.hasSubscribers) created.publish({ socket: this })
  }

  #abortBy(signal: unknown): void {
    if (signal === undefined) return
    checkSignal(signal, "options.signal")
    const close = () => {
      if (!this[stateKey].closed) this.close()
    }
    if (signal.aborted) return close()
    const disposable = addAbortListener(signal, close)
    this.once("close", () => disposable[Symbol.dispose]())
  }

  /**
   * Connects to a peer: `send` needs no address then, and datagrams of others are not received. Binds a socket that is not bound.
   *
   * @throws ERR_SOCKET_DGRAM_IS_CONNECTED if it is connected or connects.
   */
  connect(port: number, callback?: () => void): void
  connect(port: number, address?: string, callback?: () => void): void
  connect(port: unknown, address?: unknown, callback?: unknown): void {
    const to = portOf(port)
    const [host = "", done] = typeof address === "function" ? ["", address] : [address, callback]
    checkString(host, "address")
    const state = this[stateKey]
    state.check()
    if (state.connected !== "no") throw isConnected()
    state.connected = "connecting"
    if (state.bound === "no") this.bind({ port: 0, exclusive: true })
    this.whenBound(() => this.#connectTo(to, host, done as (() => void) | undefined))
  }

  /** Connects at once to an address. Returns when the socket is connected, and emits `connect` in the next tick. */
  connectSync(port: number, address?: string): void {
    const state = this[stateKey]
    state.check()
    const to = portOf(port)
    if (state.connected !== "no") throw isConnected()
    const host = this.literal(address, "address", "connectSync") ?? loopbackAddress[state.options.type]
    this.bindNow()
    const failed = this.#connectNow(to, host, host)
    if (failed !== undefined) throw failed
    process.nextTick(() => {
      if (!state.closed) this.emit("connect")
    })
  }

  #connectTo(port: number, host: string, callback: (() => void) | undefined): void {
    const state = this[stateKey]
    if (callback) this.once("connect", callback)
    state.lookup(host, (error, ip) => {
      if (state.closed) return
      const failed = error ?? this.#connectNow(port, host, ip)
      state.connected = failed === undefined ? "yes" : "no"
      process.nextTick(() => {
        if (failed === undefined) {
          if (!state.closed) this.emit("connect")
        } else if (callback) {
          this.removeListener("connect", callback)
          ;(callback as (error: Error) => void)(failed)
        } else this.emit("error", failed)
      })
    })
  }

  #connectNow(port: number, host: string, ip: string): Error | undefined {
    const state = this[stateKey]
    if (state.options.sendBlockList?.check(ip, listFamily(ip)) === true) return blocked(ip)
    // Earlier sends still go to their own destinations.
    state.sender?.flush()
    const to = state.endpoint(ip, port)
    const failed = to === undefined ? "EINVAL" : (state.handle?.connect(to) ?? undefined)
    if (failed !== undefined) return addressError("connect", failed, host, port)
    state.connected = "yes"
    return undefined
  }

  /**
   * Ends the connection. The socket keeps its port.
   *
   * @throws ERR_SOCKET_DGRAM_NOT_CONNECTED if it is not connected.
   */
  disconnect(): void {
    const state = this[stateKey]
    if (state.connected !== "yes") throw notConnected()
    const handle = state.opened("connect")
    state.sender?.flush()
    const failed = handle.disconnect()
    if (failed !== undefined) throw systemError("connect", failed)
    state.connected = "no"
  }

  /**
   * Sends a datagram. A socket that is not connected needs a port; without an address it goes to this host. Binds a socket that is not bound. The
   * callback is called when the datagram has left, or with the error; without one, only errors of the lookup are emitted.
   */
  send(message: Message, port?: number, address?: string, callback?: SendCallback): void
  send(message: Message, port?: number, callback?: SendCallback): void
  send(message: Message, callback?: SendCallback): void
  send(message: Message, options: SendOptions, callback?: SendCallback): void
  send(message: Payload, offset: number, length: number, port?: number, address?: string, callback?: SendCallback): void
  send(message: Payload, offset: number, length: number, port?: number, callback?: SendCallback): void
  send(message: Payload, offset: number, length: number, callback?: SendCallback): void
  send(...given: ReadonlyArray<unknown>): void {
    const state = this[stateKey]
    const { address, callback, data, options, port, size } = read(state.connected === "yes", given)
    state.check()
    const to = options?.to
    const source = to === undefined ? undefined : RemoteInfo.source(to)
    const sending = new Sending(data, size, {
      address: to?.address ?? address,
      port: to?.port ?? port,
      control: source === undefined ? options?.control : { pktInfo: source, ...options?.control },
      segmentSize: options?.segmentSize,
      callback
    })
    if (to !== undefined) sending.to = RemoteInfo.from(to)
    if (callback !== undefined) process.nextTick(afterSend, sending)
    if (state.bound === "no") this.bind({ port: 0, exclusive: true })
    if (state.bound === "yes") this.#dispatch(sending)
    else this.whenBound(() => this.#dispatch(sending))
  }

  /** An older form of `send` with all arguments. */
  sendto(
    buffer: Payload,
    offset: number,
    length: number,
    port: number,
    address: string,
    callback?: SendCallback
  ): void {
    checkNumber(offset, "offset")
    checkNumber(length, "length")
    checkNumber(port, "port")
    checkString(address, "address")
    this.send(buffer, offset, length, port, address, callback)
  }

  #dispatch(sending: Sending): void {
    const state = this[stateKey]
    const { port } = sending
    if (port === undefined || sending.to !== undefined) return this.#enqueue(sending)
    const { type } = state.options
    const address = sending.address || loopbackAddress[type]
    // After a `connect` that has not ended, its turn comes first.
    const isFree = state.options.lookup === undefined && state.connected === "no"
    const known = isFree ? state.literal(address, port) : undefined
    if (known !== undefined) {
      sending.to = known
      return this.#enqueue(sending, address)
    }
    state.lookup(address, (error, ip) => {
      if (error) return this.#refuse(sending, error)
      if (state.closed) return
      sending.to = state.endpoint(ip, port)
      const code = sending.to === undefined ? "EINVAL" : state.connected === "yes" ? "EISCONN" : undefined
      if (code === undefined) return this.#enqueue(sending, ip)
      sending.result = addressError("send", code, sending.address, port)
      if (sending.scope !== undefined) complete(sending)
    })
  }

  #enqueue(sending: Sending, ip?: string): void {
    const { options, sender } = this[stateKey]
    if (ip !== undefined && options.sendBlockList?.check(ip, listFamily(ip)) === true) {
      sending.result = blocked(ip)
      if (sending.scope !== undefined) complete(sending)
      return
    }
    sender?.add(sending)
    sender?.due()
  }

  #refuse(sending: Sending, error: Error): void {
    sending.result = error
    if (sending.callback === undefined) process.nextTick(() => this.emit("error", error))
    else if (sending.scope !== undefined) complete(sending)
  }

  /**
   * Closes the socket. `close` is emitted in the next tick, and `callback` is a listener of it.
   *
   * @throws ERR_SOCKET_DGRAM_NOT_RUNNING if it is closed.
   */
  close(callback?: () => void): this {
    const state = this[stateKey]
    if (typeof callback === "function") this.on("close", callback)
    if (state.waiting !== undefined) {
      state.waiting.push(() => this.close())
      return this
    }
    state.check()
    if (state.connected === "yes") state.sender?.flush()
    state.close()
    process.nextTick(() => this.emit("close"))
    return this
  }

  /** Closes the socket, unless it is closed. Done when `close` was emitted. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this[stateKey].closed) return
    await new Promise<void>((resolve) => void this.close(resolve))
  }

  /** The local address. */
  address(): AddressInfo {
    return this.#name("localAddress", "getsockname")
  }

  /**
   * The address of the peer.
   *
   * @throws ERR_SOCKET_DGRAM_NOT_CONNECTED if the socket is not connected.
   */
  remoteAddress(): AddressInfo {
    this[stateKey].check()
    if (this[stateKey].connected !== "yes") throw notConnected()
    return this.#name("peerAddress", "getpeername")
  }

  #name(which: "localAddress" | "peerAddress", syscall: string): AddressInfo {
    const { host, options } = this[stateKey]
    const endpoint = this[stateKey].opened(syscall).name(which)
    if (typeof endpoint === "string") throw systemError(syscall, endpoint)
    return host.addresses.info(options.type, endpoint)
  }

  /** Counters of the socket since it was bound. */
  stats(): Stats {
    return statsOf(this[stateKey])
  }
}

/** In the tick after `send`: its callback is called in one more, or when the message has left. */
const afterSend = (sending: Sending): void => {
  if (sending.result === undefined) sending.wait()
  else complete(sending)
}
