import { uint64 } from "../Codec.ts"
import { type Capability, type ControlMessage, define } from "../ControlMessage.ts"
import type { Internet } from "../Endpoint.ts"
import * as Winsock from "../platform/winsock.ts"

/**
 * Arrival time of a datagram, in ticks of a counter. Windows (10 of 2021, and later).
 *
 * **Details**
 *
 * If Windows takes the stamp, the counter is `QueryPerformanceCounter`, and `QueryPerformanceFrequency` returns its
 * ticks per second. If the network card takes the stamp, the counter is the card's own. It is not a time of day: only
 * the difference of two stamps has a meaning. A setting of the whole system decides which of them stamps. The message
 * is absent if a datagram was not stamped.
 *
 * @see Winsock timestamping, SIO_TIMESTAMPING; mstcpip.h
 * @category messages
 * @since 0.1.0
 */
export interface CounterTimestamp extends ControlMessage<
  "counterTimestamp",
  Internet,
  "optional",
  Capability<"counterTimestamp">
> {
  readonly received: {
    /** Arrival time of the datagram, in ticks of the performance counter or of the network card's counter. Winsock. */
    readonly counterTimestamp: bigint
  }
}

/**
 * `TIMESTAMPING_CONFIG`: 32 bits for the directions to stamp, 16 bits for the number of transmit stamps to keep, and
 * padding.
 */
const config = new Uint8Array(8)
new DataView(config.buffer).setUint32(0, Winsock.TIMESTAMPING_FLAG_RX, true)

const winsock = {
  request: [{ ioctl: Winsock.SIO_TIMESTAMPING, input: config }],
  receive: [{ level: Winsock.SOL_SOCKET, type: Winsock.SO_TIMESTAMP, payload: uint64 }]
}
const unsupported = { unsupported: "only Windows stamps with a counter: declare withTimestamp()" }

/**
 * The definition of `CounterTimestamp`. Only documentation states that the ioctl requests the message.
 *
 * @category messages
 * @since 0.1.0
 */
export const CounterTimestamp = define<CounterTimestamp>({
  key: "counterTimestamp",
  presence: "optional",
  table: {
    winsock: { ipv4: winsock, ipv6: winsock },
    linux: { ipv4: unsupported, ipv6: unsupported },
    darwin: { ipv4: unsupported, ipv6: unsupported }
  }
})
