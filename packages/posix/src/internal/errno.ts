import { constants } from "node:os"
import type { Fault } from "@ancillary/socket/Driver"
import koffi from "koffi"

/** Of several names for a number the first counts: `EAGAIN`, as the manual pages say, not `EWOULDBLOCK`. */
const names = new Map<number, string>()
for (const [name, number] of Object.entries(constants.errno)) if (!names.has(number)) names.set(number, name)

export const { EAGAIN, EBADF, EEXIST, EPROTOTYPE } = constants.errno

/** The number that the last foreign call left: to be read before any other call is made. */
export const lastError = (): number => koffi.errno()

/** The fault of the last foreign call. */
export const lastFault = (syscall: string): Fault => fault(syscall, lastError())

export const errorName = (errno: number): string => names.get(errno) ?? `errno ${errno}`

export const fault = (syscall: string, errno: number): Fault => ({ syscall, code: errorName(errno), errno })

/** What every call on a closed socket answers, without asking the kernel about a number that may be another's by now. */
export const closed = (syscall: string): Fault => fault(syscall, constants.errno.EBADF)
