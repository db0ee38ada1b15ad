/**
 * Numbers of the system calls, and the meaning of their results. Numbers of messages and options are in
 * `@ancillary/control/platform/winsock`. From winsock2.h, ws2def.h, mswsock.h, mstcpip.h and iptypes.h, as mingw-w64 prints them.
 */
import { ReceiveFlags } from "@ancillary/engine/driver/Arena"

export const SOCK_DGRAM = 2
export const IPPROTO_UDP = 17
/** Option that returns a socket's type, and its level. */
export const SOL_SOCKET = 0xffff
export const SO_TYPE = 0x1008
export const SO_ERROR = 0x1007

// Winsock: no WSA_FLAG_OVERLAPPED (1). MSG_PEEK is only valid for non-overlapped sockets (WSAMSG page), and no call here is overlapped.
export const WSA_FLAG_NO_HANDLE_INHERIT = 0x80

export const FIONBIO = 0x8004667e
export const SIO_GET_EXTENSION_FUNCTION_POINTER = 0xc8000006
export const SIO_UDP_CONNRESET = 0x9800000c
/** `_WSAIOW(IOC_VENDOR, 15)`; mingw-w64 does not have it. */
export const SIO_UDP_NETRESET = 0x9800000f

/** WSAID_WSARECVMSG: f689d7c8-6f1f-436b-8a53-e54fe351c322. */
export const WSAID_WSARECVMSG: Uint8Array = new Uint8Array([
  0xc8, 0xd7, 0x89, 0xf6, 0x1f, 0x6f, 0x6b, 0x43, 0x8a, 0x53, 0xe5, 0x4f, 0xe3, 0x51, 0xc3, 0x22
])

/** Arguments and results of GetAdaptersAddresses (iptypes.h, ipifcons.h, ifdef.h, winerror.h). */
export const AF_UNSPEC = 0
/** GAA_FLAG_SKIP_ANYCAST | GAA_FLAG_SKIP_MULTICAST | GAA_FLAG_SKIP_DNS_SERVER. */
export const GAA_FLAGS = 0x02 | 0x04 | 0x08
export const IP_ADAPTER_NO_MULTICAST = 0x10
export const IF_TYPE_SOFTWARE_LOOPBACK = 24
export const IfOperStatusUp = 1
export const ERROR_BUFFER_OVERFLOW = 111
export const ERROR_NO_DATA = 232

export const MSG_PEEK = 0x02
export const MSG_TRUNC = 0x100
export const MSG_CTRUNC = 0x200
export const MSG_BCAST = 0x400
export const MSG_MCAST = 0x800

/** Converts the `dwFlags` of a received datagram to portable flags. `cut`: the call failed with WSAEMSGSIZE. */
export const receiveFlags = (dwFlags: number, cut: boolean): number => {
  const control = (dwFlags & MSG_CTRUNC) !== 0
  // Winsock: Wine has no flag for truncated data, so WSAEMSGSIZE without MSG_CTRUNC means data; Windows sets MSG_TRUNC. If both are
  // truncated, Wine reports only the control data. Shown by truncation.wine.ts.
  const data = (dwFlags & MSG_TRUNC) !== 0 || (cut && !control)
  return (
    (data ? ReceiveFlags.dataTruncated : 0) |
    (control ? ReceiveFlags.controlTruncated : 0) |
    ((dwFlags & MSG_BCAST) === 0 ? 0 : ReceiveFlags.broadcast) |
    ((dwFlags & MSG_MCAST) === 0 ? 0 : ReceiveFlags.multicast)
  )
}

/** nldef.h, `NL_DAD_STATE`. */
export const IpDadStateTentative = 1
export const IpDadStateDuplicate = 2
export const IpDadStateDeprecated = 3

/** ipifcons.h, `IF_TYPE_`, with the kind of each. */
export const interfaceTypes: { readonly [type in number]?: string } = {
  6: "ethernet",
  23: "ppp",
  24: "loopback",
  71: "wlan",
  131: "tunnel"
}
