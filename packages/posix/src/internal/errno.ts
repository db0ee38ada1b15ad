import { constants } from "node:os"
import type { Fault } from "@ancillary/engine/driver/Driver"
import { makeFaults } from "@ancillary/native/faults"
import { koffi } from "@ancillary/native/koffi"

/** Names that Node's table lacks, and `EOPNOTSUPP`, which comes after `ENOTSUP` there. asm-generic/errno.h; sys/errno.h, from its text. */
const unnamed: { readonly [platform in string]?: ReadonlyArray<readonly [number, string]> } = {
  linux: [
    [64, "ENONET"],
    [94, "ESOCKTNOSUPPORT"],
    [95, "EOPNOTSUPP"],
    [96, "EPFNOSUPPORT"],
    [108, "ESHUTDOWN"],
    [109, "ETOOMANYREFS"],
    [112, "EHOSTDOWN"],
    [121, "EREMOTEIO"],
    [126, "ENOKEY"],
    [129, "EKEYREJECTED"],
    [131, "ENOTRECOVERABLE"],
    [132, "ERFKILL"]
  ],
  darwin: [
    [44, "ESOCKTNOSUPPORT"],
    [46, "EPFNOSUPPORT"],
    [58, "ESHUTDOWN"],
    [59, "ETOOMANYREFS"],
    [64, "EHOSTDOWN"],
    [104, "ENOTRECOVERABLE"]
  ]
}

/** The first of several names for a number is used: `EAGAIN`, as in the manual pages, not `EWOULDBLOCK`. */
const names = new Map<number, string>(unnamed[process.platform])
for (const [name, number] of Object.entries(constants.errno)) if (!names.has(number)) names.set(number, name)

export const { errorName, fault } = makeFaults(names)

export const { EAGAIN, EBADF, EEXIST, EPROTOTYPE } = constants.errno

/** Returns the error number of the last foreign call. Read it before any other call is made. */
export const lastError = (): number => koffi().errno()

/** The fault of the last foreign call. */
export const lastFault = (syscall: string): Fault => fault(syscall, lastError())

/** The fault of every call on a closed socket. No call is made, because another socket may have the number by now. */
export const closed = (syscall: string): Fault => fault(syscall, constants.errno.EBADF)
