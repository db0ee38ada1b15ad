/** Modes of path MTU discovery, by their numbers on Linux: 0 dont, 1 want, 2 do, 3 probe, 4 interface, 5 omit. */
export const pathMtuModes = {
  /** Routers must not cut what was sent. */
  setsDontFragment: (mode: number): boolean => mode >= 1 && mode <= 3,
  /** The host cuts what is larger than the path permits. */
  cuts: (mode: number): boolean => mode < 2 || mode === 5,
  /** Reports of routers count. */
  usesPathMtu: (mode: number): boolean => mode < 3
} as const
