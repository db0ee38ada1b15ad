import { DatagramReceiveError } from "../errors/DatagramError.ts"
import type { Plan } from "../plan/Plan.ts"
import { receiveCall, unmade } from "../errors/format.ts"

/** A read that was refused before any call. `why` ends with what to do. */
export const receiveInvalid = (
  { plan }: { readonly plan: Plan },
  argument: string,
  why: string
): DatagramReceiveError =>
  new DatagramReceiveError({
    ...unmade(receiveCall(plan.abi.platform)),
    reason: "InvalidArgument",
    message: `${argument}: ${why}. Nothing was read.`
  })
