import { type Codec, isInteger, format } from "../Codec.ts"
import { type Capability, type ControlMessage, define } from "../ControlMessage.ts"
import { on } from "../internal/on.ts"
import * as Linux from "../platform/linux.ts"

/**
 * Identity of a process: `struct ucred`.
 *
 * @category models
 * @since 0.1.0
 */
export interface ProcessCredentials {
  /** Process id, as this process sees it; 0 if the kernel does not know it. */
  readonly pid: number
  /** User and group id, 0 to 4294967294; 65534 if the kernel does not know them. */
  readonly uid: number
  readonly gid: number
}

/**
 * Process, user and group of the sender of a datagram, checked by the kernel. Unix sockets of Linux.
 *
 * @see unix(7), SO_PASSCRED and SCM_CREDENTIALS
 * @category messages
 * @since 0.1.0
 */
export interface Credentials extends ControlMessage<"credentials", "unix", "required", Capability<"credentials">> {
  readonly received: {
    /**
     * Process, user and group of the sender, checked by the kernel. They are 0, 65534, 65534 if this process cannot see
     * the sender. They are so, too, if the datagram was queued before the option was set (only on an adopted socket).
     * Linux.
     */
    readonly credentials: ProcessCredentials
  }
  readonly sendable: {
    /** Credentials to send. Absent: those of this process. Any other values require privileges. Linux. */
    readonly credentials?: ProcessCredentials | undefined
  }
}

const ucred: Codec<ProcessCredentials> = {
  size: 12,
  read: (view, at) => ({
    pid: view.getInt32(at, true),
    uid: view.getUint32(at + 4, true),
    gid: view.getUint32(at + 8, true)
  }),
  write: (view, at, { gid, pid, uid }) => {
    view.setInt32(at, pid, true)
    view.setUint32(at + 4, uid, true)
    view.setUint32(at + 8, gid, true)
    return 12
  },
  validate: (value) => {
    if (typeof value !== "object" || value === null) return `${format(value)} is not { pid, uid, gid }`
    if (!isInteger(value.pid, 1, 0x7fffffff)) return `${format(value.pid)} is not a process id: an integer from 1`
    // Linux: an id with all bits set means "no id".
    for (const id of ["uid", "gid"] as const)
      if (!isInteger(value[id], 0, 0xfffffffe)) return `${format(value[id])} is not a ${id}: 0 to 4294967294`
    return undefined
  }
}

/**
 * The definition of `Credentials`.
 *
 * **Gotchas**
 *
 * A socket that requests credentials and has no name gets an abstract one from Linux at its first send.
 *
 * @category messages
 * @since 0.1.0
 */
export const Credentials = define<Credentials>({
  key: "credentials",
  presence: "required",
  table: {
    linux: {
      unix: {
        request: on(Linux.SOL_SOCKET, Linux.SO_PASSCRED),
        receive: [{ level: Linux.SOL_SOCKET, type: Linux.SCM_CREDENTIALS, payload: ucred }],
        send: {
          level: Linux.SOL_SOCKET,
          type: Linux.SCM_CREDENTIALS,
          payload: ucred,
          privilege: "CAP_SYS_ADMIN, CAP_SETUID or CAP_SETGID for another's pid, uid or gid",
          errorHints: { ESRCH: "No process has this pid: send one's own, or leave it out" }
        }
      }
    },
    darwin: { unix: { unsupported: "macOS reports no credentials with a datagram, only those of a stream's peer" } },
    winsock: { unix: { unsupported: "Windows has no Unix datagram sockets" } }
  }
})
