/**
 * The file that binding a Unix socket to a path makes: the kernel leaves it behind, and the next bind to that path fails until somebody removes it.
 */
import { type BigIntStats, lstatSync, unlinkSync } from "node:fs"
import { sep } from "node:path"

/** Bytes of a name before its path: the family, and Darwin's length before it. */
const pathAt = 2

/** What removes the file that a bind to this name has just made, if it is still that file; nothing where the name is none of a file. */
export const made = (name: Uint8Array): (() => void) | undefined => {
  const end = name.indexOf(0, pathAt)
  const path = name.subarray(pathAt, end < 0 ? name.length : end)
  // Linux: an abstract name begins with a NUL, and a name without a path is one of the kernel's choice.
  if (path.length === 0) return undefined
  // Bytes, as the kernel takes them: a path need not be UTF-8. Absolute, since the process may move to another folder.
  const folder = path[0] === sep.charCodeAt(0) ? "" : process.cwd() + sep
  const file = Buffer.concat([Buffer.from(folder), path])
  const own = statusOf(file)
  if (own === undefined) return undefined
  return () => {
    // Somebody may have removed it and bound a socket of theirs there. The open socket keeps its own inode from being used again, so that the
    // same numbers are the same file, as long as this comes before the socket is closed. Between the look and the removal nothing can be done.
    const now = statusOf(file)
    if (now === undefined || now.ino !== own.ino || now.dev !== own.dev) return
    try {
      unlinkSync(file)
    } catch {
      // Not ours to remove (a folder that may not be written to any more): it stays, and the next bind says so.
    }
  }
}

const statusOf = (path: Buffer): BigIntStats | undefined => {
  try {
    return lstatSync(path, { bigint: true, throwIfNoEntry: false })
  } catch {
    return undefined
  }
}
