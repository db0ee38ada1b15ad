import { isInteger, format } from "../Codec.ts"
import {
  type ReceiveFormat,
  type Capability,
  type ControlMessage,
  define,
  type SendFormat,
  type Row
} from "../ControlMessage.ts"
import type { Internet } from "../Endpoint.ts"
import { extendedErrors } from "../internal/extendedError.ts"
import { asksForStamps, stampsArrive } from "../internal/timestamping.ts"
import * as Linux from "../platform/linux.ts"

/**
 * Request to stamp a datagram when it leaves, and the stages at which it is stamped.
 *
 * @category models
 * @since 0.1.0
 */
export interface StampRequest {
  /** The program's own number for the datagram, 0 to 4294967295. Its stamps have that number. */
  readonly id: number
  /**
   * True to stamp the datagram also when it enters the scheduler of the interface. By default it is stamped only when
   * it leaves.
   */
  readonly scheduled?: boolean | undefined
}

/** The stages, in the order of their numbers `SCM_TSTAMP_…`. */
const stages = ["sent", "scheduled", "acknowledged", "completed"] as const

/**
 * Time at which a datagram left, stamped by the kernel when the driver of the interface takes the datagram. Linux.
 *
 * **Details**
 *
 * It is an event of the socket (`socket.events`), which arrives without a datagram. Only datagrams that are sent with
 * an id are stamped.
 *
 * @see Documentation/networking/timestamping.rst of Linux
 * @category messages
 * @since 0.1.0
 */
export interface TransmitTimestamp extends ControlMessage<
  "transmitTimestamp",
  Internet,
  "optional",
  Capability<"transmitTimestamps">
> {
  readonly sendable: {
    /**
     * Request to stamp this datagram when it leaves: the number (0 to 4294967295) of its stamps, or a `StampRequest`.
     * Absent: it is not stamped.
     */
    readonly transmitTimestamp?: number | StampRequest | undefined
  }
  /** The stamp (nanoseconds since 1970-01-01T00:00:00Z) and the kernel's number of the send arrive as two messages. */
  readonly event:
    | { readonly timestamp: bigint }
    | { readonly number: number; readonly stage: (typeof stages)[number] | "unknown" }
    | undefined
}

const numbers = extendedErrors((error) =>
  error.origin === "stamp" ? { number: error.data, stage: stages[error.info] ?? ("unknown" as const) } : undefined
)

const validate = (value: unknown): string | undefined => {
  if (typeof value !== "object" || value === null) return validateId(value)
  const { id, scheduled } = value as { readonly id?: unknown; readonly scheduled?: unknown }
  const unknown = Object.keys(value).find((key) => key !== "id" && key !== "scheduled")
  if (unknown !== undefined) return `a stamp is asked for with 'id' and 'scheduled', not '${unknown}'`
  if (scheduled !== undefined && typeof scheduled !== "boolean") return `${format(scheduled)} is neither true nor false`
  return validateId(id)
}

const validateId = (id: unknown): string | undefined =>
  isInteger(id, 0, 0xffffffff) ? undefined : `${format(id)} is not an id: an integer from 0 to 4294967295`

// Linux: the switches of one send replace those of the socket, which has no switches for sending. The option has two
// numbers, and every kernel accepts the old one with a datagram. The new one is accepted since 6.8.
const asksForOne: SendFormat<number | StampRequest> = {
  level: Linux.SOL_SOCKET,
  type: Linux.SO_TIMESTAMPING_OLD,
  payload: {
    size: 4,
    validate: validate,
    write: (view, at, value) => {
      const scheduled = typeof value === "object" && value.scheduled === true
      view.setUint32(at, Linux.SOF_TIMESTAMPING_TX_SOFTWARE | (scheduled ? Linux.SOF_TIMESTAMPING_TX_SCHED : 0), true)
      return 4
    }
  }
}

const row = (family: "ipv4" | "ipv6"): Row<TransmitTimestamp["event"], number | StampRequest> => ({
  // Linux: an entry of the error queue has no stamp without SOFTWARE, and no number without OPT_ID. Without OPT_TSONLY
  // it contains the frame.
  request: asksForStamps(
    Linux.SOF_TIMESTAMPING_SOFTWARE | Linux.SOF_TIMESTAMPING_OPT_ID | Linux.SOF_TIMESTAMPING_OPT_TSONLY
  ),
  receive: [
    ...stampsArrive.map(({ level, payload, type }): ReceiveFormat<TransmitTimestamp["event"]> => ({
      level,
      type,
      payload: {
        size: payload.size,
        read: (view, at, length) => {
          const stamps = payload.read(view, at, length)
          return stamps === undefined || "malformed" in stamps || stamps.software === undefined
            ? undefined
            : { timestamp: stamps.software }
        }
      },
      event: "errorQueue",
      // Linux: SOFTWARE also reports received datagrams as soon as any socket of the host requests their stamps.
      mayAccompanyDatagram: true
    })),
    numbers[family]
  ],
  send: asksForOne
})

const unsupported = {
  winsock: {
    unsupported: "Windows hands out the stamp of a datagram that was sent by an ioctl of its own (SIO_GET_TX_TIMESTAMP)"
  },
  darwin: { unsupported: "macOS stamps what arrives, not what is sent" }
}

/**
 * The definition of `TransmitTimestamp`.
 *
 * @category messages
 * @since 0.1.0
 */
export const TransmitTimestamp = define<TransmitTimestamp>({
  key: "transmitTimestamp",
  presence: "optional",
  table: {
    linux: { ipv4: row("ipv4"), ipv6: row("ipv6") },
    winsock: { ipv4: unsupported.winsock, ipv6: unsupported.winsock },
    darwin: { ipv4: unsupported.darwin, ipv6: unsupported.darwin }
  }
})
