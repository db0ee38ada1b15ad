import type { NetworkInterface } from "@ancillary/engine/driver/Driver"

/**
 * A change of an interface. `Added`: it exists now. `Changed`: its name, an address, or any other field differs from
 * `before`. `Removed`: it no longer exists.
 *
 * @category models
 * @since 0.1.0
 */
export type InterfaceChange =
  | { readonly _tag: "Added"; readonly interface: NetworkInterface }
  | { readonly _tag: "Changed"; readonly interface: NetworkInterface; readonly before: NetworkInterface }
  | { readonly _tag: "Removed"; readonly interface: NetworkInterface }
