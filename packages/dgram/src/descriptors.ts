/** The kind of a descriptor, in the words of Node's errors. */
import { fstatSync, readFileSync, readlinkSync } from "node:fs"
import { isatty } from "node:tty"

export type DescriptorKind = "UDP" | "TCP" | "PIPE" | "TTY" | "FILE" | "UNKNOWN" | "INVALID"

/** Linux lists the sockets of a namespace by protocol, each with its inode. */
const lists = [
  ["UDP", "udp"],
  ["UDP", "udp6"],
  ["TCP", "tcp"],
  ["TCP", "tcp6"],
  ["PIPE", "unix"]
] as const

/** Returns the kind of a descriptor. A socket of which the system does not list the protocol is taken for one of UDP, which `adopt` checks. */
export const kindOf = (descriptor: number): DescriptorKind => {
  try {
    const stat = fstatSync(descriptor)
    if (isatty(descriptor)) return "TTY"
    if (stat.isFile() || stat.isCharacterDevice()) return "FILE"
    if (stat.isFIFO()) return "PIPE"
    return stat.isSocket() ? socketKind(descriptor) : "UNKNOWN"
  } catch {
    return "INVALID"
  }
}

const socketKind = (descriptor: number): DescriptorKind => {
  try {
    const [, inode] = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${descriptor}`)) ?? []
    if (inode === undefined) return "UDP"
    const found = lists.find(([, name]) => readFileSync(`/proc/net/${name}`, "utf8").split(/\s+/).includes(inode))
    return found?.[0] ?? "UDP"
  } catch {
    return "UDP"
  }
}
