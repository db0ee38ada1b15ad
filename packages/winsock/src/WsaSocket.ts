/**
 * A raw UDP socket of Winsock for programs that make their own calls with `WsaMsg`: non-blocking and not overlapped.
 *
 * **Gotchas**
 *
 * No option is set by itself, so control data arrives only after `setOption`. Set options before `bind`: datagrams that are queued earlier have
 * no control data. `Datagram.bind` with `WinsockSockets.layer` does all of this.
 *
 * @since 0.1.0
 */
import { Codec, type Endpoint, type EndpointInput, endpoint, type Internet, SocketAddress } from "@ancillary/control"
import { IPPROTO_IPV6, IPV6_V6ONLY } from "@ancillary/control/platform/winsock"
import { type Fault, isFault, isUnavailable, type Poll, type Unavailable } from "@ancillary/engine/driver/Driver"
import { loadWinsock, type Native } from "./internal/driver.ts"
import { copied } from "./internal/pieces.ts"
import type { WinsockSocket } from "./internal/socket.ts"
import { closed, invalid, refused, type WsaFault } from "./WsaFault.ts"

/**
 * The key of a socket's native part.
 *
 * @category symbols
 * @since 0.1.0
 */
export const TypeId: unique symbol = Symbol.for("@ancillary/winsock/WsaSocket")

/**
 * The type of that key.
 *
 * @category symbols
 * @since 0.1.0
 */
export type TypeId = typeof TypeId

/**
 * A value that `WsaMsg.receive` and `WsaMsg.send` take as a socket.
 *
 * @category models
 * @since 0.1.0
 */
export interface Handle {
  readonly [TypeId]: WinsockSocket
}

/**
 * An open socket. After `close`, every call returns a `Closed` fault.
 *
 * @category models
 * @since 0.1.0
 */
export interface WsaSocket<F extends Internet> extends Handle, Disposable {
  readonly family: F
  /** The `SOCKET`, for calls that this module lacks. After `close`, another socket may have the number. */
  readonly descriptor: number
  /** Sets an option. A number is set as a `DWORD`, the type of almost every option. */
  readonly setOption: (level: number, option: number, value: number | Uint8Array) => WsaFault | undefined
  readonly bind: (at: EndpointInput<F> | Endpoint<F>) => WsaFault | undefined
  /** Connects to a peer. Datagrams of other senders do not arrive then, and a message to the peer requires no name. */
  readonly connect: (peer: EndpointInput<F> | Endpoint<F>) => WsaFault | undefined
  readonly localAddress: () => Endpoint<F> | WsaFault
  /**
   * Calls `notify` once when a datagram can be received, or with a fault if the socket closes or cannot wait. Takes no datagram. Returns a
   * function that cancels.
   */
  readonly onReadable: (notify: (fault: WsaFault | undefined) => void) => () => void
  /** Closes the socket, and calls every waiting `notify` with a `Closed` fault. */
  readonly close: () => void
}

/**
 * Opens a socket. A `dual` socket is an IPv6 socket that also reaches IPv4 peers. Returns the reason if this is another system than
 * Windows.
 *
 * @see https://learn.microsoft.com/windows/win32/api/winsock2/nf-winsock2-wsasocketw
 * @category constructors
 * @since 0.1.0
 */
export const open = <F extends Internet>(family: F): WsaSocket<F> | WsaFault | Unavailable => {
  const native = loadWinsock("WsaSocket.open")
  if (isUnavailable(native)) return native
  const handle = native.native.open(native.host, { family: family === "ipv4" ? "ipv4" : "ipv6", protocol: "udp" })
  if (isFault(handle)) return refused(handle, "Opening the socket", "setUp")
  const socket = make(native, family, handle)
  const fault = family === "ipv4" ? undefined : socket.setOption(IPPROTO_IPV6, IPV6_V6ONLY, family === "ipv6" ? 1 : 0)
  if (fault === undefined) return socket
  socket.close()
  return fault
}

const make = <F extends Internet>({ host: { abi } }: Native, family: F, handle: WinsockSocket): WsaSocket<F> => {
  const setUp = (what: string, fault: Fault | undefined): WsaFault | undefined =>
    fault === undefined ? undefined : refused(fault, what, "setUp")
  const name = new Uint8Array(SocketAddress.size(abi, family === "ipv4" ? "ipv4" : "ipv6"))
  const view = new DataView(name.buffer)
  const withName = (
    syscall: "bind" | "connect",
    what: string,
    input: EndpointInput<F> | Endpoint<F>
  ): WsaFault | undefined => {
    const to = endpoint<Internet>(family, input)
    if (Codec.isMalformed(to)) return invalid(syscall, `The address cannot be used: ${to.malformed}`)
    const length = SocketAddress.write(abi, to, view, 0, family === "dual")
    return setUp(`${what} ${to}`, handle[syscall](name.subarray(0, length)))
  }
  const { onReadable, release } = readiness(handle)
  const close = () => {
    release()
    handle.close()
  }
  return {
    [TypeId]: handle,
    family,
    descriptor: handle.descriptor,
    setOption: (level, option, value) => {
      const bytes = typeof value === "number" ? intOf(value) : copied(value)
      if (!isInt(level) || !isInt(option) || bytes === undefined)
        return invalid(
          "setsockopt",
          `Level ${Codec.format(level)}, option ${Codec.format(option)} or value ${Codec.format(value)} cannot be set: ` +
            "give 32-bit integers, and the value as one or as a Uint8Array"
        )
      return setUp(`Setting option ${option} of level ${level}`, handle.setOption(level, option, bytes))
    },
    bind: (at) => withName("bind", "Binding to", at),
    connect: (peer) => withName("connect", "Connecting to", peer),
    localAddress: () => {
      const length = handle.localAddress(name)
      if (isFault(length)) return refused(length, "Asking for the local address", "setUp")
      const local = SocketAddress.read(abi, view, 0, length)
      return Codec.isMalformed(local)
        ? invalid("getsockname", local.malformed)
        : // The kernel returns an address of the socket's own family, or a mapped one on a dual socket.
          (local as Endpoint<F>)
    },
    onReadable,
    close,
    [Symbol.dispose]: close
  }
}

const isInt = (value: unknown): value is number => Codec.isInteger(value, -0x80000000, 0xffffffff)

const intOf = (value: number): Uint8Array | undefined =>
  isInt(value) ? new Uint8Array(Int32Array.of(value).buffer) : undefined

/** Shares one registration with the event loop among all waiting callbacks. Its interest is set only while there are any. */
const readiness = (
  socket: WinsockSocket
): Pick<WsaSocket<Internet>, "onReadable"> & { readonly release: () => void } => {
  // Each wait has its own entry, because a program may wait twice with one function.
  const waiting = new Set<{ readonly notify: (fault: WsaFault | undefined) => void }>()
  let poll: Poll | undefined
  let released = false
  const wake = (fault: WsaFault | undefined) => {
    const all = [...waiting]
    waiting.clear()
    poll?.update(false, false)
    for (const { notify } of all)
      try {
        notify(fault)
      } catch (defect) {
        // The other callbacks are called even if this one throws.
        queueMicrotask(() => {
          throw defect
        })
      }
  }
  const notWaiting = () => {}
  return {
    onReadable: (notify) => {
      if (released) {
        notify(closed("poll", "socket"))
        return notWaiting
      }
      if (poll === undefined) {
        const registered = socket.poll(() => wake(undefined))
        if (isFault(registered)) {
          notify(refused(registered, "Waiting", "setUp"))
          return notWaiting
        }
        poll = registered
      }
      const entry = { notify }
      waiting.add(entry)
      poll.update(true, false)
      return () => {
        waiting.delete(entry)
        poll?.update(waiting.size > 0, false)
      }
    },
    release: () => {
      released = true
      wake(closed("poll", "socket"))
      poll?.close()
    }
  }
}
