/**
 * One block of memory that system calls read and write: headers, iovecs, socket addresses, control buffers and payloads of several messages.
 *
 * **Details**
 *
 * The layout follows from the ABI, so one function serves every driver. A driver supplies the block and its address. Before a call, only the
 * words that the kernel overwrites are set again.
 *
 * ```text
 * headers[slots]  iovecs[slots × iovecs]  addresses[slots]  controls[slots]  payloads[slots]
 * ```
 *
 * With `guarded`, every address, control buffer and payload has a canary behind it and is poisoned before a receive. Bytes that the kernel did
 * not write cannot pass for data, and the next call finds a write outside its place.
 *
 * @since 0.1.0
 */
import { type Abi, ControlBuffer, type Field } from "@ancillary/control"
import { Payloads } from "./payloadBlocks.ts"
import { sizeOf } from "./payload.ts"

/**
 * Purpose and sizes of an arena. They follow from a spec's plan.
 *
 * @category models
 * @since 0.1.0
 */
export interface ArenaLayout {
  /**
   * A receiving arena keeps its pointers, a sending one sets them for each message, and borrowed payloads must not be received into. So the three
   * purposes never share a block.
   */
  readonly purpose: "receive" | "borrow" | "send"
  /** Messages that one call can carry. */
  readonly slots: number
  /** iovecs per message: the number of payload buffers that can be sent without a copy. */
  readonly iovecs: number
  /** Bytes for the socket address, control data and payload of each message. */
  readonly addressBytes: number
  readonly controlBytes: number
  readonly dataBytes: number
}

/**
 * The memory of `slots` messages, laid out once and reached by offsets into `bytes`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Arena {
  readonly layout: ArenaLayout
  readonly bytes: Uint8Array
  readonly view: DataView
  /** Offsets in `bytes` of a slot's socket address, control buffer and payload. */
  readonly addressAt: (slot: number) => number
  readonly controlAt: (slot: number) => number
  readonly dataAt: (slot: number) => number
  /**
   * Lengths in bytes: set by the kernel in a received slot, by `fill` in one to be sent. `dataLength` of a received datagram is its true size if
   * the kernel reports that, even if it exceeds the slot.
   */
  readonly addressLength: (slot: number) => number
  readonly controlLength: (slot: number) => number
  readonly dataLength: (slot: number) => number
  /** A combination of `ReceiveFlags`. */
  readonly flags: (slot: number) => number
  /** Copies the first bytes of a received payload. Copies may share a block; they never overlap. */
  readonly copy: (slot: number, length: number) => Uint8Array
  /** Returns a view of the first bytes of a received payload. The next receive of any socket that shares the arena overwrites them. */
  readonly borrow: (slot: number, length: number) => Uint8Array
  /** Ends a borrow. In guarded mode the buffer is detached, so later reads see zero bytes. */
  readonly giveBack: (borrowed: Uint8Array) => void
  /**
   * Prepares a slot to be sent: the lengths of the address at `addressAt` and the control data at `controlAt` (0: none), and the payload. One small
   * buffer is copied into the slot. The kernel gathers several buffers, or a large one, from the program's memory, so they must not change until
   * the call. Buffers in excess of the iovecs are copied.
   */
  readonly fill: (slot: number, address: number, control: number, buffers: ReadonlyArray<Uint8Array>) => void
  /** Releases one use of the arena. */
  readonly free: () => void
}

/**
 * Marks of a received slot, portable across platforms.
 *
 * @category constants
 * @since 0.1.0
 */
export const ReceiveFlags = {
  /** The payload was longer than its slot (`MSG_TRUNC`). */
  dataTruncated: 1,
  /** Control data was lost (`MSG_CTRUNC`). */
  controlTruncated: 2,
  /** Winsock: `MSG_BCAST`, `MSG_MCAST`. */
  broadcast: 4,
  multicast: 8
} as const

/**
 * The driver's view of an arena: addresses of its headers, and the words to set around a call.
 *
 * @category models
 * @since 0.1.0
 */
export interface NativeArena extends Arena {
  /** Address of the header of a slot. */
  readonly headerAddress: (slot: number) => number
  /**
   * Resets the fields that the kernel overwrites in the first `slots` headers. `flags` goes into each header, for platforms that read it
   * there.
   */
  readonly prepare: (slots: number, flags: number) => void
  /** Records the length and the marks of a received slot. */
  readonly received: (slot: number, bytes: number, flags: number) => void
  /** Describes the first write out of bounds, in guarded mode. */
  readonly damage: (slots: number) => string | undefined
}

/**
 * Source of an arena's memory.
 *
 * @category models
 * @since 0.1.0
 */
export interface ArenaMemory {
  /** Allocates a block. `borrowed`: programs get views of it, so it must not be possible to transfer it to another thread. */
  readonly allocate: (bytes: number, borrowed: boolean) => { readonly bytes: Uint8Array; readonly address: number }
  /** Address of a program's own bytes, valid until they are collected. Absent if memory has no addresses: every buffer is copied. */
  readonly addressOf?: ((bytes: Uint8Array) => number) | undefined
  readonly guarded: boolean
  /**
   * Makes a block that several received payloads are copied into. It must not be transferable, because its payloads belong to several owners.
   * Absent: a plain `ArrayBuffer`.
   */
  readonly block?: ((bytes: number) => ArrayBuffer) | undefined
  /** Detaches a buffer, for guarded arenas. */
  readonly detach?: ((buffer: ArrayBuffer) => void) | undefined
}

/**
 * Size in bytes from which a payload to be sent is not copied, because taking its address costs less. Datagrams of one Ethernet frame are
 * copied.
 *
 * @category constants
 * @since 0.1.0
 */
export const gatheredBytes = 1536
/** Bits for the pointers of a slot: an address, a control buffer, the slot's own payload only. */
const hasAddress = 1
const hasControl = 2
const isOwn = 4

/** A multiple of 16 keeps every part aligned for every structure, and apart from its neighbours' words. */
const align = (bytes: number): number => (bytes + 15) & ~15
const guardBytes = 16
const canary = 0xca
const poison = 0xa5

/**
 * Lays a block out. `address` is the memory address of `bytes` (0 for a driver without native code).
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (
  abi: Abi,
  layout: ArenaLayout,
  options: ArenaMemory & { readonly free: () => void }
): NativeArena => {
  const { iovec, mmsghdr, msghdr } = abi
  const { controlBytes, addressBytes, iovecs: iovecsPerSlot, slots } = layout
  const { addressOf } = options
  // Larger payloads are sent from the program's memory, so the slots of a batch need no room for the largest.
  const isSmall = layout.purpose === "send" && slots > 1 && addressOf !== undefined
  const dataBytes = isSmall ? Math.min(layout.dataBytes, gatheredBytes) : layout.dataBytes
  const guard = options.guarded ? guardBytes : 0
  const stride = mmsghdr?.size ?? msghdr.size
  const iovecs = align(slots * stride)
  const addresses = iovecs + align(slots * iovecsPerSlot * iovec.size)
  const addressStride = align(addressBytes + guard)
  const controls = addresses + slots * addressStride
  const controlStride = align(controlBytes + guard)
  const payloads = controls + slots * controlStride
  const dataStride = align(dataBytes + guard)
  const { address, bytes } = options.allocate(payloads + slots * dataStride, layout.purpose === "borrow")
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const pointer: Field = { at: 0, bytes: abi.pointerBytes }

  const addressAt = (slot: number) => addresses + slot * addressStride
  const controlAt = (slot: number) => controls + slot * controlStride
  const dataAt = (slot: number) => payloads + slot * dataStride
  const iovecAt = (slot: number, index: number) => iovecs + (slot * iovecsPerSlot + index) * iovec.size
  const parts = [
    ["address", addressAt, addressBytes],
    ["control buffer", controlAt, controlBytes],
    ["payload", dataAt, dataBytes]
  ] as const

  for (let slot = 0; slot < slots; slot++) {
    const header = slot * stride
    const first = iovecAt(slot, 0)
    ControlBuffer.writeField(view, first + iovec.base, pointer, address + dataAt(slot))
    ControlBuffer.writeField(view, first, iovec.length, dataBytes)
    ControlBuffer.writeField(view, header + msghdr.name, pointer, address + addressAt(slot))
    ControlBuffer.writeField(view, header + msghdr.buffers, pointer, address + first)
    ControlBuffer.writeField(view, header, msghdr.bufferCount, 1)
    // A control buffer of 0 bytes gets a NULL pointer, so nothing can be written.
    ControlBuffer.writeField(view, header + msghdr.control, pointer, controlBytes === 0 ? 0 : address + controlAt(slot))
    if (guard > 0) for (const [, at, size] of parts) bytes.fill(canary, at(slot) + size, at(slot) + size + guard)
  }

  const lengths = new Uint32Array(slots)
  const flags = new Uint8Array(slots)
  /** A view of each slot's payload with the length of its last one. Making a view costs as much as copying a hundred bytes. */
  const borrowed = new Array<Uint8Array | undefined>(slots)
  const payload = (slot: number, length: number): Uint8Array => {
    const known = borrowed[slot]
    if (known?.length === length) return known
    const at = dataAt(slot)
    return (borrowed[slot] = bytes.subarray(at, at + length))
  }
  const payloadsOfReaders = new Payloads(options.block)
  const copy = (slot: number, length: number): Uint8Array<ArrayBuffer> => {
    const own = payloadsOfReaders.room(length)
    own.set(payload(slot, length))
    return own
  }

  // Linux changes only the headers that it used, so only these are set again. If datagrams trickle in, one or two of 64 slots are used.
  const keeps = mmsghdr !== undefined && guard === 0
  let prepared = 0
  let touched = 0

  // The pointers of each slot to be sent. Most messages are like the one before, and only their lengths differ.
  const shapes = new Uint8Array(slots).fill(hasAddress | (controlBytes === 0 ? 0 : hasControl) | isOwn)
  /** The last buffers of a slot, joined because they exceed the slot, until it is filled again. */
  const joined = new Array<Uint8Array | undefined>(slots)
  const gather = (slot: number, buffers: ReadonlyArray<Uint8Array>): void => {
    let used = 0
    let length = 0
    let copied = 0
    let own: Uint8Array | undefined
    const point = (to: number, size: number) => {
      ControlBuffer.writeField(view, iovecAt(slot, used) + iovec.base, pointer, to)
      ControlBuffer.writeField(view, iovecAt(slot, used), iovec.length, size)
      used++
    }
    for (const buffer of buffers) {
      const size = sizeOf(buffer)
      length += size
      // Winsock: NULL with a length loses the datagram, and an empty buffer has no other pointer, so it gets no iovec.
      if (size === 0) continue
      if (addressOf !== undefined && used < iovecsPerSlot - 1) point(addressOf(buffer), size)
      else {
        if (own === undefined && addressOf !== undefined && copied + size > dataBytes) {
          own = new Uint8Array(layout.dataBytes)
          own.set(bytes.subarray(dataAt(slot), dataAt(slot) + copied))
        }
        if (own === undefined) bytes.set(buffer, dataAt(slot) + copied)
        else own.set(buffer, copied)
        copied += size
      }
    }
    joined[slot] = own
    if (own !== undefined && addressOf !== undefined) point(addressOf(own), copied)
    else if (copied > 0 || used === 0) point(address + dataAt(slot), copied)
    ControlBuffer.writeField(view, slot * stride, msghdr.bufferCount, used)
    lengths[slot] = length
  }

  const addressLengthAt = msghdr.nameLength.at
  const controlLengthAt = msghdr.controlLength.at
  const flagsAt = msghdr.flags.at

  const reset = (from: number, to: number, inputFlags: number): void => {
    for (let slot = from; slot < to; slot++) {
      const header = slot * stride
      // Only the lower halves of 64-bit lengths are set: the upper ones stay 0.
      view.setUint32(header + addressLengthAt, addressBytes, true)
      view.setUint32(header + controlLengthAt, controlBytes, true)
      view.setUint32(header + flagsAt, inputFlags, true)
      if (guard > 0) for (const [, at, size] of parts) bytes.fill(poison, at(slot), at(slot) + Math.min(size, 4096))
    }
  }

  return {
    layout,
    bytes,
    view,
    addressAt,
    controlAt,
    dataAt,
    headerAddress: (slot) => address + slot * stride,
    prepare: (count, inputFlags) => {
      reset(0, keeps ? Math.min(touched, count) : count, inputFlags)
      if (keeps) reset(prepared, count, inputFlags)
      if (count > prepared) prepared = count
      if (count >= touched) touched = 0
    },
    received: (slot, count, mark) => {
      // The call may have failed at the next one.
      if (slot + 2 > touched) touched = slot + 2
      lengths[slot] = count
      flags[slot] = mark
    },
    addressLength: (slot) => view.getUint32(slot * stride + addressLengthAt, true),
    controlLength: (slot) => Math.min(view.getUint32(slot * stride + controlLengthAt, true), controlBytes),
    dataLength: (slot) => lengths[slot] ?? 0,
    flags: (slot) => flags[slot] ?? 0,
    copy,
    borrow: (slot, length) => (guard > 0 ? bytes.slice(dataAt(slot), dataAt(slot) + length) : payload(slot, length)),
    giveBack: ({ buffer }) => {
      // An empty buffer was transferred by the program, or has nothing to detach.
      if (guard > 0 && buffer instanceof ArrayBuffer && buffer.byteLength > 0) options.detach?.(buffer)
    },
    fill: (slot, addressLength, control, buffers) => {
      const header = slot * stride
      const given = (addressLength === 0 ? 0 : hasAddress) | (control === 0 ? 0 : hasControl)
      const shape = shapes[slot] ?? 0
      if ((shape & (hasAddress | hasControl)) !== given) {
        // Linux and Winsock: an address of length 0 gets a NULL pointer, which a connected socket accepts.
        ControlBuffer.writeField(
          view,
          header + msghdr.name,
          pointer,
          addressLength === 0 ? 0 : address + addressAt(slot)
        )
        ControlBuffer.writeField(view, header + msghdr.control, pointer, control === 0 ? 0 : address + controlAt(slot))
      }
      view.setUint32(header + addressLengthAt, addressLength, true)
      // Exact: Linux refuses 16 and more zero bytes behind the last message, Windows any excess.
      view.setUint32(header + controlLengthAt, control, true)
      view.setUint32(header + flagsAt, 0, true)
      const buffer = buffers.length === 1 ? buffers[0] : undefined
      const size = buffer === undefined ? 0 : sizeOf(buffer)
      if (buffer !== undefined && (size < gatheredBytes || addressOf === undefined)) {
        bytes.set(buffer, dataAt(slot))
        if ((shape & isOwn) === 0) {
          ControlBuffer.writeField(view, iovecAt(slot, 0) + iovec.base, pointer, address + dataAt(slot))
          ControlBuffer.writeField(view, header, msghdr.bufferCount, 1)
        }
        view.setUint32(iovecAt(slot, 0) + iovec.length.at, size, true)
        lengths[slot] = size
        shapes[slot] = given | isOwn
      } else {
        shapes[slot] = given
        gather(slot, buffers)
      }
    },
    damage: (count) => {
      for (let slot = 0; slot < count && guard > 0; slot++) {
        for (const [name, at, size] of parts) {
          for (let i = at(slot) + size; i < at(slot) + size + guard; i++) {
            if (bytes[i] !== canary) return `slot ${slot}: a write behind its ${name} of ${size} bytes`
          }
        }
      }
      return undefined
    },
    free: options.free
  }
}

/**
 * The arenas of a driver: one for each layout in use, shared by its sockets and gone with the last of them.
 *
 * @category constructors
 * @since 0.1.0
 */
export const shared = (abi: Abi, options: ArenaMemory): ((layout: ArenaLayout) => NativeArena) => {
  const inUse = new Map<string, { readonly arena: NativeArena; uses: number }>()
  /** Layouts of a plan are the same object for all its sockets. */
  const keys = new WeakMap<ArenaLayout, string>()
  return (layout) => {
    const key = keys.get(layout) ?? keyOf(layout)
    keys.set(layout, key)
    const known = inUse.get(key)
    if (known !== undefined) {
      known.uses++
      return known.arena
    }
    const free = () => {
      entry.uses--
      if (entry.uses === 0) inUse.delete(key)
    }
    const entry = { arena: make(abi, layout, { ...options, free }), uses: 1 }
    inUse.set(key, entry)
    return entry.arena
  }
}

const keyOf = ({ addressBytes, controlBytes, dataBytes, iovecs, purpose, slots }: ArenaLayout): string =>
  `${purpose} ${slots} ${iovecs} ${addressBytes} ${controlBytes} ${dataBytes}`
