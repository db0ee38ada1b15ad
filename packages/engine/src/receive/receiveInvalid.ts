import { type DatagramReceiveError, invalidReceive } from "../errors/DatagramError.ts"
import type { Plan } from "../plan/Plan.ts"

/**
 * The error of a read that failed before any system call. `why` ends with an instruction.
 *
 * @category sockets
 * @since 0.1.0
 */
export const receiveInvalid = (
  { plan }: { readonly plan: Plan },
  argument: string,
  why: string
): DatagramReceiveError => invalidReceive(argument, why, plan.abi.platform)
