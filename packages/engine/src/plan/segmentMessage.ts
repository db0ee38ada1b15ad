/** The message by which the kernel is told to cut a payload, which every socket that can has room for. */
import { type Abi, ControlBuffer, type SendFormat, isUnsupported, Segmentation } from "@ancillary/control"
import type { SocketKind } from "../driver/Driver.ts"

interface Speaking {
  readonly abi: Abi
  readonly kind: SocketKind
}

/** How a platform is told the size of segments, for the sockets of a plan; nothing where none is cut. */
export const segmentMessage = ({ abi, kind }: Speaking): SendFormat<number> | undefined => {
  if (kind.protocol !== "udp") return undefined
  const cell = Segmentation.cell(abi.platform, kind.family)
  // The definition's own value is a number, which its table forgets.
  return isUnsupported(cell) || isUnsupported(cell.send) ? undefined : (cell.send as SendFormat<number> | undefined)
}

/** Bytes that the message takes in a control buffer. */
export const segmentSpace = (plan: Speaking): number => {
  const message = segmentMessage(plan)
  return message === undefined ? 0 : ControlBuffer.space(plan.abi, sizeOf(message))
}

/** Bytes of its payload. */
export const sizeOf = ({ payload: { size } }: SendFormat<number>): number =>
  typeof size === "number" ? size : size.maximum
