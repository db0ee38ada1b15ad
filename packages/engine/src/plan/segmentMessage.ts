/** The message that sets the segment size of a payload (GSO). The buffers of all sockets that support it have room for it. */
import { type Abi, ControlBuffer, type SendFormat, isUnsupported, Segmentation } from "@ancillary/control"
import type { SocketKind } from "../driver/Driver.ts"

interface Speaking {
  readonly abi: Abi
  readonly kind: SocketKind
}

/** Send format of the segment size for the sockets of a plan, or `undefined` if the platform does not split payloads. */
export const segmentMessage = ({ abi, kind }: Speaking): SendFormat<number> | undefined => {
  if (kind.protocol !== "udp") return undefined
  const cell = Segmentation.cell(abi.platform, kind.family)
  // The value is a number by the message's definition, but its table loses that type.
  return isUnsupported(cell) || isUnsupported(cell.send) ? undefined : (cell.send as SendFormat<number> | undefined)
}

/** Size of the message in a control buffer, in bytes. */
export const segmentSpace = (plan: Speaking): number => {
  const message = segmentMessage(plan)
  return message === undefined ? 0 : ControlBuffer.space(plan.abi, sizeOf(message))
}

/** Size of its payload in bytes. */
export const sizeOf = ({ payload: { size } }: SendFormat<number>): number =>
  typeof size === "number" ? size : size.maximum
