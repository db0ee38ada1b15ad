/**
 * Options for the sizes of a socket's kernel buffers.
 *
 * @since 0.1.0
 */
import type { Family } from "@ancillary/control"
import * as Darwin from "@ancillary/control/platform/darwin"
import * as Linux from "@ancillary/control/platform/linux"
import * as Winsock from "@ancillary/control/platform/winsock"
import { anywhere, internet } from "./cells.ts"
import { define } from "./definition.ts"
import { integer } from "./values.ts"

const bytes = integer("a size in bytes", 1, 0x3fffffff)
const noUnixSockets = { unsupported: "Windows has no Unix datagram sockets" }

/**
 * Bytes that the kernel keeps for datagrams that are not read yet.
 *
 * **Gotchas**
 *
 * Linux doubles the requested value, because its bookkeeping counts too. It silently caps the value at twice `net.core.rmem_max`.
 * `getOption` returns the granted size.
 *
 * @see socket(7), SO_RCVBUF
 * @category options
 * @since 0.1.0
 */
export const receiveBufferSize = define<number, Family>({
  name: "SO_RCVBUF",
  table: {
    linux: anywhere({ level: Linux.SOL_SOCKET, option: Linux.SO_RCVBUF, codec: bytes }),
    darwin: anywhere({ level: Darwin.SOL_SOCKET, option: Darwin.SO_RCVBUF, codec: bytes }),
    winsock: {
      ...internet({ level: Winsock.SOL_SOCKET, option: Winsock.SO_RCVBUF, codec: bytes }),
      unix: noUnixSockets
    }
  }
})

/**
 * Bytes that the kernel keeps for datagrams that are not sent yet.
 *
 * **Gotchas**
 *
 * Linux doubles the requested value and silently caps it at twice `net.core.wmem_max`. `getOption` returns the granted size.
 *
 * @see socket(7), SO_SNDBUF
 * @category options
 * @since 0.1.0
 */
export const sendBufferSize = define<number, Family>({
  name: "SO_SNDBUF",
  table: {
    linux: anywhere({ level: Linux.SOL_SOCKET, option: Linux.SO_SNDBUF, codec: bytes }),
    darwin: anywhere({ level: Darwin.SOL_SOCKET, option: Darwin.SO_SNDBUF, codec: bytes }),
    winsock: {
      ...internet({ level: Winsock.SOL_SOCKET, option: Winsock.SO_SNDBUF, codec: bytes }),
      unix: noUnixSockets
    }
  }
})
