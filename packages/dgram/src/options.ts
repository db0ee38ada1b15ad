/** Socket options by the values that `node:dgram` takes: what the kernel refuses is its error, and not a sentence of ours. */
import { type Abi, Codec, type Family, isUnsupported } from "@ancillary/control"
import { type Fault, isFault, type NativeSocket } from "@ancillary/engine/driver/Driver"
import type { SocketOption } from "@ancillary/engine/spec/SocketOption"

/** An option of any families and needs. */
export type Option<A> = SocketOption<A, Family, unknown> | SocketOption<A, never>

/** Bytes of a socket option's value, at most. */
const room = 16

const unsupported = (syscall: string): Fault => ({ syscall, code: "ENOPROTOOPT", errno: 0 })

/** Sets an option for one family. Returns the fault of the call if it failed. */
export const setOption = <A>(
  native: NativeSocket,
  abi: Abi,
  family: "ipv4" | "ipv6",
  option: Option<A>,
  value: A
): Fault | undefined => {
  const cell = option.cell(abi.platform, family)
  if (cell === undefined || isUnsupported(cell)) return unsupported("setsockopt")
  const bytes = new Uint8Array(room)
  const length = cell.codec.write(new DataView(bytes.buffer), 0, value)
  return native.setOption(cell.level, cell.option, bytes.subarray(0, length))
}

/** Reads an option of one family. */
export const getOption = <A>(native: NativeSocket, abi: Abi, family: "ipv4" | "ipv6", option: Option<A>): A | Fault => {
  const cell = option.cell(abi.platform, family)
  if (cell === undefined || isUnsupported(cell)) return unsupported("getsockopt")
  const bytes = new Uint8Array(room)
  const length = native.getOption(cell.level, cell.option, bytes)
  if (isFault(length)) return length
  const value = cell.codec.read(new DataView(bytes.buffer), 0, length)
  return Codec.isMalformed(value) ? { syscall: "getsockopt", code: "EINVAL", errno: 0 } : value
}
