import type { Abi } from "@ancillary/control"
import * as Arena from "@ancillary/socket/Arena"
import koffi from "koffi"
import type { Address } from "./ws2_32.ts"

/**
 * Memory that calls can be given the address of. An `ArrayBuffer`'s backing store does not move, so its address is asked for once; it lives as
 * long as the bytes are referenced. Pages that the kernel never writes cost no memory.
 */
export const allocate = (size: number): { readonly bytes: Uint8Array<ArrayBuffer>; readonly address: Address } => {
  const bytes = new Uint8Array(new ArrayBuffer(size))
  return { bytes, address: Number(koffi.address(bytes)) }
}

/** The arenas of a driver, one for each layout in use, shared by its sockets and gone with the last of them. */
export const makeArenas = (abi: Abi, guarded: boolean): ((layout: Arena.ArenaLayout) => Arena.NativeArena) => {
  const inUse = new Map<string, { readonly arena: Arena.NativeArena; uses: number }>()
  return (layout) => {
    const key = JSON.stringify(layout)
    const known = inUse.get(key)
    if (known !== undefined) {
      known.uses++
      return known.arena
    }
    const arena = Arena.make(abi, layout, {
      guarded,
      allocate,
      free: () => {
        entry.uses--
        if (entry.uses === 0) inUse.delete(key)
      }
    })
    const entry = { arena, uses: 1 }
    inUse.set(key, entry)
    return arena
  }
}
