/** Finds out whether this process polls a descriptor already, as Linux lists it in the files of its epolls. */
import { fstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs"

/**
 * Whether an epoll of this process has the descriptor: libuv's, for a socket of `node:dgram`, or ours. Unknown, and so false, without /proc.
 */
export const isPolled = (descriptor: number): boolean => {
  try {
    const inode = fstatSync(descriptor, { bigint: true }).ino.toString(16)
    return readdirSync("/proc/self/fd").some((name) => lists(name, descriptor, inode))
  } catch {
    return false
  }
}

const lists = (name: string, descriptor: number, inode: string): boolean => {
  try {
    if (!readlinkSync(`/proc/self/fd/${name}`).includes("[eventpoll]")) return false
    const lines = readFileSync(`/proc/self/fdinfo/${name}`, "utf8").matchAll(/^tfd:\s*(\d+)(?:.*\bino:([0-9a-f]+))?/gm)
    // The number of one that was closed may be listed on: another process has the same file.
    for (const [, number, file = inode] of lines) if (Number(number) === descriptor && file === inode) return true
    return false
  } catch {
    // It was closed meanwhile.
    return false
  }
}
