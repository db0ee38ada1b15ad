/**
 * A driver around a driver, for tests: it sees every datagram that goes out, byte for byte, and changes or replaces results. The real driver
 * is always underneath; only what a test asks for is bent.
 *
 * **Details**
 *
 * `decideSend` and `decideReceive` return a verdict for each datagram: `lose`, `duplicate`, `delay`, `reorder`, and for a send also
 * `wouldBlock`, `refuse` and `icmpError`. No verdict delivers it.
 *
 * @example
 * ```ts
 * import { LinuxSockets } from "@ancillary/posix"
 * import { Datagram, DatagramSockets } from "@ancillary/effect3"
 * import { FaultyDriver } from "@ancillary/testing"
 * import { Effect } from "effect"
 *
 * // Of each socket, every third datagram is lost.
 * const layer = DatagramSockets.layer(
 *   Effect.map(LinuxSockets.driver(), (driver) =>
 *     FaultyDriver.wrap(driver, { decideSend: (_, index) => (index % 3 === 2 ? FaultyDriver.lose : undefined) })
 *   ),
 *   LinuxSockets.capabilities
 * )
 *
 * const program = Effect.gen(function* () {
 *   const socket = yield* Datagram.bind(Datagram.ipv4, { address: "127.0.0.1", port: 0 })
 *   const to = socket.localAddress
 *   yield* socket.sendAll([0, 1, 2, 3].map((n) => ({ data: Uint8Array.of(n), to })))
 *   const received = yield* Effect.replicateEffect(socket.receive, 3)
 *   return received.map(({ data }) => data[0]) // => [0, 1, 3]
 * })
 *
 * void Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(layer)))
 * ```
 *
 * @since 0.1.0
 */
import type { Arena } from "@ancillary/engine/driver/Arena"
import { type Driver, type Fault, isFault, type NativeSocket, type SocketKind } from "@ancillary/engine/driver/Driver"
import { Arrivals } from "./internal/faulty/arrivals.ts"
import { bendable, bentOf, sentOf, slotOf } from "./internal/faulty/bendable.ts"
import { forge } from "./internal/faulty/icmp.ts"
import { Readiness } from "./internal/faulty/readiness.ts"
import { Sender } from "./internal/faulty/sender.ts"
import type { SendVerdict, Verdict } from "./internal/faulty/verdict.ts"

export {
  delay,
  duplicate,
  icmpError,
  type IcmpName,
  type IcmpNumbers,
  type IcmpOptions,
  lose,
  refuse,
  reorder,
  type SendVerdict,
  type Verdict,
  wouldBlock
} from "./internal/faulty/verdict.ts"

/**
 * What is about to be sent: copies of the name, the control buffer and the payload, exactly as the system call gets them.
 *
 * @category models
 * @since 0.1.0
 */
export interface SentDatagram {
  readonly name: Uint8Array
  readonly control: Uint8Array
  readonly data: Uint8Array
}

/**
 * A datagram that was received, before anybody has read it: its buffers may be written to, its lengths and flags replaced.
 *
 * @category models
 * @since 0.1.0
 */
export interface ReceivedSlot {
  readonly name: Uint8Array
  readonly control: Uint8Array
  readonly data: Uint8Array
  addressLength: number
  controlLength: number
  dataLength: number
  /** A combination of `ReceiveFlags`. */
  flags: number
}

/**
 * An entry of the error queue that the kernel never made: its bytes, exactly as they shall be found.
 *
 * @category models
 * @since 0.1.0
 */
export interface ErrorEntry {
  /** Where the datagram was going, as a socket address; empty for none. */
  readonly name: Uint8Array
  readonly control: Uint8Array
  /** The start of the datagram. */
  readonly data: Uint8Array
}

/**
 * Verdicts on datagrams, and hooks into calls. A hook that returns a fault replaces the call, and so does one that returns 0 (an option or
 * ioctl succeeds; a send or receive would block). A hook that returns nothing lets the call happen.
 *
 * **Gotchas**
 *
 * 0 from `onSend` does not lose a datagram: the library sends it again. `decideSend` with `lose` does.
 *
 * @category models
 * @since 0.1.0
 */
export interface Hooks {
  /**
   * Decides what becomes of each datagram that a socket sends; `index` counts them from 0, for each socket. Called once for a datagram, and
   * again for each attempt after `wouldBlock` or `refuse`.
   *
   * **Gotchas**
   *
   * A payload that the kernel cuts into segments is one datagram here. `withTransmitTimestamps` names stamps by counting sends, so beside lost,
   * delayed and duplicated ones it may name the wrong send.
   */
  readonly decideSend?: (datagram: SentDatagram, index: number) => SendVerdict | undefined
  /**
   * Decides once what becomes of each datagram that the kernel delivers to a socket; `index` counts them from 0, for each socket.
   *
   * **Gotchas**
   *
   * A payload that the kernel merged is one datagram here. Peeking at a socket takes a datagram from the kernel and decides it.
   */
  readonly decideReceive?: (datagram: SentDatagram, index: number) => Verdict | undefined
  /** The build of the system that the driver claims to run on; absent: its own. */
  readonly build?: number | undefined
  readonly onOpen?: () => Fault | undefined
  readonly onSetOption?: (level: number, option: number, value: Uint8Array) => Fault | 0 | undefined
  readonly onIoctl?: (code: number, input: Uint8Array) => Fault | 0 | undefined
  readonly onBind?: (name: Uint8Array) => Fault | undefined
  /** Before a call that sends, for each of its datagrams; again where an earlier call stopped at it. */
  readonly onSend?: (datagram: SentDatagram) => Fault | 0 | undefined
  /** Before a call that receives. */
  readonly onReceive?: (slots: number) => Fault | 0 | undefined
  /** After it, for each datagram that it brought. */
  readonly onReceived?: (slot: ReceivedSlot) => void
  /** Before a call that takes the error queue: at most so many entries that it brings instead, a fault, or nothing to let it happen. */
  readonly onReceiveErrors?: (slots: number) => ReadonlyArray<ErrorEntry> | Fault | undefined
  /** After a socket was closed. */
  readonly onClose?: () => void
}

/**
 * Puts hooks around a driver.
 *
 * @category constructors
 * @since 0.1.0
 */
export const wrap = (driver: Driver, hooks: Hooks): Driver => {
  const wrapped = (socket: NativeSocket | Fault, kind: SocketKind) =>
    isFault(socket) ? socket : wrapSocket(driver, socket, kind, hooks)
  const bent: Driver = {
    ...driver,
    build: hooks.build ?? driver.build,
    arena: (layout) => bendable(driver.arena(layout)),
    open: (kind) => hooks.onOpen?.() ?? wrapped(driver.open(kind), kind),
    adopt: (descriptor, kind) => hooks.onOpen?.() ?? wrapped(driver.adopt(descriptor, kind), kind),
    pair: () => {
      const pair = hooks.onOpen?.() ?? driver.pair()
      const kind = { family: "unix", protocol: "unix" } as const
      return isFault(pair) ? pair : [wrapSocket(driver, pair[0], kind, hooks), wrapSocket(driver, pair[1], kind, hooks)]
    }
  }
  const { decideReceive, decideSend, onIoctl, onReceived, onReceiveErrors, onSetOption } = hooks
  if ((onReceived ?? onReceiveErrors ?? onSetOption ?? onIoctl ?? decideReceive ?? decideSend) !== undefined)
    untrue.add(bent)
  return bent
}

/** Drivers whose hooks may claim what no kernel did. A fault claims nothing, nor does a call that brought nothing. */
const untrue = new WeakSet<Driver>()

/**
 * Whether what a driver receives and takes is what its system delivered and took. Not where a hook looks at what arrived, which it may have
 * written to, or stands for an option, an ioctl or the error queue, nor where verdicts decide.
 *
 * @category guards
 * @since 0.1.0
 */
export const isTrue = (driver: Driver): boolean => !untrue.has(driver)

const wrapSocket = (driver: Driver, socket: NativeSocket, kind: SocketKind, hooks: Hooks): NativeSocket => {
  /** Forged ICMP errors: entries of the error queue, and the error that is pending on the socket. */
  const forged: { entries: Array<ErrorEntry>; pending: Fault | undefined } = { entries: [], pending: undefined }
  const takePending = (): Fault | undefined => {
    const { pending } = forged
    forged.pending = undefined
    return pending
  }
  const readiness = new Readiness(
    () => arrivals?.isReadable === true,
    () => forged.entries.length > 0 || forged.pending !== undefined
  )
  const onReadable = () => readiness.look()
  const { decideReceive, decideSend } = hooks
  const arrivals = decideReceive && new Arrivals({ driver, socket, kind, decide: decideReceive, onReadable })
  const icmp: ConstructorParameters<typeof Sender>[0]["icmp"] = (datagram, verdict) => {
    const { entry, pending } = forge(driver, socket, kind.family, datagram, verdict)
    if (entry !== undefined) forged.entries.push(entry)
    forged.pending = pending ?? forged.pending
    readiness.look()
  }
  const sender = decideSend && new Sender({ driver, socket, decide: decideSend, icmp })
  const send = (arena: Arena, first: number, slots: number) =>
    takePending() ?? (sender ?? socket).send(arena, first, slots)

  return {
    ...socket,
    setOption: (level, option, value) => {
      const instead = hooks.onSetOption?.(level, option, value)
      return instead === undefined ? socket.setOption(level, option, value) : instead === 0 ? undefined : instead
    },
    ioctl: (code, input, output) => hooks.onIoctl?.(code, input) ?? socket.ioctl(code, input, output),
    bind: (name) => hooks.onBind?.(name) ?? socket.bind(name),
    poll: (onReady) => readiness.poll(socket, onReady),
    receive: (arena, slots, peek) => {
      const bent = bentOf(arena)
      bent?.clear()
      const instead = hooks.onReceive?.(slots) ?? takePending()
      if (instead !== undefined) return instead
      const count = (arrivals ?? socket).receive(arena, slots, peek)
      if (isFault(count)) return count
      for (let slot = 0; slot < count && hooks.onReceived !== undefined; slot++) {
        const received = slotOf(arena, slot)
        hooks.onReceived(received)
        const { controlLength, dataLength, flags, addressLength } = received
        bent?.set(slot, { controlLength, dataLength, flags, addressLength })
      }
      return count
    },
    receiveErrors: (arena, slots) => {
      const bent = bentOf(arena)
      bent?.clear()
      const given = hooks.onReceiveErrors?.(slots)
      const mine = given === undefined ? forged.entries.splice(0, slots) : []
      const instead = given ?? (mine.length > 0 ? mine : undefined)
      if (instead === undefined) return socket.receiveErrors(arena, slots)
      if (isFault(instead)) return instead
      // Linux: an entry that is read takes the pending error along.
      if (mine.length > 0) forged.pending = undefined
      for (const [slot, entry] of instead.slice(0, slots).entries()) putEntry(arena, slot, entry)
      return Math.min(instead.length, slots)
    },
    send: (arena, first, slots) => {
      for (let slot = first; slot < first + slots && hooks.onSend !== undefined; slot++) {
        const instead = hooks.onSend(sentOf(arena, slot))
        // As the kernel does: what comes before goes out, and why the next did not is told by the call that begins with it.
        if (instead !== undefined) return slot > first ? send(arena, first, slot - first) : instead
      }
      return send(arena, first, slots)
    },
    close: () => {
      sender?.close()
      arrivals?.close()
      const fault = socket.close()
      hooks.onClose?.()
      return fault
    }
  }
}

const putEntry = (arena: Arena, slot: number, entry: ErrorEntry): void => {
  const { control, data, name } = slotOf(arena, slot)
  const put = (from: Uint8Array, into: Uint8Array) => {
    into.set(from.subarray(0, into.length))
    return Math.min(from.length, into.length)
  }
  bentOf(arena)?.set(slot, {
    addressLength: put(entry.name, name),
    controlLength: put(entry.control, control),
    dataLength: put(entry.data, data),
    flags: 0
  })
}
