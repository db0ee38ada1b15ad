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
 * Which datagram shall be stamped on its way out, and where.
 *
 * @category models
 * @since 0.1.0
 */
export interface StampRequest {
  /** The program's own number for it, 0 to 4294967295, which its stamps carry. */
  readonly id: number
  /** Whether it is stamped as well where it is handed to the scheduler of the interface. By default only where it leaves. */
  readonly scheduled?: boolean | undefined
}

/** In the order of their numbers, `SCM_TSTAMP_…`. */
const stages = ["sent", "scheduled", "acknowledged", "completed"] as const

/**
 * When a datagram left: stamped by the kernel where the driver of the interface takes it. Linux.
 *
 * **Details**
 *
 * An event of the socket, which comes with no datagram: `socket.events`. Only what is sent with an id is stamped.
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
    /** Stamp this datagram on its way out: the number (0 to 4294967295) that its stamps carry, or more. Absent: it is not stamped. */
    readonly transmitTimestamp?: number | StampRequest | undefined
  }
  /** The stamp (nanoseconds since 1970-01-01T00:00:00Z) and the number that the kernel gave to the send come as two messages. */
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

// Linux: the switches of one send replace those of the socket, which has none for sending. Of the two numbers of the option only the old one is
// taken with a datagram by every kernel (the new one since 6.8).
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
  // Linux: without SOFTWARE an entry of the error queue has no stamp, without OPT_ID no number, and without OPT_TSONLY it holds the frame.
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
      // Linux: SOFTWARE tells of datagrams that arrive, too, as soon as any socket of the host has them stamped.
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
