import { Codec, type ControlMessage, define } from "@ancillary/control"
import { Datagram, withControlMessage } from "@ancillary/effect3"
import { Effect, Option } from "effect"

/** The options of the IPv4 header as an answer has to bear them: routes turned round, what they recorded kept. */
export interface ReturnOptions extends ControlMessage<"returnOptions", "ipv4", "perhaps"> {
  readonly received: {
    /** Options for the answer, 40 bytes at the most; absent where the datagram had none. Linux. */
    readonly returnOptions: Uint8Array
  }
  readonly sendable: {
    /** Options for this datagram, 40 bytes at the most. Absent: the socket's own. Linux. */
    readonly returnOptions?: Uint8Array | undefined
  }
}

const IPPROTO_IP = 0
const IP_RETOPTS = 7 // linux/in.h: it asks, it marks what arrives, and what is sent
const options = Codec.bytes({ maximum: 40 })

export const ReturnOptions = define<ReturnOptions>({
  key: "returnOptions",
  presence: "perhaps",
  table: {
    linux: {
      ipv4: {
        request: [{ level: IPPROTO_IP, option: IP_RETOPTS, value: 1 }],
        arrives: [{ level: IPPROTO_IP, type: IP_RETOPTS, payload: options }],
        sends: { level: IPPROTO_IP, type: IP_RETOPTS, payload: options }
      }
    },
    darwin: { ipv4: { absent: "macOS delivers no options" } },
    winsock: { ipv4: { absent: "Windows delivers no options" } }
  }
})

/** Answers one datagram, by the way that its options went. */
export const answerOne = Effect.gen(function* () {
  const spec = Datagram.ipv4.pipe(withControlMessage(ReturnOptions))
  const socket = yield* Datagram.bind(spec, { address: "127.0.0.1", port: 5300 })
  const { control, data, from } = yield* socket.receive
  yield* socket.send({ data, to: from, control: { returnOptions: Option.getOrUndefined(control.returnOptions) } })
})
