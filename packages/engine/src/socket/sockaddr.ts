/** Converts endpoints to and from the bytes of a `sockaddr`, for system calls. */
import { Codec, type Endpoint, type Family, SocketAddress } from "@ancillary/control"
import { type Fault, isFault } from "../driver/Driver.ts"
import type { Plan } from "../plan/Plan.ts"

/** Returns the `sockaddr` of an endpoint, for a socket of this plan. */
export const nameOf = ({ abi, family, kind }: Plan, endpoint: Endpoint<Family>): Uint8Array => {
  const bytes = new Uint8Array(SocketAddress.size(abi, kind.family))
  return bytes.subarray(0, SocketAddress.write(abi, endpoint, new DataView(bytes.buffer), 0, family === "dual"))
}

/** Memory of an address that a system call writes, by its size. It is read before another call can run. */
const memory = new Map<number, DataView<ArrayBuffer>>()

const memoryOf = (size: number): DataView<ArrayBuffer> => {
  const known = memory.get(size)
  if (known !== undefined) return known
  const made = new DataView(new ArrayBuffer(size))
  memory.set(size, made)
  return made
}

/** Returns the endpoint of the `sockaddr` that a system call writes. */
export const named = ({ abi, kind }: Plan, ask: (into: Uint8Array) => number | Fault): Endpoint<Family> | Fault => {
  const view = memoryOf(SocketAddress.size(abi, kind.family))
  const bytes = new Uint8Array(view.buffer)
  bytes.fill(0)
  const length = ask(bytes)
  if (isFault(length)) return length
  const endpoint = SocketAddress.read(abi, view, 0, length)
  return Codec.isMalformed(endpoint) ? { syscall: "getsockname", code: "EINVAL", errno: 0 } : endpoint
}
