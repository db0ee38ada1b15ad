/** Arenas whose lengths and flags a wrapper may replace until the next call, and copies of what is in their slots. */
import type { Arena } from "@ancillary/engine/driver/Arena"
import type { ReceivedSlot, SentDatagram } from "../../FaultyDriver.ts"

export interface Bent {
  addressLength?: number
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

/** Copies of a slot that is about to be sent. */
export const sentOf = (arena: Arena, slot: number): SentDatagram => {
  const { address, addressLength, control, controlLength } = slotOf(arena, slot)
  return {
    address: address.slice(0, addressLength),
    control: control.slice(0, controlLength),
    data: payloads.get(arena)?.get(slot) ?? new Uint8Array(0)
  }
}
