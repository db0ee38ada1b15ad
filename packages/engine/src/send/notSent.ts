import { type DatagramSendError, invalidSend } from "../errors/DatagramError.ts"
import type { Plan } from "../plan/Plan.ts"

/**
 * The error of a send that failed before any system call. `why` ends with an instruction.
 *
 * @category sockets
 * @since 0.1.0
 */
export const notSent = (
  core: { readonly plan: Plan } | undefined,
  field: string,
  why: string,
  reason?: "InvalidArgument" | "MessageTooLarge" | "Unsupported" | "Limited"
): DatagramSendError => invalidSend(field, why, reason, core?.plan.abi.platform)
