/**
 * The `WSAMSG` structure as a resource: what `WSARecvMsg` fills and `WSASendMsg` sends, laid out, owned by a scope, and every field of it
 * under the name of what it means.
 *
 * | field               | here                                                                 |
 * | ------------------- | -------------------------------------------------------------------- |
 * | `name`, `namelen`   | `name`, `setName`; as an endpoint: `endpoint`, `setEndpoint`         |
 * | `lpBuffers`         | `buffers`, `setBuffers`: scatter and gather; `copy` joins them       |
 * | `dwBufferCount`     | `bufferCount`                                                        |
 * | `Control`           | `control`, `setControl`, with the five macros of `ControlBuffer`     |
 * | `dwFlags`, on input | `receive(socket, message, { peek: true })`                           |
 * | `dwFlags`, returned | `flags`                                                              |
 *
 * @example
 * ```ts
 * import { ControlBuffer } from "@ancillary/control"
 * import { WsaMsg, WsaSocket } from "@ancillary/winsock"
 * import { Effect } from "effect"
 *
 * const program = Effect.gen(function* () {
 *   const socket = yield* WsaSocket.open("ipv4")
 *   yield* socket.setOption(0, 21, 1) // asks for the TTL
 *   yield* socket.bind({ address: "0.0.0.0", port: 5300 })
 *   const message = yield* WsaMsg.make({ name: 16, buffers: [12, 500], control: 24 })
 *   yield* socket.readable
 *   const outcome = yield* WsaMsg.receive(socket, message)
 *   if (outcome._tag === "Received") {
 *     const control = yield* message.control
 *     const first = ControlBuffer.firstHeader(message.abi, control)
 *   }
 * })
 * ```
 *
 * @see https://learn.microsoft.com/windows/win32/api/ws2def/ns-ws2def-wsamsg
 * @since 0.1.0
 */
import {
  type Abi,
  Codec,
  type Endpoint,
  type EndpointInput,
  endpoint,
  type Internet,
  SocketAddress
} from "@ancillary/control"
import type { DatagramUnsupportedError } from "@ancillary/effect3"
import { ReceiveFlags } from "@ancillary/engine/driver/Arena"
import { isFault } from "@ancillary/engine/driver/Driver"
import { Effect, Option, type Scope } from "effect"
import { loadNative } from "./internal/driver.ts"
import { Message } from "./internal/message.ts"
import { copied, copiedAll } from "./internal/pieces.ts"
import { MSG_PEEK, receiveFlags } from "./internal/platform.ts"
import { closed, invalid, refused, type WsaError } from "./WsaError.ts"
import { TypeId as SocketTypeId, type WsaSocket } from "./WsaSocket.ts"

/**
 * What marks a `WsaMsg`, and where its native message is kept.
 *
 * @category symbols
 * @since 0.1.0
 */
export const TypeId: unique symbol = Symbol.for("@ancillary/winsock/WsaMsg")

/**
 * The type of that mark.
 *
 * @category symbols
 * @since 0.1.0
 */
export type TypeId = typeof TypeId

/**
 * What a call left in `dwFlags`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Flags {
  /** `MSG_PEEK`: the call took nothing. */
  readonly peek: boolean
  /** `MSG_BCAST`: sent to a broadcast address, of the link or of IP. Wine never says so. */
  readonly broadcast: boolean
  /** `MSG_MCAST`: sent to a group. Wine never says so. */
  readonly multicast: boolean
  /** `MSG_TRUNC`, `MSG_CTRUNC`: what did not fit. Wine says so of control data alone; `ReceiveOutcome` has both. */
  readonly dataTruncated: boolean
  readonly controlTruncated: boolean
  /** The number itself. */
  readonly dwFlags: number
}

/**
 * What one `WSARecvMsg` did. A datagram that was cut is a failed call in Winsock (`WSAEMSGSIZE`), and has been taken all the same: its tag
 * says so, so that nobody takes it for a whole one.
 *
 * **Gotchas**
 *
 * `bytes` is what the call told. For a datagram that was cut, Windows tells the bytes, Wine none.
 *
 * @category models
 * @since 0.1.0
 */
export type ReceiveOutcome =
  | { readonly _tag: "Received"; readonly bytes: number }
  | { readonly _tag: "Truncated"; readonly bytes: number; readonly data: boolean; readonly control: boolean }
  | { readonly _tag: "WouldBlock" }

/**
 * What one `WSASendMsg` did. `WouldBlock`: the send buffer is full, nothing was sent.
 *
 * @category models
 * @since 0.1.0
 */
export type SendOutcome = { readonly _tag: "Sent"; readonly bytes: number } | { readonly _tag: "WouldBlock" }

/**
 * A message's memory. What is read here is as the last call left it, or as it was set.
 *
 * **Gotchas**
 *
 * Bytes are views of the memory itself: the next call changes them, and when the scope has ended they have none. Everything here fails with
 * `Closed` then.
 *
 * @category models
 * @since 0.1.0
 */
export interface WsaMsg {
  readonly [TypeId]: Message
  /** The layout of this process's structures, which the macros of `ControlBuffer` want. */
  readonly abi: Abi
  /** `namelen` bytes at `name`: who sent it, or whom it is for. Nothing where the pointer is NULL, as on a connected socket. */
  readonly name: Effect.Effect<Uint8Array | undefined, WsaError>
  readonly setName: (name: Uint8Array | undefined) => Effect.Effect<void, WsaError>
  readonly endpoint: Effect.Effect<Option.Option<Endpoint<"dual">>, WsaError>
  /** `family` is that of the socket: on a `dual` one, an IPv4 address is written mapped. */
  readonly setEndpoint: <F extends Internet>(
    family: F,
    to: EndpointInput<F> | Endpoint<F>
  ) => Effect.Effect<void, WsaError>
  /** Each `WSABUF`, `len` bytes long: all of its room when it is new and after a receive. */
  readonly buffers: Effect.Effect<ReadonlyArray<Uint8Array>, WsaError>
  /** Copies a piece into each, in order, and shortens it to that; buffers without a piece are left out of `dwBufferCount`. */
  readonly setBuffers: (pieces: ReadonlyArray<Uint8Array>) => Effect.Effect<void, WsaError>
  readonly bufferCount: Effect.Effect<number, WsaError>
  /** The first `bytes` bytes of the buffers, joined: a copy, yours to keep. */
  readonly copy: (bytes: number) => Effect.Effect<Uint8Array, WsaError>
  /** `Control.len` bytes of control data. Nothing where the pointer is NULL: the macros take that for "no messages". */
  readonly control: Effect.Effect<DataView | undefined, WsaError>
  /** Exactly these bytes; none: a NULL pointer. `ControlBuffer.fromMessages` makes them. */
  readonly setControl: (control: Uint8Array) => Effect.Effect<void, WsaError>
  readonly flags: Effect.Effect<Flags, WsaError>
}

/** Beyond this, one message is no datagram any more. */
const largest = 0x1000000

/**
 * Lays a message out: bytes for the name (a NULL pointer without), for each of the buffers, and for control data (0: a NULL pointer).
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (capacity: {
  readonly name?: number | undefined
  readonly buffers: ReadonlyArray<number>
  readonly control: number
}): Effect.Effect<WsaMsg, WsaError | DatagramUnsupportedError, Scope.Scope> =>
  Effect.gen(function* () {
    const { buffers, control, given, name } = yield* Effect.try({
      try: () => {
        const { buffers, control, name = 0 } = capacity
        const sizes = isList(buffers) ? [...buffers] : undefined
        return { buffers: sizes, control, name, given: Codec.format(buffers) }
      },
      catch: (cause) => invalid("WSAMSG", `The capacities cannot be read (${Codec.format(cause)})`)
    })
    if (buffers === undefined) return yield* invalid("WSAMSG", `${given} is not a list of capacities in bytes`)
    const wrong = [name, control, ...buffers].find((bytes) => !Codec.isInteger(bytes, 0, largest))
    if (wrong !== undefined) {
      return yield* invalid(
        "WSAMSG",
        `${Codec.format(wrong)} is not a capacity in bytes: an integer from 0 to ${largest}`
      )
    }
    if (buffers.length === 0) return yield* invalid("WSAMSG", "A message has at least one buffer, if only of 0 bytes")
    const { host, native } = yield* loadNative("WsaMsg.make")
    const message = yield* Effect.acquireRelease(
      Effect.sync(() => new Message(host.abi, { name, buffers: [...buffers], control }, native.memory.allocate)),
      (message) => Effect.sync(() => message.release())
    )
    return face(message)
  })

const isList = (value: unknown): value is ReadonlyArray<number> => Array.isArray(value)

const face = (message: Message): WsaMsg => {
  const { abi, capacity } = message
  const whileOpen = <A>(f: () => Effect.Effect<A, WsaError>): Effect.Effect<A, WsaError> =>
    Effect.suspend(() => (message.released ? Effect.fail(closed("WSAMSG", "message")) : f()))
  const read = <A>(f: () => A) => whileOpen(() => Effect.sync(f))
  /** Sets what fits. */
  const set = (what: string, given: Uint8Array, room: number, f: (bytes: Uint8Array) => void) =>
    whileOpen(() => {
      const bytes = copied(given)
      if (bytes === undefined)
        return Effect.fail(invalid("WSAMSG", `${what} cannot be read: ${Codec.format(given)}. Give a Uint8Array`))
      return bytes.length > room
        ? Effect.fail(invalid("WSAMSG", `${what} of ${bytes.length} bytes does not fit into ${room}`))
        : Effect.sync(() => f(bytes))
    })
  const setName = (name: Uint8Array | undefined) =>
    name === undefined
      ? read(() => message.setName(undefined))
      : set("A name", name, capacity.name, (bytes) => message.setName(bytes))
  return {
    [TypeId]: message,
    abi,
    name: read(() => message.name),
    setName,
    endpoint: whileOpen(() => {
      const { name } = message
      if (name === undefined || name.length === 0) return Effect.succeedNone
      const from = SocketAddress.read(abi, new DataView(name.buffer, name.byteOffset, name.length), 0, name.length)
      if (Codec.isMalformed(from)) return Effect.fail(invalid("WSAMSG", `The name cannot be read: ${from.malformed}`))
      // Winsock has no datagrams of another family.
      return Effect.succeedSome(from as Endpoint<"dual">)
    }),
    setEndpoint: (family, input) =>
      whileOpen(() => {
        if (family !== "ipv4" && family !== "ipv6" && family !== "dual")
          return Effect.fail(invalid("WSAMSG", `${Codec.format(family)} is not "ipv4", "ipv6" or "dual"`))
        const to = endpoint<Internet>(family, input)
        if (Codec.isMalformed(to)) return Effect.fail(invalid("WSAMSG", `The address cannot be used: ${to.malformed}`))
        const bytes = new Uint8Array(SocketAddress.size(abi, family === "ipv4" ? "ipv4" : "ipv6"))
        SocketAddress.write(abi, to, new DataView(bytes.buffer), 0, family === "dual")
        return setName(bytes)
      }),
    buffers: read(() => message.buffers),
    setBuffers: (given) =>
      whileOpen(() => {
        // One more than there is room for, which is refused below.
        const pieces = copiedAll(given, capacity.buffers.length + 1)
        if (pieces === undefined)
          return Effect.fail(invalid("WSAMSG", "The pieces cannot be read. Give an array of Uint8Arrays"))
        const rooms = capacity.buffers
        const tooLong = pieces.findIndex((piece, index) => piece.length > (rooms[index] ?? -1))
        const why = `Piece ${tooLong} of ${pieces[tooLong]?.length} bytes does not fit into buffers of ${rooms.join(", ")}`
        return tooLong < 0 ? Effect.sync(() => message.setBuffers(pieces)) : Effect.fail(invalid("WSAMSG", why))
      }),
    bufferCount: read(() => message.bufferCount),
    copy: (bytes) =>
      whileOpen(() =>
        Codec.isInteger(bytes, 0, Number.MAX_SAFE_INTEGER)
          ? Effect.sync(() => new Uint8Array(Buffer.concat(message.buffers).subarray(0, bytes)))
          : Effect.fail(
              invalid("WSAMSG", `${Codec.format(bytes)} is not a number of bytes: give an integer, 0 or more`)
            )
      ),
    control: read(() => message.control),
    setControl: (control) => set("Control data", control, capacity.control, (bytes) => message.setControl(bytes)),
    flags: read(() => {
      const { dwFlags } = message
      const marks = receiveFlags(dwFlags, false)
      return {
        peek: (dwFlags & MSG_PEEK) !== 0,
        broadcast: (marks & ReceiveFlags.broadcast) !== 0,
        multicast: (marks & ReceiveFlags.multicast) !== 0,
        dataTruncated: (marks & ReceiveFlags.dataTruncated) !== 0,
        controlTruncated: (marks & ReceiveFlags.controlTruncated) !== 0,
        dwFlags
      }
    })
  }
}

/** What a call works on; nothing for a value that no constructor here made. */
const partsOf = (socket: unknown, message: unknown, options: unknown) => {
  try {
    const memory: unknown = Reflect.get(Object(message), TypeId)
    const native: unknown = Reflect.get(Object(socket), SocketTypeId)
    return {
      memory: memory instanceof Message ? memory : undefined,
      native:
        typeof native === "object" && native !== null
          ? (native as WsaSocket<Internet>[typeof SocketTypeId])
          : undefined,
      peek: Reflect.get(Object(options), "peek") === true
    }
  } catch {
    return { memory: undefined, native: undefined, peek: false }
  }
}

/**
 * Exactly one `WSARecvMsg`: every length is set to its capacity, and the message is as the call left it. `peek` takes nothing.
 *
 * @see https://learn.microsoft.com/windows/win32/api/mswsock/nc-mswsock-lpfn_wsarecvmsg
 * @category calls
 * @since 0.1.0
 */
export const receive = <F extends Internet>(
  socket: WsaSocket<F>,
  message: WsaMsg,
  options?: { readonly peek?: boolean | undefined }
): Effect.Effect<ReceiveOutcome, WsaError> =>
  Effect.suspend(() => {
    const { memory, native, peek } = partsOf(socket, message, options)
    if (memory === undefined || native === undefined)
      return Effect.fail(
        invalid(
          "WSARecvMsg",
          "The arguments are not a socket and a message: make them with WsaSocket.open and WsaMsg.make"
        )
      )
    if (memory.released) return Effect.fail(closed("WSARecvMsg", "message"))
    memory.prepare(peek ? MSG_PEEK : 0)
    const moved = native.receiveMessage(memory.address)
    if (moved === undefined || isFault(moved)) memory.clear()
    if (moved === undefined) return Effect.succeed<ReceiveOutcome>({ _tag: "WouldBlock" })
    if (isFault(moved)) return Effect.fail(refused(moved, "Receiving", "receive"))
    const { bytes, cut } = moved
    const marks = receiveFlags(memory.dwFlags, cut)
    return Effect.succeed<ReceiveOutcome>(
      cut
        ? {
            _tag: "Truncated",
            bytes,
            data: (marks & ReceiveFlags.dataTruncated) !== 0,
            control: (marks & ReceiveFlags.controlTruncated) !== 0
          }
        : { _tag: "Received", bytes }
    )
  })

/**
 * Exactly one `WSASendMsg`, of what was set.
 *
 * @see https://learn.microsoft.com/windows/win32/api/winsock2/nf-winsock2-wsasendmsg
 * @category calls
 * @since 0.1.0
 */
export const send = <F extends Internet>(socket: WsaSocket<F>, message: WsaMsg): Effect.Effect<SendOutcome, WsaError> =>
  Effect.suspend(() => {
    const { memory, native } = partsOf(socket, message, undefined)
    if (memory === undefined || native === undefined)
      return Effect.fail(
        invalid(
          "WSASendMsg",
          "The arguments are not a socket and a message: make them with WsaSocket.open and WsaMsg.make"
        )
      )
    if (memory.released) return Effect.fail(closed("WSASendMsg", "message"))
    const moved = native.sendMessage(memory.address)
    if (moved === undefined) return Effect.succeed<SendOutcome>({ _tag: "WouldBlock" })
    if (isFault(moved)) return Effect.fail(refused(moved, "Sending", "send"))
    return Effect.succeed<SendOutcome>({ _tag: "Sent", bytes: moved.bytes })
  })
