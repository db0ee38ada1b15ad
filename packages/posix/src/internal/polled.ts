/** Detects whether this process already polls a descriptor, from the files in which Linux lists its epolls. */
import { fstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs"

/**
 * Returns true if an epoll of this process has the descriptor: libuv's, for a socket of `node:dgram`, or ours. Without /proc it is unknown,
 * and returns false.
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
    // The number of a closed descriptor may still be listed, because another process has the same file.
    for (const [, number, file = inode] of lines) if (Number(number) === descriptor && file === inode) return true
    return false
  } catch {
    // It was closed in the meantime.
    return false
  }
}
