import { type DatagramReceiveError, invalidReceive } from "../errors/DatagramError.ts"
import type { Plan } from "../plan/Plan.ts"

/**
 * A read that was refused before any call. `why` ends with what to do.
 *
 * @category sockets
 * @since 0.1.0
 */
export const receiveInvalid = (
  { plan }: { readonly plan: Plan },
  argument: string,
  why: string
): DatagramReceiveError => invalidReceive(argument, why, plan.abi.platform)
