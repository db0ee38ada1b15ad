/**
 * Wraps a driver for tests. It sees the exact bytes of every outgoing datagram, and changes or replaces results. The
 * real driver is always underneath, and only requested changes are made.
 *
 * **Details**
 *
 * `decideSend` and `decideReceive` return a verdict for each datagram: `lose`, `duplicate`, `delay`, `reorder`, and for
 * a send also `wouldBlock`, `refuse` and `icmpError`. Without a verdict the datagram is delivered.
 *
 * @example
 * ```ts
 * import { LinuxSockets } from "@ancillary/effect3/node"
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
 * @since 0.1.0
 */
import type { Arena } from "@ancillary/engine/driver/Arena"
import { type Driver, type Fault, isFault, type NativeSocket, type SocketKind } from "@ancillary/engine/driver/Driver"
import { Arrivals } from "./internal/faulty/arrivals.ts"
import { bendable, bentOf, sentOf, slotOf } from "./internal/faulty/bendable.ts"
import type { ErrorEntry, ReceivedSlot, SentDatagram } from "./internal/faulty/datagrams.ts"
import { forge } from "./internal/faulty/icmp.ts"
import { Readiness } from "./internal/faulty/readiness.ts"
import { Sender } from "./internal/faulty/sender.ts"
import type { SendVerdict, Verdict } from "./internal/faulty/verdict.ts"

export type { ErrorEntry, ReceivedSlot, SentDatagram } from "./internal/faulty/datagrams.ts"
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
 * Verdicts on datagrams, and hooks into calls. If a hook returns a fault, it replaces the call. So does 0: an option or
 * ioctl succeeds, and a send or receive would block. If a hook returns nothing, the call is made.
 *
 * **Gotchas**
 *
 * 0 from `onSend` does not lose a datagram, because the library sends it again. Use `decideSend` with `lose`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Hooks {
  /**
   * Decides about each datagram that a socket sends. `index` counts them from 0, for each socket. Called once per
   * datagram, and again for each attempt after `wouldBlock` or `refuse`.
   *
   * **Gotchas**
   *
   * A payload that the kernel splits into segments is one datagram here. `withTransmitTimestamps` identifies sends by
   * counting. If datagrams are lost, delayed or duplicated, it may name the wrong send.
   */
  readonly decideSend?: (datagram: SentDatagram, index: number) => SendVerdict | undefined
  /**
   * Decides once about each datagram that the kernel delivers to a socket. `index` counts them from 0, for each socket.
   *
   * **Gotchas**
   *
   * A payload that the kernel merged is one datagram here. Peeking at a socket takes a datagram from the kernel and
   * decides it.
   */
  readonly decideReceive?: (datagram: SentDatagram, index: number) => Verdict | undefined
  /** The build that the driver reports as its system. Absent: the real build. */
  readonly build?: number | undefined
  readonly onOpen?: () => Fault | undefined
  readonly onSetOption?: (level: number, option: number, value: Uint8Array) => Fault | 0 | undefined
  readonly onIoctl?: (code: number, input: Uint8Array) => Fault | 0 | undefined
  readonly onBind?: (name: Uint8Array) => Fault | undefined
  /**
   * Called before a system call that sends, for each of its datagrams. Called again if an earlier call stopped at the
   * datagram.
   */
  readonly onSend?: (datagram: SentDatagram) => Fault | 0 | undefined
  /** Called before a system call that receives. */
  readonly onReceive?: (slots: number) => Fault | 0 | undefined
  /** Called after a receive, for each of its datagrams. */
  readonly onReceived?: (slot: ReceivedSlot) => void
  /**
   * Called before a system call that reads the error queue. Returns at most `slots` entries that replace its result,
   * or a fault, or nothing to make the call.
   */
  readonly onReceiveErrors?: (slots: number) => ReadonlyArray<ErrorEntry> | Fault | undefined
  /** Called after a socket was closed. */
  readonly onClose?: () => void
}

/**
 * Wraps a driver with hooks.
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

/** Drivers whose hooks may report results that no kernel produced. A fault does not count, nor does a call without a result. */
const untrue = new WeakSet<Driver>()

/**
 * True if the driver reports only results of its system. False if a hook may write to received datagrams, replaces an
 * option, an ioctl or the error queue, or decides verdicts.
 *
 * @category guards
 * @since 0.1.0
 */
export const isTrue = (driver: Driver): boolean => !untrue.has(driver)

const wrapSocket = (driver: Driver, socket: NativeSocket, kind: SocketKind, hooks: Hooks): NativeSocket => {
  /** Forged ICMP errors: entries of the error queue, and the pending error of the socket. */
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
    bind: (address) => hooks.onBind?.(address) ?? socket.bind(address),
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
      // Linux: reading an entry of the error queue clears the pending error.
      if (mine.length > 0) forged.pending = undefined
      for (const [slot, entry] of instead.slice(0, slots).entries()) putEntry(arena, slot, entry)
      return Math.min(instead.length, slots)
    },
    send: (arena, first, slots) => {
      for (let slot = first; slot < first + slots && hooks.onSend !== undefined; slot++) {
        const instead = hooks.onSend(sentOf(arena, slot))
        // As in the kernel: datagrams before the fault are sent, and the next call, which begins with the failed one,
        // returns the fault.
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
  const { address, control, data } = slotOf(arena, slot)
  const put = (from: Uint8Array, into: Uint8Array) => {
    into.set(from.subarray(0, into.length))
    return Math.min(from.length, into.length)
  }
  bentOf(arena)?.set(slot, {
    addressLength: put(entry.address, address),
    controlLength: put(entry.control, control),
    dataLength: put(entry.data, data),
    flags: 0
  })
}
