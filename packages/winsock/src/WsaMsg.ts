/**
 * The `WSAMSG` structure as a resource. `WsaMsg.receive` fills it with `WSARecvMsg`, and `WsaMsg.send` sends it with `WSASendMsg`. Each field has a
 * member that names its meaning.
 *
 * | field               | member                                                               |
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
 * import { isUnavailable } from "@ancillary/engine/driver/Driver"
 * import { isWsaFault, WsaMsg, WsaSocket } from "@ancillary/winsock"
 *
 * // Receives one datagram and returns its payload.
 * const receiveOne = async () => {
 *   const socket = WsaSocket.open("ipv4")
 *   const message = WsaMsg.make({ name: 16, buffers: [12, 500], control: 24 })
 *   if (isUnavailable(socket) || isWsaFault(socket)) return socket
 *   if (isUnavailable(message) || isWsaFault(message)) return message
 *   try {
 *     socket.setOption(0, 21, 1) // asks for the TTL
 *     socket.bind({ address: "0.0.0.0", port: 5300 })
 *     await new Promise((resolve) => socket.onReadable(resolve))
 *     const outcome = WsaMsg.receive(socket, message)
 *     return "bytes" in outcome ? message.copy(outcome.bytes) : outcome
 *   } finally {
 *     message.close()
 *     socket.close()
 *   }
 * }
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
import { ReceiveFlags } from "@ancillary/engine/driver/Arena"
import { isFault, isUnavailable, type Unavailable } from "@ancillary/engine/driver/Driver"
import { loadWinsock } from "./internal/driver.ts"
import { Message } from "./internal/message.ts"
import { copied, copiedAll } from "./internal/pieces.ts"
import { MSG_PEEK, receiveFlags } from "./internal/platform.ts"
import { closed, invalid, isWsaFault, refused, type WsaFault } from "./WsaFault.ts"
import { type Handle as SocketHandle, TypeId as SocketTypeId } from "./WsaSocket.ts"

/**
 * The key of a message's memory.
 *
 * @category symbols
 * @since 0.1.0
 */
export const TypeId: unique symbol = Symbol.for("@ancillary/winsock/WsaMsg")

/**
 * The type of that key.
 *
 * @category symbols
 * @since 0.1.0
 */
export type TypeId = typeof TypeId

/**
 * The result of a call in `dwFlags`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Flags {
  /** `MSG_PEEK`: the call left the datagram in the queue. */
  readonly peek: boolean
  /** `MSG_BCAST`: sent to a link-layer or IP broadcast address. Wine never sets it. */
  readonly broadcast: boolean
  /** `MSG_MCAST`: sent to a multicast address. Wine never sets it. */
  readonly multicast: boolean
  /** `MSG_TRUNC`: the buffers were too small. Wine never sets it; `ReceiveOutcome` reports it everywhere. */
  readonly dataTruncated: boolean
  /** `MSG_CTRUNC`: the room for control data was too small. */
  readonly controlTruncated: boolean
  /** The number itself. */
  readonly dwFlags: number
}

/**
 * The result of one `WSARecvMsg`. A truncated datagram is a failed call in Winsock (`WSAEMSGSIZE`), but it has left the queue. Its own tag keeps it
 * apart from a complete one.
 *
 * **Gotchas**
 *
 * `bytes` is the number that the call returned. For a truncated datagram, Windows returns the bytes and Wine returns 0.
 *
 * @category models
 * @since 0.1.0
 */
export type ReceiveOutcome =
  | { readonly _tag: "Received"; readonly bytes: number }
  | { readonly _tag: "Truncated"; readonly bytes: number; readonly data: boolean; readonly control: boolean }
  | { readonly _tag: "WouldBlock" }

/**
 * The result of one `WSASendMsg`. With `WouldBlock` the send buffer is full and nothing was sent.
 *
 * @category models
 * @since 0.1.0
 */
export type SendOutcome = { readonly _tag: "Sent"; readonly bytes: number } | { readonly _tag: "WouldBlock" }

/**
 * A value that `receive` and `send` take as a message.
 *
 * @category models
 * @since 0.1.0
 */
export interface Handle {
  readonly [TypeId]: Message
}

/**
 * The memory of a message, as the last call or the last setter left it.
 *
 * **Gotchas**
 *
 * Bytes are views of the memory itself. The next call changes them, and after `close` they are empty. Every call returns a `Closed` fault then.
 *
 * @category models
 * @since 0.1.0
 */
export interface WsaMsg extends Handle, Disposable {
  /** The layout of this process's structures, which the macros of `ControlBuffer` require. */
  readonly abi: Abi
  /** Returns `namelen` bytes at `name`: the sender, or the receiver. Nothing if the pointer is NULL, as on a connected socket. */
  readonly name: () => Uint8Array | undefined | WsaFault
  readonly setName: (name: Uint8Array | undefined) => WsaFault | undefined
  readonly endpoint: () => Endpoint<"dual"> | undefined | WsaFault
  /** Sets the name. `family` is that of the socket. On a `dual` socket an IPv4 address is written mapped. */
  readonly setEndpoint: <F extends Internet>(family: F, to: EndpointInput<F> | Endpoint<F>) => WsaFault | undefined
  /** Returns each `WSABUF`, `len` bytes long. After creation and after a receive that is its whole capacity. */
  readonly buffers: () => ReadonlyArray<Uint8Array> | WsaFault
  /** Copies a piece into each buffer, in order, and sets its `len`. `dwBufferCount` leaves out buffers without a piece. */
  readonly setBuffers: (pieces: ReadonlyArray<Uint8Array>) => WsaFault | undefined
  readonly bufferCount: () => number | WsaFault
  /** Returns a copy of the first `bytes` bytes of the buffers, joined. */
  readonly copy: (bytes: number) => Uint8Array | WsaFault
  /** Returns `Control.len` bytes of control data. Nothing if the pointer is NULL, which the macros read as no messages. */
  readonly control: () => DataView | undefined | WsaFault
  /** Sets the control data, as `ControlBuffer.fromMessages` makes it. Empty data sets a NULL pointer. */
  readonly setControl: (control: Uint8Array) => WsaFault | undefined
  readonly flags: () => Flags | WsaFault
  /** Releases the memory. */
  readonly close: () => void
}

/**
 * The sizes of a message's memory, in bytes, from 0 to 16 MiB each. A size of 0 makes a NULL pointer.
 *
 * @category models
 * @since 0.1.0
 */
export interface Capacity {
  readonly name?: number | undefined
  /** At least one. */
  readonly buffers: ReadonlyArray<number>
  readonly control: number
}

/** A datagram cannot be larger. */
const largest = 0x1000000

/**
 * Allocates a message. Returns the reason if this is another system than Windows.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (capacity: Capacity): WsaMsg | WsaFault | Unavailable => {
  const sizes = sizesOf(capacity)
  if (isWsaFault(sizes)) return sizes
  const loaded = loadWinsock("WsaMsg.make")
  if (isUnavailable(loaded)) return loaded
  return overMemory(new Message(loaded.host.abi, sizes, loaded.native.memory.allocate))
}

const sizesOf = (capacity: Capacity) => {
  try {
    const { buffers, control, name = 0 } = capacity
    if (!isList(buffers)) return invalid("WSAMSG", `${Codec.format(buffers)} is not a list of capacities in bytes`)
    const sizes = [...buffers]
    const wrong = [name, control, ...sizes].find((bytes) => !Codec.isInteger(bytes, 0, largest))
    if (wrong !== undefined)
      return invalid("WSAMSG", `${Codec.format(wrong)} is not a capacity in bytes: an integer from 0 to ${largest}`)
    if (sizes.length === 0) return invalid("WSAMSG", "A message has at least one buffer, if only of 0 bytes")
    return { name, control, buffers: sizes }
  } catch (cause) {
    return invalid("WSAMSG", `The capacities cannot be read (${Codec.format(cause)})`)
  }
}

const isList = (value: unknown): value is ReadonlyArray<number> => Array.isArray(value)

const overMemory = (message: Message): WsaMsg => {
  const { abi, capacity } = message
  const whileOpen = <A>(f: () => A | WsaFault): A | WsaFault => (message.released ? closed("WSAMSG", "message") : f())
  /** Sets bytes that fit. */
  const set = (what: string, given: Uint8Array, room: number, f: (bytes: Uint8Array) => void) =>
    whileOpen<undefined>(() => {
      const bytes = copied(given)
      if (bytes === undefined)
        return invalid("WSAMSG", `${what} cannot be read: ${Codec.format(given)}. Give a Uint8Array`)
      if (bytes.length > room) return invalid("WSAMSG", `${what} of ${bytes.length} bytes does not fit into ${room}`)
      f(bytes)
      return undefined
    })
  const setName = (name: Uint8Array | undefined): WsaFault | undefined =>
    name === undefined
      ? whileOpen<undefined>(() => {
          message.setName(undefined)
          return undefined
        })
      : set("A name", name, capacity.name, (bytes) => message.setName(bytes))
  const close = () => {
    if (!message.released) message.release()
  }
  return {
    [TypeId]: message,
    abi,
    name: () => whileOpen(() => message.name),
    setName,
    endpoint: () =>
      whileOpen<Endpoint<"dual"> | undefined>(() => {
        const { name } = message
        if (name === undefined || name.length === 0) return undefined
        const from = SocketAddress.read(abi, new DataView(name.buffer, name.byteOffset, name.length), 0, name.length)
        if (Codec.isMalformed(from)) return invalid("WSAMSG", `The name cannot be read: ${from.malformed}`)
        // Winsock has no datagrams of another family.
        return from as Endpoint<"dual">
      }),
    setEndpoint: (family, input) =>
      whileOpen<undefined>(() => {
        if (family !== "ipv4" && family !== "ipv6" && family !== "dual")
          return invalid("WSAMSG", `${Codec.format(family)} is not "ipv4", "ipv6" or "dual"`)
        const to = endpoint<Internet>(family, input)
        if (Codec.isMalformed(to)) return invalid("WSAMSG", `The address cannot be used: ${to.malformed}`)
        const bytes = new Uint8Array(SocketAddress.size(abi, family === "ipv4" ? "ipv4" : "ipv6"))
        SocketAddress.write(abi, to, new DataView(bytes.buffer), 0, family === "dual")
        return setName(bytes)
      }),
    buffers: () => whileOpen(() => message.buffers),
    setBuffers: (given) =>
      whileOpen<undefined>(() => {
        const rooms = capacity.buffers
        // One more than there are buffers; the excess is refused below.
        const pieces = copiedAll(given, rooms.length + 1)
        if (pieces === undefined) return invalid("WSAMSG", "The pieces cannot be read. Give an array of Uint8Arrays")
        const tooLong = pieces.findIndex((piece, index) => piece.length > (rooms[index] ?? -1))
        if (tooLong >= 0) {
          const why = `Piece ${tooLong} of ${pieces[tooLong]?.length} bytes does not fit into buffers of ${rooms.join(", ")}`
          return invalid("WSAMSG", why)
        }
        message.setBuffers(pieces)
        return undefined
      }),
    bufferCount: () => whileOpen(() => message.bufferCount),
    copy: (bytes) =>
      whileOpen(() =>
        Codec.isInteger(bytes, 0, Number.MAX_SAFE_INTEGER)
          ? new Uint8Array(Buffer.concat(message.buffers).subarray(0, bytes))
          : invalid("WSAMSG", `${Codec.format(bytes)} is not a number of bytes: give an integer, 0 or more`)
      ),
    control: () => whileOpen(() => message.control),
    setControl: (control) => set("Control data", control, capacity.control, (bytes) => message.setControl(bytes)),
    flags: () => whileOpen(() => flagsOf(message.dwFlags)),
    close,
    [Symbol.dispose]: close
  }
}

const flagsOf = (dwFlags: number): Flags => {
  const marks = receiveFlags(dwFlags, false)
  return {
    peek: (dwFlags & MSG_PEEK) !== 0,
    broadcast: (marks & ReceiveFlags.broadcast) !== 0,
    multicast: (marks & ReceiveFlags.multicast) !== 0,
    dataTruncated: (marks & ReceiveFlags.dataTruncated) !== 0,
    controlTruncated: (marks & ReceiveFlags.controlTruncated) !== 0,
    dwFlags
  }
}

/** Returns the parts of a call. They are absent from a value that no constructor made. */
const partsOf = (socket: unknown, message: unknown, options: unknown) => {
  try {
    const memory: unknown = Reflect.get(Object(message), TypeId)
    const native: unknown = Reflect.get(Object(socket), SocketTypeId)
    return {
      memory: memory instanceof Message ? memory : undefined,
      native: typeof native === "object" && native !== null ? (native as SocketHandle[typeof SocketTypeId]) : undefined,
      peek: Reflect.get(Object(options), "peek") === true
    }
  } catch {
    return { memory: undefined, native: undefined, peek: false }
  }
}

const notMade = "The arguments are not a socket and a message: make them with WsaSocket.open and WsaMsg.make"

/**
 * Makes exactly one `WSARecvMsg`. It sets every length to its capacity before the call, and leaves the message as the call left it. `peek`
 * leaves the datagram in the queue.
 *
 * @see https://learn.microsoft.com/windows/win32/api/mswsock/nc-mswsock-lpfn_wsarecvmsg
 * @category calls
 * @since 0.1.0
 */
export const receive = (
  socket: SocketHandle,
  message: Handle,
  options?: { readonly peek?: boolean | undefined }
): ReceiveOutcome | WsaFault => {
  const { memory, native, peek } = partsOf(socket, message, options)
  if (memory === undefined || native === undefined) return invalid("WSARecvMsg", notMade)
  if (memory.released) return closed("WSARecvMsg", "message")
  memory.prepare(peek ? MSG_PEEK : 0)
  const moved = native.receiveMessage(memory.address)
  if (moved === undefined || isFault(moved)) memory.clear()
  if (moved === undefined) return { _tag: "WouldBlock" }
  if (isFault(moved)) return refused(moved, "Receiving", "receive")
  const { bytes, cut } = moved
  if (!cut) return { _tag: "Received", bytes }
  const marks = receiveFlags(memory.dwFlags, cut)
  return {
    _tag: "Truncated",
    bytes,
    data: (marks & ReceiveFlags.dataTruncated) !== 0,
    control: (marks & ReceiveFlags.controlTruncated) !== 0
  }
}

/**
 * Makes exactly one `WSASendMsg` of the message as it was set.
 *
 * @see https://learn.microsoft.com/windows/win32/api/winsock2/nf-winsock2-wsasendmsg
 * @category calls
 * @since 0.1.0
 */
export const send = (socket: SocketHandle, message: Handle): SendOutcome | WsaFault => {
  const { memory, native } = partsOf(socket, message, undefined)
  if (memory === undefined || native === undefined) return invalid("WSASendMsg", notMade)
  if (memory.released) return closed("WSASendMsg", "message")
  const moved = native.sendMessage(memory.address)
  if (moved === undefined) return { _tag: "WouldBlock" }
  if (isFault(moved)) return refused(moved, "Sending", "send")
  return { _tag: "Sent", bytes: moved.bytes }
}
