/**
 * The memory that a system call reads and writes, laid out once: headers, vectors, names, control buffers and payloads of a number of
 * messages, in one block.
 *
 * **Details**
 *
 * The layout follows from the ABI, so one function serves every driver; a driver brings the block and its address. Before a call only the
 * words that the kernel overwrites are set again.
 *
 * ```text
 * headers[slots]  vectors[slots × pieces]  { name  control  payload }[slots]
 * ```
 *
 * With `guarded`, every name, control buffer and payload has a canary behind it and is poisoned before a receive: what the kernel did not
 * write cannot pass for data, and a write outside its place is found by the next call.
 *
 * @since 0.1.0
 */
import { type Abi, ControlBuffer, type Field } from "@ancillary/control"
import { Payloads } from "./payloadBlocks.ts"
import { sizeOf } from "./payload.ts"

/**
 * What an arena is laid out for; follows from a spec's plan.
 *
 * @category models
 * @since 0.1.0
 */
export interface ArenaLayout {
  /**
   * A receiving arena keeps its pointers, a sending one sets them for each message, and what is lent is not received into meanwhile: they are never
   * the same block.
   */
  readonly purpose: "receive" | "lend" | "send"
  /** Messages that one call can carry. */
  readonly slots: number
  /** Vectors of a message: into so many pieces of the program's own memory can a payload be sent from where it is. */
  readonly pieces: number
  /** Bytes for each message's name, control data and payload. */
  readonly nameBytes: number
  readonly controlBytes: number
  readonly dataBytes: number
}

/**
 * The memory of `slots` messages, laid out once and reached by offsets into `bytes`: headers, names, control buffers, payloads.
 *
 * @category models
 * @since 0.1.0
 */
export interface Arena {
  readonly layout: ArenaLayout
  readonly bytes: Uint8Array
  readonly view: DataView
  /** Where a slot's name, control buffer and payload begin, as offsets into `bytes`. */
  readonly nameAt: (slot: number) => number
  readonly controlAt: (slot: number) => number
  readonly dataAt: (slot: number) => number
  /**
   * As the kernel left them, for a received slot, and as they were filled, for one to be sent. `dataLength` is the true size of what was
   * received where the kernel tells it, also beyond the slot's room.
   */
  readonly nameLength: (slot: number) => number
  readonly controlLength: (slot: number) => number
  readonly dataLength: (slot: number) => number
  /** A combination of `ReceiveFlags`. */
  readonly flags: (slot: number) => number
  /** The first bytes of a received payload, copied. Some stand in a block together, none over another. */
  readonly copy: (slot: number, length: number) => Uint8Array
  /** The same bytes where they are: the next receive of any socket that shares the arena writes over them. */
  readonly borrow: (slot: number, length: number) => Uint8Array
  /** What was borrowed is not to be read any more. Guarded: it cannot be, it has no bytes from here on. */
  readonly giveBack: (borrowed: Uint8Array) => void
  /**
   * Prepares a slot to be sent: lengths of what was written at `nameAt` and `controlAt` (0: none), and the payload. One piece is copied into the
   * slot; several, and a large one, are gathered by the kernel from where they are, so they must stay as they are until the call. What exceeds the
   * vectors is copied.
   */
  readonly fill: (slot: number, name: number, control: number, pieces: ReadonlyArray<Uint8Array>) => void
  /** Releases one use of the arena. */
  readonly free: () => void
}

/**
 * What a received slot is marked with, the same on every platform.
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
 * An arena as a driver sees it: where its headers are, and what to set around a call.
 *
 * @category models
 * @since 0.1.0
 */
export interface NativeArena extends Arena {
  /** Address of the header of a slot. */
  readonly headerAddress: (slot: number) => number
  /** Resets what the kernel overwrites in the first `slots` headers. `flags` goes into each header, for platforms that read it there. */
  readonly prepare: (slots: number, flags: number) => void
  /** What the call said of a slot, on platforms where the header itself does not. */
  readonly received: (slot: number, bytes: number, flags: number) => void
  /** Guarded: the first place that was written outside its bounds, by name. */
  readonly damage: (slots: number) => string | undefined
}

/**
 * Where an arena's memory comes from.
 *
 * @category models
 * @since 0.1.0
 */
export interface ArenaMemory {
  /** `lent`: programs get views of it, so that it must not be possible to transfer it to another thread. */
  readonly allocate: (bytes: number, lent: boolean) => { readonly bytes: Uint8Array; readonly address: number }
  /** Where a program's own bytes are, until they are collected; absent where memory has no addresses: every piece is copied. */
  readonly addressOf?: ((bytes: Uint8Array) => number) | undefined
  readonly guarded: boolean
  /**
   * A block that received payloads are copied into, several in one; absent: a plain one. A program that could transfer it would take its
   * neighbours' payloads along.
   */
  readonly block?: ((bytes: number) => ArrayBuffer) | undefined
  /** Takes the bytes away from whoever still has them, for guarded arenas. */
  readonly detach?: ((buffer: ArrayBuffer) => void) | undefined
}

/** From here on, to ask for the address of a single piece costs less than to copy it. Datagrams of one Ethernet frame are copied. */
const gatheredBytes = 1536
/** Bits of what a slot's pointers are set to: its name, its control buffer, its own payload alone. */
const hasName = 1
const hasControl = 2
const isOwn = 4

/** A multiple of 16 keeps every part aligned for every structure, and apart from its neighbours' words. */
const align = (bytes: number): number => (bytes + 15) & ~15
const guardBytes = 16
const canary = 0xca
const poison = 0xa5

/**
 * Lays a block out. `address` is where `bytes` begins in memory (0 for a driver without native code).
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
  const { controlBytes, nameBytes, pieces: vectorsPerSlot, slots } = layout
  const { addressOf } = options
  // Larger payloads are sent from where they are, so slots for many of them need no room for the largest.
  const isSmall = layout.purpose === "send" && slots > 1 && addressOf !== undefined
  const dataBytes = isSmall ? Math.min(layout.dataBytes, gatheredBytes) : layout.dataBytes
  const guard = options.guarded ? guardBytes : 0
  const stride = mmsghdr?.size ?? msghdr.size
  const vectors = align(slots * stride)
  const names = vectors + align(slots * vectorsPerSlot * iovec.size)
  const nameStride = align(nameBytes + guard)
  const controls = names + slots * nameStride
  const controlStride = align(controlBytes + guard)
  const payloads = controls + slots * controlStride
  const dataStride = align(dataBytes + guard)
  const { address, bytes } = options.allocate(payloads + slots * dataStride, layout.purpose === "lend")
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const pointer: Field = { at: 0, bytes: abi.pointerBytes }

  const nameAt = (slot: number) => names + slot * nameStride
  const controlAt = (slot: number) => controls + slot * controlStride
  const dataAt = (slot: number) => payloads + slot * dataStride
  const vectorAt = (slot: number, piece: number) => vectors + (slot * vectorsPerSlot + piece) * iovec.size
  const parts = [
    ["name", nameAt, nameBytes],
    ["control buffer", controlAt, controlBytes],
    ["payload", dataAt, dataBytes]
  ] as const

  for (let slot = 0; slot < slots; slot++) {
    const header = slot * stride
    const vector = vectorAt(slot, 0)
    ControlBuffer.writeField(view, vector + iovec.base, pointer, address + dataAt(slot))
    ControlBuffer.writeField(view, vector, iovec.length, dataBytes)
    ControlBuffer.writeField(view, header + msghdr.name, pointer, address + nameAt(slot))
    ControlBuffer.writeField(view, header + msghdr.buffers, pointer, address + vector)
    ControlBuffer.writeField(view, header, msghdr.bufferCount, 1)
    // No room asked for: no pointer either, so that nothing can be written.
    ControlBuffer.writeField(view, header + msghdr.control, pointer, controlBytes === 0 ? 0 : address + controlAt(slot))
    if (guard > 0) for (const [, at, size] of parts) bytes.fill(canary, at(slot) + size, at(slot) + size + guard)
  }

  const lengths = new Uint32Array(slots)
  const flags = new Uint8Array(slots)
  /** A view of each slot's payload as long as its last one was: making one costs as much as copying a hundred bytes. */
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

  // Linux leaves the headers that it did not use as they are, and shortens the lengths of those that it did: these alone are set again. Of 64 slots
  // that are offered, one or two are used where datagrams trickle in.
  const keeps = mmsghdr !== undefined && guard === 0
  let prepared = 0
  let touched = 0

  // Of a slot that is sent, what its pointers are set to: most are like the one before, and only their lengths differ.
  const shapes = new Uint8Array(slots).fill(hasName | (controlBytes === 0 ? 0 : hasControl) | isOwn)
  /** The last pieces of a slot, joined where the slot has no room for them, until it is filled again. */
  const joined = new Array<Uint8Array | undefined>(slots)
  const gather = (slot: number, pieces: ReadonlyArray<Uint8Array>): void => {
    let vector = 0
    let length = 0
    let copied = 0
    let own: Uint8Array | undefined
    const point = (to: number, size: number) => {
      ControlBuffer.writeField(view, vectorAt(slot, vector) + iovec.base, pointer, to)
      ControlBuffer.writeField(view, vectorAt(slot, vector), iovec.length, size)
      vector++
    }
    for (const piece of pieces) {
      const size = sizeOf(piece)
      length += size
      // Winsock: a vector of no bytes has no pointer that could be given (NULL with a length loses the datagram): there is none.
      if (size === 0) continue
      if (addressOf !== undefined && vector < vectorsPerSlot - 1) point(addressOf(piece), size)
      else {
        if (own === undefined && addressOf !== undefined && copied + size > dataBytes) {
          own = new Uint8Array(layout.dataBytes)
          own.set(bytes.subarray(dataAt(slot), dataAt(slot) + copied))
        }
        if (own === undefined) bytes.set(piece, dataAt(slot) + copied)
        else own.set(piece, copied)
        copied += size
      }
    }
    joined[slot] = own
    if (own !== undefined && addressOf !== undefined) point(addressOf(own), copied)
    else if (copied > 0 || vector === 0) point(address + dataAt(slot), copied)
    ControlBuffer.writeField(view, slot * stride, msghdr.bufferCount, vector)
    lengths[slot] = length
  }

  const nameLengthAt = msghdr.nameLength.at
  const controlLengthAt = msghdr.controlLength.at
  const flagsAt = msghdr.flags.at

  const reset = (from: number, to: number, inputFlags: number): void => {
    for (let slot = from; slot < to; slot++) {
      const header = slot * stride
      // The lengths alone, whose upper halves nobody sets where they have any.
      view.setUint32(header + nameLengthAt, nameBytes, true)
      view.setUint32(header + controlLengthAt, controlBytes, true)
      view.setUint32(header + flagsAt, inputFlags, true)
      if (guard > 0) for (const [, at, size] of parts) bytes.fill(poison, at(slot), at(slot) + Math.min(size, 4096))
    }
  }

  return {
    layout,
    bytes,
    view,
    nameAt,
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
    nameLength: (slot) => view.getUint32(slot * stride + nameLengthAt, true),
    controlLength: (slot) => Math.min(view.getUint32(slot * stride + controlLengthAt, true), controlBytes),
    dataLength: (slot) => lengths[slot] ?? 0,
    flags: (slot) => flags[slot] ?? 0,
    copy,
    borrow: (slot, length) => (guard > 0 ? bytes.slice(dataAt(slot), dataAt(slot) + length) : payload(slot, length)),
    giveBack: ({ buffer }) => {
      // Empty, it was transferred by the program, or has nothing to take away.
      if (guard > 0 && buffer instanceof ArrayBuffer && buffer.byteLength > 0) options.detach?.(buffer)
    },
    fill: (slot, name, control, pieces) => {
      const header = slot * stride
      const given = (name === 0 ? 0 : hasName) | (control === 0 ? 0 : hasControl)
      const shape = shapes[slot] ?? 0
      if ((shape & (hasName | hasControl)) !== given) {
        // Linux and Winsock: a name of length 0 is given as no name, which is what a connected socket takes.
        ControlBuffer.writeField(view, header + msghdr.name, pointer, name === 0 ? 0 : address + nameAt(slot))
        ControlBuffer.writeField(view, header + msghdr.control, pointer, control === 0 ? 0 : address + controlAt(slot))
      }
      view.setUint32(header + nameLengthAt, name, true)
      // Exact: Linux refuses zero bytes behind the last message (16 of them and more), Windows everything that is not exact.
      view.setUint32(header + controlLengthAt, control, true)
      view.setUint32(header + flagsAt, 0, true)
      const piece = pieces.length === 1 ? pieces[0] : undefined
      const size = piece === undefined ? 0 : sizeOf(piece)
      if (piece !== undefined && (size < gatheredBytes || addressOf === undefined)) {
        bytes.set(piece, dataAt(slot))
        if ((shape & isOwn) === 0) {
          ControlBuffer.writeField(view, vectorAt(slot, 0) + iovec.base, pointer, address + dataAt(slot))
          ControlBuffer.writeField(view, header, msghdr.bufferCount, 1)
        }
        view.setUint32(vectorAt(slot, 0) + iovec.length.at, size, true)
        lengths[slot] = size
        shapes[slot] = given | isOwn
      } else {
        shapes[slot] = given
        gather(slot, pieces)
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
  return (layout) => {
    const key = JSON.stringify(layout)
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
