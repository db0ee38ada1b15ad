/**
 * Reads and writes messages of Linux's `NETLINK_ROUTE` as bytes: interfaces, their addresses, and notices about both. Pure functions.
 *
 * @see linux/netlink.h, linux/rtnetlink.h, linux/if_link.h, linux/if_addr.h; netlink(7), rtnetlink(7)
 */
import { Ipv4Address, Ipv6Address } from "@ancillary/control"
import { readIpv6 } from "@ancillary/control/SocketAddress"
import type { EndedInterface, InterfaceAddress, NetworkInterface } from "@ancillary/engine/driver/Driver"
import { bytesAsText } from "./text.ts"

/** Message types of the protocol. */
export const RTM = { newLink: 16, delLink: 17, getLink: 18, newAddress: 20, delAddress: 21, getAddress: 22 } as const
const NLMSG = { error: 2, done: 3 } as const
const NLM_F = { request: 0x1, dumpInterrupted: 0x10, dump: 0x300 } as const
const headerBytes = 16
const IFLA = { address: 1, name: 3, mtu: 4, master: 10, linkInfo: 18 } as const
const IFLA_INFO_KIND = 1
const IFA = { address: 1, local: 2, flags: 8 } as const
/** Flags of an address. 0x01 is `IFA_F_SECONDARY` with IPv4 and `IFA_F_TEMPORARY` with IPv6. */
const IFA_F = { temporary: 0x01, optimistic: 0x04, duplicate: 0x08, deprecated: 0x20, tentative: 0x40 } as const
const IFF = { up: 0x1, loopback: 0x8, running: 0x40, multicast: 0x1000 } as const
const AF = { unspecified: 0, ipv4: 2, ipv6: 10 } as const
/** Minimum MTU of each protocol. Below it Linux removes the protocol, and every membership of it, from an interface. */
const smallestMtu = { ipv4: 68, ipv6: 1280 } as const

/** Names of the link layers, by their number in `if_arp.h`. */
const linkLayers: { readonly [type in number]?: string } = {
  1: "ethernet",
  32: "infiniband",
  512: "ppp",
  768: "tunnel",
  769: "tunnel6",
  772: "loopback",
  776: "sit",
  778: "gre",
  801: "wlan",
  803: "wlan",
  823: "gre6",
  824: "netlink",
  65534: "none"
}

/** One message: its type, its flags, and its body. */
export interface Message {
  readonly type: number
  readonly interrupted: boolean
  readonly body: DataView
}

/**
 * Returns a `sockaddr_nl` that subscribes to notices about links and addresses: `RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR`.
 */
export const noticesName = (): Uint8Array => {
  const view = new DataView(new ArrayBuffer(12))
  view.setUint16(0, 16, true)
  view.setUint32(8, 0x1 | 0x10 | 0x100, true)
  return new Uint8Array(view.buffer)
}

/** Returns a request for all objects of a type, with an `ifinfomsg` of zeros. The kernel accepts it for addresses too. */
export const dumpRequest = (type: number): Uint8Array => {
  const view = new DataView(new ArrayBuffer(headerBytes + 16))
  view.setUint32(0, view.byteLength, true)
  view.setUint16(4, type, true)
  view.setUint16(6, NLM_F.request | NLM_F.dump, true)
  view.setUint32(8, 1, true)
  return new Uint8Array(view.buffer)
}

/** Returns the messages of one datagram of the kernel. An invalid length ends the list. */
export const messages = (bytes: Uint8Array): ReadonlyArray<Message> => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const found: Array<Message> = []
  for (let at = 0; at + headerBytes <= view.byteLength;) {
    const length = view.getUint32(at, true)
    if (length < headerBytes || at + length > view.byteLength) break
    found.push({
      type: view.getUint16(at + 4, true),
      interrupted: (view.getUint16(at + 6, true) & NLM_F.dumpInterrupted) !== 0,
      body: new DataView(bytes.buffer, bytes.byteOffset + at + headerBytes, length - headerBytes)
    })
    at += aligned(length)
  }
  return found
}

/** Returns `"done"` if a message ends a dump, or the error number if the dump failed. */
export const endOf = ({ body, type }: Message): "done" | number | undefined => {
  if (type === NLMSG.done) {
    // The kernel reports here why it stopped a dump.
    const errno = body.byteLength >= 4 ? -body.getInt32(0, true) : 0
    return errno > 0 ? errno : "done"
  }
  return type === NLMSG.error && body.byteLength >= 4 ? -body.getInt32(0, true) : undefined
}

const aligned = (length: number): number => (length + 3) & ~3

/** Attributes after the fixed part of a body, by type. */
const attributes = (body: DataView, from: number): ReadonlyMap<number, DataView> => {
  const found = new Map<number, DataView>()
  for (let at = from; at + 4 <= body.byteLength;) {
    const length = body.getUint16(at, true)
    if (length < 4 || at + length > body.byteLength) break
    // The two upper bits are flags: nested, and network byte order.
    found.set(body.getUint16(at + 2, true) & 0x3fff, new DataView(body.buffer, body.byteOffset + at + 4, length - 4))
    at += aligned(length)
  }
  return found
}

const number = (view: DataView | undefined): number | undefined =>
  view === undefined || view.byteLength < 4 ? undefined : view.getUint32(0, true)

const string = (view: DataView | undefined): string | undefined => {
  if (view === undefined) return undefined
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
  const end = bytes.indexOf(0)
  return bytesAsText(end < 0 ? bytes : bytes.subarray(0, end))
}

/**
 * Returns an interface without its addresses. Returns `undefined` if the message is about something else (a port of a bridge, wireless
 * details).
 */
export const link = ({ body, type }: Message): Omit<NetworkInterface, "addresses"> | undefined => {
  if (type !== RTM.newLink || body.byteLength < 16 || body.getUint8(0) !== AF.unspecified) return undefined
  const found = attributes(body, 16)
  const name = string(found.get(IFLA.name))
  if (name === undefined) return undefined
  const flags = body.getUint32(8, true)
  const up = (flags & IFF.up) !== 0
  const info = found.get(IFLA.linkInfo)
  const layer = body.getUint16(2, true)
  return {
    index: body.getInt32(4, true),
    name,
    up,
    running: up && (flags & IFF.running) !== 0,
    loopback: (flags & IFF.loopback) !== 0,
    multicast: (flags & IFF.multicast) !== 0,
    mtu: number(found.get(IFLA.mtu)),
    kind:
      string(info === undefined ? undefined : attributes(info, 0).get(IFLA_INFO_KIND)) ??
      linkLayers[layer] ??
      `link layer ${layer}`,
    hardwareAddress: hardware(found.get(IFLA.address)),
    master: number(found.get(IFLA.master))
  }
}

/** Two hexadecimal digits for each byte. Linux: loopback has an address of zeros, which means no address. */
const hardware = (view: DataView | undefined): string | undefined => {
  if (view === undefined) return undefined
  const bytes = Array.from(new Uint8Array(view.buffer, view.byteOffset, view.byteLength))
  return bytes.some((byte) => byte !== 0)
    ? bytes.map((byte) => byte.toString(16).padStart(2, "0")).join(":")
    : undefined
}

/** Returns an address and the index of its interface, or `undefined` if the message is of another type or family. */
export const address = ({
  body,
  type
}: Message): { readonly index: number; readonly address: InterfaceAddress } | undefined => {
  if (type !== RTM.newAddress || body.byteLength < 8) return undefined
  const index = body.getUint32(4, true)
  const found = attributes(body, 8)
  // On a point-to-point link `IFA_ADDRESS` is the address of the other end.
  const bytes = found.get(IFA.local) ?? found.get(IFA.address)
  const one = bytes === undefined ? undefined : addressOf(body.getUint8(0), bytes, index)
  if (one === undefined) return undefined
  const flags = number(found.get(IFA.flags)) ?? body.getUint8(2)
  const has = (flag: number) => (flags & flag) !== 0
  return {
    index,
    address: {
      address: one,
      prefix: body.getUint8(1),
      // Linux: an optimistic address can be used during duplicate address detection.
      tentative: has(IFA_F.tentative) && !has(IFA_F.optimistic),
      duplicate: has(IFA_F.duplicate),
      deprecated: has(IFA_F.deprecated),
      temporary: one.family === "ipv6" && has(IFA_F.temporary)
    }
  }
}

const addressOf = (family: number, bytes: DataView, index: number): Ipv4Address | Ipv6Address | undefined => {
  if (family === AF.ipv4 && bytes.byteLength >= 4) return new Ipv4Address(bytes.getUint32(0))
  if (family !== AF.ipv6 || bytes.byteLength < 16) return undefined
  const one = readIpv6(bytes, 0)
  return one.isLinkLocal ? one.withZone(index) : one
}

/** Returns the interface that a notice ends, or one of its protocols. */
export const ended = ({ body, type }: Message): ReadonlyArray<EndedInterface> => {
  if ((type !== RTM.newLink && type !== RTM.delLink) || body.byteLength < 16) return []
  // A notice about a port that is removed from a bridge has another family.
  if (body.getUint8(0) !== AF.unspecified) return []
  const index = body.getInt32(4, true)
  if (type === RTM.delLink) return [{ index }]
  const mtu = number(attributes(body, 16).get(IFLA.mtu)) ?? Infinity
  return (["ipv4", "ipv6"] as const).flatMap((family) => (mtu < smallestMtu[family] ? [{ index, family }] : []))
}
