/**
 * A driver around a driver: sees every datagram that goes out, byte for byte, and changes or replaces what comes back. The real driver is
 * always underneath; only what a test asks for is bent.
 *
 * @example
 * ```ts
 * import { LinuxSockets } from "@ancillary/posix"
 * import { DatagramSockets } from "@ancillary/socket"
 * import { FaultyDriver } from "@ancillary/testing"
 * import { Effect } from "effect"
 *
 * const sent: Array<FaultyDriver.SentDatagram> = []
 * const layer = DatagramSockets.layer(
 *   Effect.map(LinuxSockets.driver(), (driver) => FaultyDriver.wrap(driver, { onSend: (datagram) => void sent.push(datagram) })),
 *   LinuxSockets.capabilities
 * )
 * ```
 *
 * @since 0.1.0
 */
import type { Arena } from "@ancillary/socket/Arena"
import { type Driver, type Fault, isFault, type NativeSocket } from "@ancillary/socket/Driver"

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
  nameLength: number
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
 * What to bend. A hook that answers with a fault replaces the call, and so does one that answers with 0 (done, or "would block"); one that
 * answers nothing lets it happen.
 *
 * @category models
 * @since 0.1.0
 */
export interface Hooks {
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
  const wrapped = (socket: NativeSocket | Fault) => (isFault(socket) ? socket : wrapSocket(socket, hooks))
  const bent: Driver = {
    ...driver,
    build: hooks.build ?? driver.build,
    arena: (layout) => bendable(driver.arena(layout)),
    open: (kind) => hooks.onOpen?.() ?? wrapped(driver.open(kind)),
    adopt: (descriptor, kind) => hooks.onOpen?.() ?? wrapped(driver.adopt(descriptor, kind)),
    pair: () => {
      const pair = hooks.onOpen?.() ?? driver.pair()
      return isFault(pair) ? pair : [wrapSocket(pair[0], hooks), wrapSocket(pair[1], hooks)]
    }
  }
  const { onIoctl, onReceived, onReceiveErrors, onSetOption } = hooks
  if ((onReceived ?? onReceiveErrors ?? onSetOption ?? onIoctl) !== undefined) untrue.add(bent)
  return bent
}

/** Drivers whose hooks may claim what no kernel did. A fault claims nothing, nor does a call that brought nothing. */
const untrue = new WeakSet<Driver>()

/**
 * Whether what a driver receives and takes is what its system delivered and took. Not where a hook looks at what arrived, which it may have
 * written to, or stands for an option, an ioctl or the error queue.
 *
 * @category guards
 * @since 0.1.0
 */
export const isTrue = (driver: Driver): boolean => !untrue.has(driver)

interface Bent {
  nameLength?: number
  controlLength?: number
  dataLength?: number
  flags?: number
}

const bents = new WeakMap<Arena, Map<number, Bent>>()
/** What a slot was filled with: the kernel gathers several pieces from where they are, so they are not in the arena. */
const payloads = new WeakMap<Arena, Map<number, Uint8Array>>()

const joined = (pieces: ReadonlyArray<Uint8Array>): Uint8Array => {
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0))
  pieces.reduce((at, piece) => {
    whole.set(piece, at)
    return at + piece.length
  }, 0)
  return whole
}

/** The same arena, whose lengths and flags a hook may replace until the next call. */
const bendable = (arena: Arena): Arena => {
  const bent = new Map<number, Bent>()
  const payload = new Map<number, Uint8Array>()
  const wrapped: Arena = {
    ...arena,
    fill: (slot, name, control, pieces) => {
      payload.set(slot, joined(pieces))
      arena.fill(slot, name, control, pieces)
    },
    nameLength: (slot) => bent.get(slot)?.nameLength ?? arena.nameLength(slot),
    controlLength: (slot) => bent.get(slot)?.controlLength ?? arena.controlLength(slot),
    dataLength: (slot) => bent.get(slot)?.dataLength ?? arena.dataLength(slot),
    flags: (slot) => bent.get(slot)?.flags ?? arena.flags(slot)
  }
  bents.set(wrapped, bent)
  payloads.set(wrapped, payload)
  return wrapped
}

const wrapSocket = (socket: NativeSocket, hooks: Hooks): NativeSocket => ({
  ...socket,
  setOption: (level, option, value) => {
    const instead = hooks.onSetOption?.(level, option, value)
    return instead === undefined ? socket.setOption(level, option, value) : instead === 0 ? undefined : instead
  },
  ioctl: (code, input, output) => hooks.onIoctl?.(code, input) ?? socket.ioctl(code, input, output),
  bind: (name) => hooks.onBind?.(name) ?? socket.bind(name),
  receive: (arena, slots, peek) => {
    const bent = bents.get(arena)
    bent?.clear()
    const instead = hooks.onReceive?.(slots)
    if (instead !== undefined) return instead
    const count = socket.receive(arena, slots, peek)
    if (isFault(count)) return count
    for (let slot = 0; slot < count && hooks.onReceived !== undefined; slot++) {
      const received = slotOf(arena, slot)
      hooks.onReceived(received)
      const { controlLength, dataLength, flags, nameLength } = received
      bent?.set(slot, { controlLength, dataLength, flags, nameLength })
    }
    return count
  },
  receiveErrors: (arena, slots) => {
    const bent = bents.get(arena)
    bent?.clear()
    const instead = hooks.onReceiveErrors?.(slots)
    if (instead === undefined) return socket.receiveErrors(arena, slots)
    if (isFault(instead)) return instead
    for (const [slot, entry] of instead.slice(0, slots).entries()) {
      const { control, data, name } = slotOf(arena, slot)
      const put = (from: Uint8Array, into: Uint8Array) => {
        into.set(from.subarray(0, into.length))
        return Math.min(from.length, into.length)
      }
      bent?.set(slot, {
        nameLength: put(entry.name, name),
        controlLength: put(entry.control, control),
        dataLength: put(entry.data, data),
        flags: 0
      })
    }
    return Math.min(instead.length, slots)
  },
  send: (arena, first, slots) => {
    for (let slot = first; slot < first + slots; slot++) {
      const { control, controlLength, name, nameLength } = slotOf(arena, slot)
      const instead = hooks.onSend?.({
        name: name.slice(0, nameLength),
        control: control.slice(0, controlLength),
        data: payloads.get(arena)?.get(slot) ?? new Uint8Array(0)
      })
      // As the kernel does: what comes before goes out, and why the next did not is told by the call that begins with it.
      if (instead !== undefined) return slot > first ? socket.send(arena, first, slot - first) : instead
    }
    return socket.send(arena, first, slots)
  },
  close: () => {
    const fault = socket.close()
    hooks.onClose?.()
    return fault
  }
})

const slotOf = (arena: Arena, slot: number): ReceivedSlot => {
  const { controlBytes, dataBytes, nameBytes } = arena.layout
  const part = (at: number, bytes: number) => arena.bytes.subarray(at, at + bytes)
  return {
    name: part(arena.nameAt(slot), nameBytes),
    control: part(arena.controlAt(slot), controlBytes),
    data: part(arena.dataAt(slot), dataBytes),
    nameLength: arena.nameLength(slot),
    controlLength: arena.controlLength(slot),
    dataLength: arena.dataLength(slot),
    flags: arena.flags(slot)
  }
}
