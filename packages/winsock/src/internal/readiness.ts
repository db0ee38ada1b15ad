import type { Poll } from "@ancillary/engine/driver/Driver"
import * as Readiness from "@ancillary/engine/driver/Readiness"
import koffi from "koffi"

/** The shape that koffi's poll really has: its declarations leave out the status. */
const startPoll = koffi.node.poll as unknown as Readiness.StartPoll

export const poll = (
  descriptor: number,
  onReady: (readable: boolean, writable: boolean, failed: boolean) => void
): Poll => Readiness.poll(startPoll, descriptor, onReady)
