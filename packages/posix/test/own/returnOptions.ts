import { Codec, type ControlMessage, define } from "@ancillary/control"
import { Datagram, withControlMessage } from "@ancillary/effect3"
import { Effect, Option } from "effect"

/** Options of the IPv4 header for an answer: the route is reversed, and recorded values are kept. */
export interface ReturnOptions extends ControlMessage<"returnOptions", "ipv4", "optional"> {
  readonly received: {
    /** Options for the answer, at most 40 bytes. Absent if the datagram had no options. Linux. */
    readonly returnOptions: Uint8Array
  }
  readonly sendable: {
    /** Options for this datagram, at most 40 bytes. Absent: the socket's current options. Linux. */
    readonly returnOptions?: Uint8Array | undefined
  }
}

const IPPROTO_IP = 0
const IP_RETOPTS = 7 // linux/in.h: the option that enables delivery, and the type of received and sent messages
const options = Codec.bytes({ maximum: 40 })

export const ReturnOptions = define<ReturnOptions>({
  key: "returnOptions",
  presence: "optional",
  table: {
    linux: {
      ipv4: {
        request: [{ level: IPPROTO_IP, option: IP_RETOPTS, value: 1 }],
        receive: [{ level: IPPROTO_IP, type: IP_RETOPTS, payload: options }],
        send: { level: IPPROTO_IP, type: IP_RETOPTS, payload: options }
      }
    },
    darwin: { ipv4: { unsupported: "macOS delivers no options" } },
    winsock: { ipv4: { unsupported: "Windows delivers no options" } }
  }
})

/** Answers one datagram over the reverse of its route. */
export const answerOne = Effect.gen(function* () {
  const spec = Datagram.ipv4.pipe(withControlMessage(ReturnOptions))
  const socket = yield* Datagram.bind(spec, { address: "127.0.0.1", port: 5300 })
  const { control, data, from } = yield* socket.receive
  yield* socket.send({ data, to: from, control: { returnOptions: Option.getOrUndefined(control.returnOptions) } })
})
