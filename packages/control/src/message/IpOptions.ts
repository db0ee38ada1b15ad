import { bytes, type Codec } from "../Codec.ts"
import { type Capability, type ControlMessage, define } from "../ControlMessage.ts"
import { on } from "../internal/on.ts"
import * as Linux from "../platform/linux.ts"

/**
 * Options of the IPv4 header (record route, timestamps, router alert), as bytes. Linux.
 *
 * **Gotchas**
 *
 * Many routers drop packets that have options.
 *
 * @see RFC 791 section 3.1; ip(7), IP_RECVOPTS and IP_RETOPTS
 * @category messages
 * @since 0.1.0
 */
export interface IpOptions extends ControlMessage<"ipOptions", "ipv4", "optional", Capability<"ipOptions">> {
  readonly received: {
    /**
     * The options as the kernel delivered them, 4 to 40 bytes, a copy; absent if the packet had no options. If an
     * option records a route or times, Linux has already added this host. Linux.
     */
    readonly ipOptions: Uint8Array
  }
  readonly sendable: {
    /**
     * Options for this datagram, 0 to 40 bytes, padded to a multiple of 4. They replace all options of the socket.
     * Linux.
     */
    readonly ipOptions?: Uint8Array | undefined
  }
}

const received = bytes({ minimum: 4, maximum: 40 })
const sent: Codec<Uint8Array> = {
  ...bytes({ maximum: 40 }),
  validate: (value) => bytes({ maximum: 40 }).validate?.(value) ?? malformed(value)
}

const endOfOptions = 0
const noOperation = 1

/** Checks that each option is a type and a length that counts its first two bytes. Two options are a type only. */
const malformed = (options: Uint8Array): string | undefined => {
  let at = 0
  while (at < options.length) {
    const type = options[at]
    if (type === endOfOptions) return undefined
    const length = type === noOperation ? 1 : (options[at + 1] ?? 0)
    if (type !== noOperation && length < 2) return `the option of type ${type} at byte ${at} has no length`
    if (at + length > options.length) return `the option of type ${type} at byte ${at} goes on behind the last byte`
    at += length
  }
  return undefined
}

const unsupported = {
  winsock: { unsupported: "Windows takes options only for a whole socket, and delivers no received ones" },
  // Darwin: IP_RECVOPTS can be set, but its code is not compiled (bsd/netinet/ip_input.c, "notyet").
  darwin: { unsupported: "macOS has the option that asks for them, and delivers none" }
}

/**
 * The definition of `IpOptions`.
 *
 * @category messages
 * @since 0.1.0
 */
export const IpOptions = define<IpOptions>({
  key: "ipOptions",
  presence: "optional",
  table: {
    linux: {
      ipv4: {
        request: on(Linux.IPPROTO_IP, Linux.IP_RECVOPTS),
        receive: [{ level: Linux.IPPROTO_IP, type: Linux.IP_RECVOPTS, payload: received }],
        // Linux: the type to send is that of options reversed for a reply. The received type fails with EINVAL.
        send: {
          level: Linux.IPPROTO_IP,
          type: Linux.IP_RETOPTS,
          payload: sent,
          privilege: "CAP_NET_RAW for source routes"
        }
      }
    },
    winsock: { ipv4: unsupported.winsock },
    darwin: { ipv4: unsupported.darwin }
  }
})
