/** What every error is made of: the system call, the platform's code and number, a sentence that ends with what to do. */
import type { Platform } from "@ancillary/control"
import type { Fault } from "../driver/Driver.ts"

/**
 * What every error tells besides its tag. Where no system call was made (the arguments were refused before), `syscall` names the one that
 * would have been, `code` is `"INVALID"` and `errno` 0.
 *
 * @category models
 * @since 0.1.0
 */
export interface Described {
  /** `"bind"`, `"sendmsg"`, `"WSASendMsg"` … */
  readonly syscall: string
  /** As the platform names it: `"EADDRINUSE"`, `"WSAEMSGSIZE"`. */
  readonly code: string
  readonly errno: number
  readonly message: string
}

/** Linux and Darwin name a code as it is, Winsock with WSA before it: one table serves both. */
export const bare = (code: string): string => code.replace(/^WSA/, "")

export const described = (fault: Fault): Omit<Described, "message"> => ({
  syscall: fault.syscall,
  code: fault.code,
  errno: fault.errno
})
export const told = (fault: Fault): string => `(${fault.syscall}: ${fault.code} ${fault.errno})`

/** The call that sends, and the one that receives, by platform. Without a socket the platform is not known. */
export const sendCall = (platform?: Platform): string => (platform === "winsock" ? "WSASendMsg" : "sendmsg")
export const receiveCall = (platform?: Platform): string => (platform === "winsock" ? "WSARecvMsg" : "recvmsg")

/** No call was made. */
export const unmade = (syscall: string): Omit<Described, "message"> => ({ syscall, code: "INVALID", errno: 0 })
export const closed: Omit<Described, "message"> = { syscall: "close", code: "CLOSED", errno: 0 }

export const remedyOfOthers = "Look the code up in the manual page of the call"
export const bindAnother = "The socket is closed: its scope has ended. Bind another one to go on."
