/**
 * Removes the file that a bind of a Unix socket to a path creates. The kernel leaves it, and the next bind to that path fails until it is
 * removed.
 */
import { type BigIntStats, lstatSync, realpathSync, unlinkSync } from "node:fs"
import { sep } from "node:path"

/** Bytes before the path in a socket address: the family, and on Darwin the length before it. */
const pathAt = 2

/**
 * Returns the function that removes the file that a bind has just made, if it is still that file. Returns `undefined` if the address has no
 * file.
 */
export const trackSocketFile = (name: Uint8Array): (() => void) | undefined => {
  const end = name.indexOf(0, pathAt)
  const path = name.subarray(pathAt, end < 0 ? name.length : end)
  // Linux: an abstract address begins with a NUL. The kernel chooses an address without a path.
  if (path.length === 0) return undefined
  // Bytes, as the kernel uses them, because a path need not be UTF-8.
  const given = Buffer.from(path)
  const own = statusOf(given)
  if (own === undefined) return undefined
  // The process may change its folder, and a link in the path may have another target by then. The current folder may also be moved.
  const files = [resolved(given), given]
  return () => {
    // Another program may have removed it and bound its own socket there. The open socket keeps its inode in use, so equal numbers mean the
    // same file, if this runs before the socket is closed. The time between the check and the removal cannot be protected.
    const file = files.find((file) => {
      const now = statusOf(file)
      return now !== undefined && now.ino === own.ino && now.dev === own.dev
    })
    if (file === undefined) return
    try {
      unlinkSync(file)
    } catch {
      // The file cannot be removed, for example because its folder is read-only now. It stays, and the next bind fails with an error.
    }
  }
}

/** Path from the root without links. The kernel created its last part. */
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
