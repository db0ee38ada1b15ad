import { type ReceiveFormat, type Capability, type ControlMessage, define } from "../ControlMessage.ts"
import { Descriptor } from "../Descriptor.ts"
import { on } from "../internal/on.ts"
import * as Linux from "../platform/linux.ts"

/**
 * Descriptor of the process that sent a datagram. Unlike a pid, it refers to that process also after its end. Unix
 * sockets of Linux.
 *
 * @see pidfd_open(2); Linux 6.5, net/unix: SO_PASSPIDFD and SCM_PIDFD
 * @category messages
 * @since 0.1.0
 */
export interface PidFd extends ControlMessage<"pidFd", "unix", "optional", Capability<"pidFd">> {
  readonly received: {
    /**
     * The sender's pidfd, closed on exec; it polls readable when the process has ended. It is owned like every
     * `Descriptor`. Absent if the kernel could not make one. Also absent if the datagram was queued before the option
     * was set (only on an adopted socket). Linux 6.5.
     */
    readonly pidFd: Descriptor
  }
}

const descriptor: ReceiveFormat<Descriptor>["payload"] = {
  size: 4,
  read: (view, at) => {
    const number = view.getInt32(at, true)
    // Linux: the payload is an error number if no pidfd could be made. The process has ended, or this one is out of
    // descriptors.
    return number < 0 ? undefined : new Descriptor(number)
  }
}

const undone = "only Linux hands out descriptors of processes"

/**
 * The definition of `PidFd`.
 *
 * @category messages
 * @since 0.1.0
 */
export const PidFd = define<PidFd>({
  key: "pidFd",
  presence: "optional",
  table: {
    linux: {
      unix: {
        request: on(Linux.SOL_SOCKET, Linux.SO_PASSPIDFD),
        receive: [{ level: Linux.SOL_SOCKET, type: Linux.SCM_PIDFD, payload: descriptor }]
      }
    },
    darwin: { unix: { unsupported: undone } },
    winsock: { unix: { unsupported: undone } }
  }
})
