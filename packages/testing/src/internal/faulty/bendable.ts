/** Arenas with lengths and flags that a wrapper may replace until the next call, and copies of their slots. */
import type { Arena } from "@ancillary/engine/driver/Arena"
import type { ReceivedSlot, SentDatagram } from "./datagrams.ts"

export interface Bent {
  addressLength?: number
  controlLength?: number
  dataLength?: number
  flags?: number
}

const bents = new WeakMap<Arena, Map<number, Bent>>()
/** Payloads of slots. The kernel gathers several buffers from their own memory, so these are not in the arena. */
const payloads = new WeakMap<Arena, Map<number, Uint8Array>>()

const joined = (pieces: ReadonlyArray<Uint8Array>): Uint8Array => {
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0))
  pieces.reduce((at, piece) => {
    whole.set(piece, at)
    return at + piece.length
  }, 0)
  return whole
}

/** Wraps an arena, so that a hook may replace its lengths and flags until the next call. */
export const bendable = (arena: Arena): Arena => {
  const bent = new Map<number, Bent>()
  const payload = new Map<number, Uint8Array>()
  const wrapped: Arena = {
    ...arena,
    fill: (slot, addressLength, control, pieces) => {
      payload.set(slot, joined(pieces))
      arena.fill(slot, addressLength, control, pieces)
    },
    addressLength: (slot) => bent.get(slot)?.addressLength ?? arena.addressLength(slot),
    controlLength: (slot) => bent.get(slot)?.controlLength ?? arena.controlLength(slot),
    dataLength: (slot) => bent.get(slot)?.dataLength ?? arena.dataLength(slot),
    flags: (slot) => bent.get(slot)?.flags ?? arena.flags(slot)
  }
  bents.set(wrapped, bent)
  payloads.set(wrapped, payload)
  return wrapped
}

/** The replaced lengths and flags of an arena, by slot. */
export const bentOf = (arena: Arena): Map<number, Bent> | undefined => bents.get(arena)

export const slotOf = (arena: Arena, slot: number): ReceivedSlot => {
  const { controlBytes, dataBytes, addressBytes } = arena.layout
  const part = (at: number, bytes: number) => arena.bytes.subarray(at, at + bytes)
  return {
    address: part(arena.addressAt(slot), addressBytes),
    control: part(arena.controlAt(slot), controlBytes),
    data: part(arena.dataAt(slot), dataBytes),
    addressLength: arena.addressLength(slot),
    controlLength: arena.controlLength(slot),
    dataLength: arena.dataLength(slot),
    flags: arena.flags(slot)
  }
}

/** Copies a slot that will be sent. */
export const sentOf = (arena: Arena, slot: number): SentDatagram => {
  const { address, addressLength, control, controlLength } = slotOf(arena, slot)
  return {
    address: address.slice(0, addressLength),
    control: control.slice(0, controlLength),
    data: payloads.get(arena)?.get(slot) ?? new Uint8Array(0)
  }
}
