import { type Codec, isInteger, format } from "../Codec.ts"
import { type Capability, type ControlMessage, define } from "../ControlMessage.ts"
import { Descriptor } from "../Descriptor.ts"
import * as Darwin from "../platform/darwin.ts"
import * as Linux from "../platform/linux.ts"

/**
 * Open files that a process sends to another with a datagram. The receiver gets its own descriptors of them. Unix
 * sockets of Linux and macOS.
 *
 * @see unix(7), SCM_RIGHTS
 * @category messages
 * @since 0.1.0
 */
export interface Rights extends ControlMessage<"rights", "unix", "repeated", Capability<"rights">> {
  readonly received: {
    /**
     * Descriptors that came with the datagram. The socket owns each until it is taken into a scope. It closes an
     * untaken one at the next read, or, in `forEach` and `forEachBorrowed`, when the callback returns. Linux (closed on
     * exec) and macOS (not closed on exec).
     */
    readonly rights: Descriptor
  }
  readonly sendable: {
    /** Descriptors to send, 1 to 253: open ones, which stay open here, or received ones. Linux and macOS. */
    readonly rights?: ReadonlyArray<Descriptor | number> | undefined
  }
}

/**
 * Maximum number of descriptors in a datagram (Linux: `SCM_MAX_FD`, include/net/scm.h).
 *
 * @category constants
 * @since 0.1.0
 */
export const maximumRights = 253

const descriptors = {
  size: { minimum: 4, maximum: 4 * maximumRights },
  read: (view, at, length) => {
    if (length % 4 !== 0) return { malformed: `${length} bytes are no whole number of descriptors`, offset: at }
    const numbers = Array.from({ length: length / 4 }, (_, i) => view.getInt32(at + 4 * i, true))
    const negative = numbers.find((number) => number < 0)
    return negative === undefined
      ? numbers.map((number) => new Descriptor(number))
      : { malformed: `a descriptor of ${negative}`, offset: at }
  },
  write: (view, at, values) => {
    for (const [i, value] of values.entries()) view.setInt32(at + 4 * i, numberOf(value), true)
    return 4 * values.length
  },
  validate: (values: unknown) => {
    if (!Array.isArray(values)) return `${format(values)} is not an array of descriptors`
    if (values.length < 1 || values.length > maximumRights)
      return `${values.length} descriptors cannot go with a datagram: 1 to ${maximumRights} do, and with none the message is left out`
    for (const value of values) {
      if (value instanceof Descriptor) {
        if (value.state === "closed") return `the descriptor ${value.number} was closed: its number is another's by now`
      } else if (!isInteger(value, 0, 0x7fffffff)) return `${format(value)} is not a descriptor`
    }
    return undefined
  }
} satisfies Pick<Codec<ReadonlyArray<Descriptor>>, "size" | "read"> &
  Pick<Codec<ReadonlyArray<Descriptor | number>>, "write" | "validate">

const numberOf = (value: Descriptor | number): number => (typeof value === "number" ? value : value.number)

const row = (level: number, type: number) => ({
  // No request is needed: the kernel delivers them if the control buffer has space.
  request: [],
  receive: [{ level, type, payload: descriptors, multiple: true as const }],
  send: {
    level,
    type,
    payload: descriptors,
    errorHints: {
      EBADF: "One of the numbers is no open descriptor of this process: send it before it is closed",
      EPERM: "The receiver takes no descriptors (SO_PASSRIGHTS): send it data alone",
      ETOOMANYREFS:
        "More descriptors are under way than this process may have open files: let their receivers read first",
      // musl: sendmsg copies control data into a buffer of 1024 bytes.
      ENOMEM: "This C library sends at most 252 descriptors: send the rest with another datagram"
    }
  }
})

/**
 * The definition of `Rights`.
 *
 * @category messages
 * @since 0.1.0
 */
export const Rights = define<Rights>({
  key: "rights",
  presence: "repeated",
  table: {
    linux: { unix: row(Linux.SOL_SOCKET, Linux.SCM_RIGHTS) },
    darwin: { unix: row(Darwin.SOL_SOCKET, Darwin.SCM_RIGHTS) },
    winsock: {
      unix: { unsupported: "Windows has no Unix datagram sockets, and hands handles over with DuplicateHandle" }
    }
  }
})
