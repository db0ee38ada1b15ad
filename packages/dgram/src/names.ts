/** Endpoints as system calls take and return them: the bytes of a `sockaddr`. */
import { Codec, type Endpoint, type Family, SocketAddress } from "@ancillary/control"
import { type Fault, isFault } from "@ancillary/engine/driver/Driver"
import type { Plan } from "@ancillary/engine/plan/Plan"

/** The `sockaddr` of an endpoint, for sockets of a plan. */
export const nameOf = ({ abi, family, kind }: Plan, endpoint: Endpoint<Family>): Uint8Array => {
  const bytes = new Uint8Array(SocketAddress.size(abi, kind.family))
  return bytes.subarray(0, SocketAddress.write(abi, endpoint, new DataView(bytes.buffer), 0, family === "dual"))
}

/** The endpoint that a call such as `getsockname` writes. */
export const named = ({ abi, kind }: Plan, ask: (into: Uint8Array) => number | Fault): Endpoint<Family> | Fault => {
  const bytes = new Uint8Array(SocketAddress.size(abi, kind.family))
  const length = ask(bytes)
  if (isFault(length)) return length
  const endpoint = SocketAddress.read(abi, new DataView(bytes.buffer), 0, length)
  return Codec.isMalformed(endpoint) ? { syscall: "getsockname", code: "EINVAL", errno: 0 } : endpoint
}
