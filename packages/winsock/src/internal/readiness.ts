import type { Watch } from "@ancillary/engine/driver/Driver"
import * as Readiness from "@ancillary/engine/driver/Readiness"
import koffi from "koffi"

/** The shape that koffi's poll really has: its declarations leave out the status. */
const poll = koffi.node.poll as unknown as Readiness.Poll

export const watch = (
  descriptor: number,
  onReady: (readable: boolean, writable: boolean, failed: boolean) => void
): Watch => Readiness.watch(poll, descriptor, onReady)
