/** A Unix datagram socket with the methods and events of the package `unix-dgram`, without native code to compile. */
import { EventEmitter } from "node:events"
import type { DatagramSendError } from "@ancillary/engine/errors/DatagramError"
import {
  openBound,
  openClient,
  openConnected,
  type OpenSocket,
  type ReceivedDatagram,
  SendQueue
} from "@ancillary/engine/socket"
import { orUndefined } from "@ancillary/engine/spec/Maybe"
import * as Spec from "@ancillary/engine/spec/Spec"
import { host } from "./driver.ts"
import { codeOf, codeOfSend, invalidType, systemError } from "./errors.ts"

// The type of a spec without messages fits no type of all specs.
const spec = Spec.make("unix") as unknown as Spec.Spec.Any

/**
 * The second argument of a listener: the size in bytes, and the name of the sender. `path` is `null` if it has none.
 *
 * @category models
 * @since 0.1.0
 */
export interface UnixRemoteInfo {
  readonly size: number
  readonly address: { readonly path?: string }
  readonly path: string | null
}

type SendCallback = (error?: Error) => void
type Failure = Exclude<ReturnType<typeof openBound>, OpenSocket>

/**
 * A Unix datagram socket. Its methods call their callbacks and emit their events before they return, as `unix-dgram` does.
 *
 * **Details**
 *
 * `message` has a buffer and its sender. `listening` follows `bind`, and `connect` follows `connect`. If the receiver of a connected socket is full,
 * `congestion` has the payload that was not sent, and `writable` follows when there is room. A failure is given to the callback, or is an `error`
 * event.
 *
 * @category sockets
 * @since 0.1.0
 */
export class UnixSocket extends EventEmitter {
  readonly type = "unix_dgram"
  #socket: OpenSocket | undefined
  #peer: string | undefined
  #isClosed = false
  #keepsAlive = true
  #isCongested = false

  /** Throws if this system has no Unix datagram sockets. */
  constructor(listener?: (data: Buffer, info: UnixRemoteInfo) => void) {
    super()
    // Windows: it has Unix sockets for streams only.
    if (host().driver.abi.platform === "winsock") throw systemError("socket", "EAFNOSUPPORT")
    if (listener !== undefined) this.on("message", listener)
  }

  /** Binds the socket to a path, and reads it. Emits `listening`, or `error`. */
  bind(path: string): void {
    if (this.#hasFailed("bind", "bind", this.#socket !== undefined)) return
    const opened = openBound(this.#opener, spec, { path })
    if (this.#isOpen("bind", opened)) this.emit("listening")
  }

  /** Names the peer of `send`. Emits `connect`, or `error`. A bound socket keeps its name and receives from everybody. */
  connect(path: string): void {
    if (this.#hasFailed("connect", "connect", this.#peer !== undefined)) return
    // A connection finds out whether the peer exists, also for a socket that is bound already.
    const opened = openConnected(this.#opener, spec, { path }, undefined)
    if (!(this.#socket === undefined ? this.#isOpen("connect", opened) : this.#exists(opened))) return
    this.#peer = path
    this.emit("connect")
  }

  /** Sends to the peer: `send(data, callback)`. Sends a part of a buffer to a path: `send(data, offset, length, path, callback)`. */
  send(data: Uint8Array, callback?: SendCallback): void
  send(data: Uint8Array, offset: number, length: number, path: string, callback?: SendCallback): void
  send(data: Uint8Array, first?: number | SendCallback, length?: number, path?: string, last?: SendCallback): void {
    if (!(data instanceof Uint8Array)) throw invalidType("buf", "an instance of Buffer or Uint8Array", data)
    if (typeof first === "number")
      return this.#send(data.subarray(first, first + (length ?? data.length)), path, last, false)
    if (this.#peer === undefined) return this.#report(systemError("send", "ENOTCONN"), first)
    this.#send(data, this.#peer, first, true)
  }

  /** Sends to a path, as `send` does. */
  sendto(data: Uint8Array, offset: number, length: number, path: string, callback?: SendCallback): void {
    this.send(data, offset, length, path, callback)
  }

  /** Closes the socket. The file of a bound socket stays, as after `unix-dgram`. */
  close(): void {
    if (this.#isClosed) throw systemError("close", "EBADF")
    this.#isClosed = true
    this.#socket?.close()
  }

  /** Lets the process end while the socket waits. */
  unref(): this {
    this.#keepsAlive = false
    this.#socket?.keepAlive(false)
    return this
  }

  /** Keeps the process running while the socket waits. */
  ref(): this {
    this.#keepsAlive = true
    this.#socket?.keepAlive(true)
    return this
  }

  get #opener() {
    return { driver: host().driver, maybe: orUndefined }
  }

  #report(error: Error, callback: SendCallback | undefined): void {
    if (callback === undefined) this.emit("error", error)
    else callback(error)
  }

  #hasFailed(what: string, syscall: string, isDone: boolean): boolean {
    if (!this.#isClosed && !isDone) return false
    this.emit("error", systemError(syscall, this.#isClosed ? "EBADF" : what === "bind" ? "EINVAL" : "EISCONN"))
    return true
  }

  #exists(opened: OpenSocket | Failure): boolean {
    if ("_tag" in opened) {
      this.emit("error", systemError("connect", codeOf(opened)))
      return false
    }
    opened.close()
    return true
  }

  #isOpen(syscall: string, opened: OpenSocket | Failure): boolean {
    if ("_tag" in opened) {
      this.emit("error", systemError(syscall, codeOf(opened)))
      return false
    }
    this.#socket = opened
    // A connected socket reads its peer only for a listener, so that a program that only sends can end.
    if (syscall === "bind" || this.listenerCount("message") > 0) this.#read(opened)
    return true
  }

  #read(socket: OpenSocket): void {
    socket.forEach(this.#deliver, (end) => {
      // A listener that throws ends neither the socket nor its reading, as with any emitter of Node.
      if ("defect" in end) {
        process.nextTick(() => {
          throw end.defect
        })
        if (!socket.closed) this.#read(socket)
      } else if (end.error.reason !== "Closed") this.emit("error", systemError("recv", codeOf(end.error)))
    })
    if (!this.#keepsAlive) socket.keepAlive(false)
  }

  readonly #deliver = ({ data, from }: ReceivedDatagram): void => {
    const path = from.family === "unix" ? from.path : undefined
    const address = path === undefined ? {} : { path }
    const info: UnixRemoteInfo = { size: data.length, address, path: path ?? null }
    this.emit("message", Buffer.from(data.buffer, data.byteOffset, data.length), info)
  }

  #send(data: Uint8Array, path: string | undefined, callback: SendCallback | undefined, connected: boolean): void {
    if (this.#isClosed) return this.#report(systemError("send", "EBADF"), callback)
    const socket = this.#socket ?? this.#client()
    if (socket === undefined) return
    const failure = this.#try(socket, { data, ...(socket.peer === undefined ? { to: { path } } : {}) })
    if (failure === undefined) return callback?.()
    if (failure.reason !== "WouldBlock" || !connected)
      return this.#report(systemError("send", codeOfSend(failure)), callback)
    this.emit("congestion", data)
    this.#awaitRoom(socket)
    callback?.(Object.assign(new Error("congestion"), { code: "congestion", errno: 1, syscall: "send" }))
  }

  /** A socket that only sends has a name of the kernel's choice. */
  #client(): OpenSocket | undefined {
    const opened = openClient(this.#opener, spec)
    return this.#isOpen("socket", opened) ? this.#socket : undefined
  }

  /** Sends without waiting. */
  #try(socket: OpenSocket, message: object): DatagramSendError | undefined {
    const begun = socket.trySend(message)
    if (begun === undefined || !(begun instanceof SendQueue)) return begun
    for (let pause = begun.run(); pause !== undefined; pause = begun.run())
      if (pause !== "its next turn") begun.failBlocked()
    return begun.failed[0]?.error
  }

  #awaitRoom(socket: OpenSocket): void {
    if (this.#isCongested) return
    this.#isCongested = true
    socket.onSendSpace(socket.peer, (error) => {
      this.#isCongested = false
      if (error === undefined && !this.#isClosed) this.emit("writable")
    })
  }
}
