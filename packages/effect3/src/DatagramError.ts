/**
 * Every error of a socket.
 *
 * @since 0.1.0
 */
import type { DatagramError as EngineError } from "@ancillary/engine/errors/DatagramError"
import type { DatagramFault } from "./DatagramFault.ts"

/**
 * Every error of a socket.
 *
 * @category errors
 * @since 0.1.0
 */
export type DatagramError = EngineError | DatagramFault
