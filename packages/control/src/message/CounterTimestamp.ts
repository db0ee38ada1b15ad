import { uint64 } from "../Codec.ts"
import { type Capability, type ControlMessage, define } from "../ControlMessage.ts"
import type { Internet } from "../Endpoint.ts"
import * as Winsock from "../platform/winsock.ts"

/**
 * When a datagram arrived, in ticks of a counter. Windows (10 of 2021, and later).
 *
 * **Details**
 *
 * The counter is `QueryPerformanceCounter` where Windows stamps, and `QueryPerformanceFrequency` says how many ticks a second has; where the
 * network card stamps it is the card's own. It is no time of day: the difference of two is what it is good for. Which of them stamps is set
 * for the whole system, and what is not stamped comes without.
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
    /** When the datagram arrived, in ticks of the performance counter or of the network card's. Winsock. */
    readonly counterTimestamp: bigint
  }
}

/** `TIMESTAMPING_CONFIG`: the directions to stamp in 32 bits, stamps of transmission to keep in 16, and padding. */
const config = new Uint8Array(8)
new DataView(config.buffer).setUint32(0, Winsock.TIMESTAMPING_FLAG_RX, true)

const winsock = {
  request: [{ ioctl: Winsock.SIO_TIMESTAMPING, input: config }],
  receive: [{ level: Winsock.SOL_SOCKET, type: Winsock.SO_TIMESTAMP, payload: uint64 }]
}
const unsupported = { unsupported: "only Windows stamps with a counter: declare withTimestamp()" }

/**
 * The definition of `CounterTimestamp`. That the ioctl asks for the message rests on documents alone.
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
