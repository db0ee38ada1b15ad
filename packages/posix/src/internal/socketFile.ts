/**
 * The file that binding a Unix socket to a path makes: the kernel leaves it behind, and the next bind to that path fails until somebody removes it.
 */
import { type BigIntStats, lstatSync, realpathSync, unlinkSync } from "node:fs"
import { sep } from "node:path"

/** Bytes of a name before its path: the family, and Darwin's length before it. */
const pathAt = 2

/** What removes the file that a bind to this name has just made, if it is still that file; nothing where the name is none of a file. */
export const made = (name: Uint8Array): (() => void) | undefined => {
  const end = name.indexOf(0, pathAt)
  const path = name.subarray(pathAt, end < 0 ? name.length : end)
  // Linux: an abstract name begins with a NUL, and a name without a path is one of the kernel's choice.
  if (path.length === 0) return undefined
  // Bytes, as the kernel takes them: a path need not be UTF-8.
  const given = Buffer.from(path)
  const own = statusOf(given)
  if (own === undefined) return undefined
  // The process may move to another folder, or a link on the way may lead elsewhere by then; and the folder that it is in may be moved.
  const files = [resolved(given), given]
  return () => {
    // Somebody may have removed it and bound a socket of theirs there. The open socket keeps its own inode from being used again, so that the
    // same numbers are the same file, as long as this comes before the socket is closed. Between the look and the removal nothing can be done.
    const file = files.find((file) => {
      const now = statusOf(file)
      return now !== undefined && now.ino === own.ino && now.dev === own.dev
    })
    if (file === undefined) return
    try {
      unlinkSync(file)
    } catch {
      // Not ours to remove (a folder that may not be written to any more): it stays, and the next bind says so.
    }
  }
}

/** The path from the root on, through no link: the kernel made the last part of it. */
const resolved = (path: Buffer): Buffer => {
  const end = path.lastIndexOf(sep) + 1
  const folder = end === 0 ? Buffer.from(".") : path.subarray(0, end)
  try {
    return Buffer.concat([realpathSync.native(folder, { encoding: "buffer" }), Buffer.from(sep), path.subarray(end)])
  } catch {
    return path
  }
}

const statusOf = (path: Buffer): BigIntStats | undefined => {
  try {
    return lstatSync(path, { bigint: true, throwIfNoEntry: false })
  } catch {
    return undefined
  }
}
