/**
 * A raw UDP socket of Winsock, for programs that make their own calls with `WsaMsg`: non-blocking, non-overlapped, closed by its scope.
 *
 * **Gotchas**
 *
 * Nothing is set that was not asked for, so control data comes only after `setOption`; set options before `bind`, because what is queued
 * earlier has none. A program that wants this done for it uses `Datagram.bind` with `WinsockSockets.layer`.
 *
 * @since 0.1.0
 */
import { Codec, type Endpoint, type EndpointInput, endpoint, type Internet, SocketAddress } from "@ancillary/control"
import { IPPROTO_IPV6, IPV6_V6ONLY } from "@ancillary/control/platform/winsock"
import type { DatagramUnsupportedError } from "@ancillary/effect3"
import { type Fault, isFault, type Poll } from "@ancillary/engine/driver/Driver"
import { Effect, type Scope } from "effect"
import { loadNative, type Native } from "./internal/driver.ts"
import { copied } from "./internal/pieces.ts"
import type { WinsockSocket } from "./internal/socket.ts"
import { closed, invalid, refused, type WsaError } from "./WsaError.ts"

/**
 * What marks a `WsaSocket`, and where its native socket is kept.
 *
 * @category symbols
 * @since 0.1.0
 */
export const TypeId: unique symbol = Symbol.for("@ancillary/winsock/WsaSocket")

/**
 * The type of that mark.
 *
 * @category symbols
 * @since 0.1.0
 */
export type TypeId = typeof TypeId

/**
 * An open socket. After its scope has ended, every effect here fails with `Closed`.
 *
 * @category models
 * @since 0.1.0
 */
export interface WsaSocket<F extends Internet> {
  readonly [TypeId]: WinsockSocket
  readonly family: F
  /** The `SOCKET`, for calls that are not here. Another socket may have the number once this one is closed. */
  readonly descriptor: number
  /** A number is set as a `DWORD`, which is what nearly every option takes. */
  readonly setOption: (level: number, option: number, value: number | Uint8Array) => Effect.Effect<void, WsaError>
  readonly bind: (at: EndpointInput<F> | Endpoint<F>) => Effect.Effect<void, WsaError>
  /** What others send never arrives; a message to it has no name. */
  readonly connect: (peer: EndpointInput<F> | Endpoint<F>) => Effect.Effect<void, WsaError>
  readonly localAddress: Effect.Effect<Endpoint<F>, WsaError>
  /** Waits until there is something to receive, and takes nothing. */
  readonly readable: Effect.Effect<void, WsaError>
}

/**
 * Opens a socket; `dual` is an IPv6 one that also serves IPv4 peers. Fails with `DatagramUnsupportedError` on another system than Windows.
 *
 * @see https://learn.microsoft.com/windows/win32/api/winsock2/nf-winsock2-wsasocketw
 * @category constructors
 * @since 0.1.0
 */
export const open = <F extends Internet>(
  family: F
): Effect.Effect<WsaSocket<F>, WsaError | DatagramUnsupportedError, Scope.Scope> =>
  Effect.gen(function* () {
    const native = yield* loadNative("WsaSocket.open")
    const handle = yield* Effect.acquireRelease(openHandle(native, family), (socket) =>
      Effect.sync(() => socket.close())
    )
    const { readable, release } = readiness(handle)
    yield* Effect.addFinalizer(() => Effect.sync(release))
    const socket = make(native, family, handle, readable)
    if (family !== "ipv4") yield* socket.setOption(IPPROTO_IPV6, IPV6_V6ONLY, family === "ipv6" ? 1 : 0)
    return socket
  })

const openHandle = ({ host, native }: Native, family: Internet): Effect.Effect<WinsockSocket, WsaError> =>
  Effect.suspend(() => {
    const socket = native.open(host, { family: family === "ipv4" ? "ipv4" : "ipv6", protocol: "udp" })
    return isFault(socket) ? Effect.fail(refused(socket, "Opening the socket", "setUp")) : Effect.succeed(socket)
  })

const make = <F extends Internet>(
  { host: { abi } }: Native,
  family: F,
  handle: WinsockSocket,
  readable: Effect.Effect<void, WsaError>
): WsaSocket<F> => {
  const attempt = (what: string, call: () => Fault | undefined): Effect.Effect<void, WsaError> =>
    Effect.suspend(() => {
      const fault = call()
      return fault === undefined ? Effect.void : Effect.fail(refused(fault, what, "setUp"))
    })
  const name = new Uint8Array(SocketAddress.size(abi, family === "ipv4" ? "ipv4" : "ipv6"))
  const view = new DataView(name.buffer)
  const withName = (
    syscall: "bind" | "connect",
    what: string,
    input: EndpointInput<F> | Endpoint<F>
  ): Effect.Effect<void, WsaError> =>
    Effect.suspend(() => {
      const to = endpoint<Internet>(family, input)
      if (Codec.isMalformed(to)) return Effect.fail(invalid(syscall, `The address cannot be used: ${to.malformed}`))
      const length = SocketAddress.write(abi, to, view, 0, family === "dual")
      return attempt(`${what} ${to}`, () => handle[syscall](name.subarray(0, length)))
    })
  return {
    [TypeId]: handle,
    family,
    descriptor: handle.descriptor,
    setOption: (level, option, value) => {
      const bytes = typeof value === "number" ? intOf(value) : copied(value)
      if (!isInt(level) || !isInt(option) || bytes === undefined)
        return Effect.fail(
          invalid(
            "setsockopt",
            `Level ${Codec.format(level)}, option ${Codec.format(option)} or value ${Codec.format(value)} cannot be set: ` +
              "give 32-bit integers, and the value as one or as a Uint8Array"
          )
        )
      return attempt(`Setting option ${option} of level ${level}`, () => handle.setOption(level, option, bytes))
    },
    bind: (at) => withName("bind", "Binding to", at),
    connect: (peer) => withName("connect", "Connecting to", peer),
    localAddress: Effect.suspend(() => {
      const length = handle.localAddress(name)
      if (isFault(length)) return Effect.fail(refused(length, "Asking for the local address", "setUp"))
      const local = SocketAddress.read(abi, view, 0, length)
      return Codec.isMalformed(local)
        ? Effect.fail(invalid("getsockname", local.malformed))
        : // The kernel names a socket in its own family, or mapped where it is dual.
          Effect.succeed(local as Endpoint<F>)
    }),
    readable
  }
}

const isInt = (value: unknown): value is number => Codec.isInteger(value, -0x80000000, 0xffffffff)

const intOf = (value: number): Uint8Array | undefined =>
  isInt(value) ? new Uint8Array(Int32Array.of(value).buffer) : undefined

/** One registration with the event loop for all who wait, while there are any. */
const readiness = (
  socket: WinsockSocket
): { readonly readable: Effect.Effect<void, WsaError>; readonly release: () => void } => {
  const waiting = new Set<(result: Effect.Effect<void, WsaError>) => void>()
  let poll: Poll | undefined
  let released = false
  const wake = (result: Effect.Effect<void, WsaError>) => {
    const all = [...waiting]
    waiting.clear()
    poll?.update(false, false)
    for (const resume of all) resume(result)
  }
  return {
    readable: Effect.async((resume) => {
      if (released) return resume(Effect.fail(closed("poll", "socket")))
      if (poll === undefined) {
        const registered = socket.poll(() => wake(Effect.void))
        if (isFault(registered)) return resume(Effect.fail(refused(registered, "Waiting", "setUp")))
        poll = registered
      }
      waiting.add(resume)
      poll.update(true, false)
      return Effect.sync(() => {
        waiting.delete(resume)
        poll?.update(waiting.size > 0, false)
      })
    }),
    release: () => {
      released = true
      wake(Effect.fail(closed("poll", "socket")))
      poll?.close()
    }
  }
}
