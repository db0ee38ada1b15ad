/**
 * Arenas as drivers use them.
 *
 * @since 0.1.0
 */
import type { Arena, NativeArena } from "@ancillary/engine/driver/Arena"

/**
 * Returns the native view of an arena that this driver made. Sockets see an interface without addresses.
 *
 * @category accessors
 * @since 0.1.0
 */
export const nativeArena = (arena: Arena): NativeArena => arena as NativeArena

/**
 * Throws if a guarded arena was written outside its bounds. An arena without guards cannot detect that.
 *
 * @category checks
 * @since 0.1.0
 */
export const checkBounds = (arena: NativeArena, slots: number): void => {
  const damage = arena.damage(slots)
  if (damage !== undefined) throw new Error(`Memory behind an arena's slot was overwritten: ${damage}.`)
}
