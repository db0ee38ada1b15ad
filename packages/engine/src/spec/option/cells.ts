/**
 * Helpers that put one cell in several places of a table.
 *
 * @since 0.1.0
 */

/**
 * Puts one cell in the places of both internet families: an option of the socket itself, or one absence.
 *
 * @category definitions
 * @since 0.1.0
 */
export const internet = <Cell>(cell: Cell): { readonly ipv4: Cell; readonly ipv6: Cell } => ({ ipv4: cell, ipv6: cell })

/**
 * Puts one cell in the places of every family.
 *
 * @category definitions
 * @since 0.1.0
 */
export const anywhere = <Cell>(cell: Cell): { readonly ipv4: Cell; readonly ipv6: Cell; readonly unix: Cell } => ({
  ipv4: cell,
  ipv6: cell,
  unix: cell
})
