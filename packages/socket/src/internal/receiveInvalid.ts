import { DatagramReceiveError } from "../DatagramError.ts"
import { unmade } from "./described.ts"

/** A read that was refused before any call. `why` ends with what to do. */
export const receiveInvalid = (argument: string, why: string): DatagramReceiveError =>
  new DatagramReceiveError({
    ...unmade("recvmsg"),
    reason: "InvalidArgument",
    message: `${argument}: ${why}. Nothing was read.`
  })
