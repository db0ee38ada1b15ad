// A message that the library lacks, defined with the one public constructor.
import { type Codec, type ControlMessage, define } from "@ancillary/control"
import { NodeSockets } from "@ancillary/effect3/node"
import { Datagram, withControlMessage, withHopLimit } from "@ancillary/effect3"
import { Effect, Option } from "effect"

const u32: Codec.Codec<number> = {
  size: 4,
  read: (view, offset) => view.getUint32(offset, true),
  write: (view, offset, value) => {
    view.setUint32(offset, value, true)
    return 4
  },
  validate: (value) =>
    Number.isInteger(value) && value >= 0 && value <= 0xffff_ffff ? undefined : "a mark is an unsigned 32-bit number"
}

/** `SO_MARK` as a message: sent on Linux, received (`SO_RCVMARK`) from 5.19. */
interface Mark extends ControlMessage<"mark", "ipv4" | "ipv6" | "dual", "optional"> {
  readonly received: {
    /** The packet's mark, as firewall rules set it. */
    readonly mark: number
  }
  readonly sendable: { readonly mark?: number | undefined }
}
const linux = {
  request: [{ level: 1, option: 75, value: 1 }],
  receive: [{ level: 1, type: 36, payload: u32 }],
  send: { level: 1, type: 36, payload: u32 }
}
const none = { unsupported: "there are no packet marks outside Linux" }
const Mark = define<Mark>({
  key: "mark",
  presence: "optional",
  table: {
    linux: { ipv4: linux, ipv6: linux },
    winsock: { ipv4: none, ipv6: none },
    darwin: { ipv4: none, ipv6: none }
  }
})

const spec = Datagram.ipv4.pipe(withHopLimit(), withControlMessage(Mark))

export const program = Effect.gen(function* () {
  const socket = yield* Datagram.bind(spec, { address: "0.0.0.0", port: 5300 })
  const datagram = yield* socket.receive
  const { control, data, from } = datagram
  const mark: number = Option.getOrElse(control.mark, () => 0)
  yield* socket.send({ data, to: from, control: { mark, hopLimit: control.hopLimit } })
})
// Its type requires no capability. If the table has no row for the platform, `bind` fails with the reason.
export const main = () => Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(NodeSockets.layer)))
