// Bundles often declare `createRequire` in a banner, so it has another name here.
import { createRequire as requireFrom } from "node:module"
import type Koffi from "koffi"

let loaded: typeof Koffi | undefined

/**
 * Loads koffi when it is first needed, so that the drivers can be imported on any machine. Throws if its native part is missing.
 *
 * @category constructors
 * @since 0.1.0
 */
export const koffi = (): typeof Koffi => (loaded ??= requireFrom(import.meta.url)("koffi") as typeof Koffi)
