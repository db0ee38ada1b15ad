/** Lists the host's interfaces by Linux's `NETLINK_ROUTE`, and follows notices of their changes. */
import type {
  EndedInterface,
  Fault,
  InterfaceAddress,
  InterfaceNotices,
  InterfaceObserver,
  NetworkInterface
} from "@ancillary/engine/driver/Driver"
import { isFault } from "@ancillary/engine/driver/Driver"
import { constants } from "node:os"
import { closed, EAGAIN, fault, lastError, lastFault } from "./errno.ts"
import * as Netlink from "./netlink.ts"
import { poll } from "./readiness.ts"
import type { Host } from "./host.ts"

const AF_NETLINK = 16
/** `SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC`, and `NETLINK_ROUTE`. */
const socketType = 3 | 0x800 | 0x80000
const NETLINK_ROUTE = 0
const MSG_TRUNC = 0x20
/** Linux: a dump is sent in parts of at most 32 KiB. */
const pieceBytes = 32 * 1024
/** Number of dumps that changes may interrupt before one is used anyway. */
const tries = 8
const { EIO, ENOBUFS } = constants.errno

const open = ({ libc }: Host): number | Fault => {
  const fd = libc.socket(AF_NETLINK, socketType, NETLINK_ROUTE)
  return fd < 0 ? lastFault("socket") : fd
}

/** Returns one datagram of the kernel, or `undefined` if none is queued. */
const receive = ({ libc }: Host, fd: number, into: Uint8Array): Uint8Array | undefined | Fault => {
  const size = libc.recv(fd, into, into.length, MSG_TRUNC)
  if (size < 0) {
    const errno = lastError()
    return errno === EAGAIN ? undefined : fault("recv", errno)
  }
  return size > into.length ? fault("recv", constants.errno.EMSGSIZE) : into.subarray(0, size)
}

interface Dumped {
  readonly messages: ReadonlyArray<Netlink.Message>
  readonly interrupted: boolean
}

const dump = (host: Host, fd: number, type: number): Dumped | Fault => {
  const request = Netlink.dumpRequest(type)
  if (host.libc.send(fd, request, request.length, 0) < 0) return lastFault("send")
  const found: Array<Netlink.Message> = []
  let interrupted = false
  for (;;) {
    const piece = receive(host, fd, new Uint8Array(pieceBytes))
    // Linux: each part is queued when the one before is taken.
    if (piece === undefined) return fault("recv", EIO)
    if (isFault(piece)) return piece
    for (const message of Netlink.messages(piece)) {
      interrupted ||= message.interrupted
      const end = Netlink.endOf(message)
      if (end === "done") return { messages: found, interrupted }
      if (end !== undefined) return fault("recv", end)
      found.push(message)
    }
  }
}

/** Requests all interfaces, then all addresses, and both again if something changed during the dumps. */
export const interfaces = (host: Host): ReadonlyArray<NetworkInterface> | Fault => {
  const fd = open(host)
  if (isFault(fd)) return fd
  try {
    for (let left = tries; ; left--) {
      const links = dump(host, fd, Netlink.RTM.getLink)
      if (isFault(links)) return links
      const addresses = dump(host, fd, Netlink.RTM.getAddress)
      if (isFault(addresses)) return addresses
      if (left > 1 && (links.interrupted || addresses.interrupted)) continue
      return joined(links.messages, addresses.messages)
    }
  } finally {
    host.libc.close(fd)
  }
}

/** Makes one interface for each index. An address is omitted if its interface appeared between the two dumps. */
const joined = (
  links: ReadonlyArray<Netlink.Message>,
  addresses: ReadonlyArray<Netlink.Message>
): ReadonlyArray<NetworkInterface> => {
  const found = new Map<number, NetworkInterface & { readonly addresses: Array<InterfaceAddress> }>()
  for (const message of links) {
    const one = Netlink.link(message)
    if (one !== undefined) found.set(one.index, { ...one, addresses: [] })
  }
  for (const message of addresses) {
    const one = Netlink.address(message)
    if (one !== undefined) found.get(one.index)?.addresses.push(one.address)
  }
  return [...found.values()]
}

/** Follows the kernel's notices from now on. */
export const observe = (host: Host): InterfaceObserver | Fault => {
  const fd = open(host)
  if (isFault(fd)) return fd
  const name = Netlink.noticesName()
  if (host.libc.bind(fd, name, name.length) < 0) {
    const failed = lastFault("bind")
    host.libc.close(fd)
    return failed
  }
  let isOpen = true
  const into = new Uint8Array(pieceBytes)
  const take = (): InterfaceNotices => {
    let changed = false
    let lost = false
    const ended: Array<EndedInterface> = []
    while (isOpen) {
      const piece = receive(host, fd, into)
      if (piece === undefined) break
      changed = true
      if (!isFault(piece)) for (const message of Netlink.messages(piece)) ended.push(...Netlink.ended(message))
      // Linux: ENOBUFS reports once that notices were dropped. Later notices follow.
      else if (piece.errno === ENOBUFS) lost = true
      else return { changed, lost: true, ended }
    }
    return { changed, lost, ended }
  }
  return {
    take,
    poll: (onReady) => (isOpen ? poll(host.libc, fd, onReady) : closed("poll")),
    close: () => {
      if (!isOpen) return
      isOpen = false
      host.libc.close(fd)
    }
  }
}
