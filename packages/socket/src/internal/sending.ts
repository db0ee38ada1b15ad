/**
 * Sending, as effects around one `Core`: everything is checked first, so what fails was not sent.
 */
import { Codec, type Endpoint, endpoint as toEndpoint, type Family, SocketAddress } from "@ancillary/control"
import { Effect } from "effect"
import {
  type DatagramSendError,
  invalidSend,
  sendClosed,
  sendError,
  type SentMessage,
  sourceNotOurs
} from "../DatagramError.ts"
import { isFault } from "../Driver.ts"
import type { Core } from "./core.ts"
import { refusePing } from "./ping.ts"
import { type Otherwise, withoutSource } from "./reply.ts"
import { room } from "./room.ts"

/** What a program hands to `send`, before its types: an object that was not checked by a compiler is checked here. */
interface Given {
  readonly data: unknown
  readonly to?: unknown
  readonly control?: unknown
  readonly [withoutSource]?: Otherwise | undefined
}

export const send = (core: Core, message: unknown): Effect.Effect<void, DatagramSendError> => {
  const attempt: Effect.Effect<void, DatagramSendError> = Effect.suspend(() => {
    if (core.closed) return Effect.fail(sendClosed())
    const { control, data, to } = message as Given
    const pieces = piecesOf(data)
    if (pieces === undefined)
      return Effect.fail(invalidSend("data", "the payload is a Uint8Array, or an array of them"))
    let destination: Endpoint<Family> | undefined
    if (core.peer === undefined) {
      const parsed = toEndpoint(core.plan.family, to as never)
      if (Codec.isMalformed(parsed)) return Effect.fail(invalidSend("to", parsed.malformed))
      const why = unreachable(core, parsed)
      if (why !== undefined) return Effect.fail(invalidSend("to", why))
      destination = parsed
    } else if (to !== undefined)
      return Effect.fail(invalidSend("to", `this socket is connected to ${core.peer} and sends to nobody else`))
    const size = pieces.reduce((sum, piece) => sum + piece.length, 0)
    const most = core.outgoing.largest((destination ?? core.peer)?.family)
    if (size > most)
      return Effect.fail(
        invalidSend(
          "data",
          `${size} bytes are more than the ${most} that fit into a datagram of this socket`,
          "MessageTooLarge"
        )
      )
    const { family, protocol } = core.plan.kind
    const noPing = protocol === "icmp" && family !== "unix" ? refusePing(family, pieces) : undefined
    if (noPing !== undefined) return Effect.fail(invalidSend("data", noPing))
    if (control !== undefined && (typeof control !== "object" || control === null)) {
      return Effect.fail(invalidSend("control", `${Codec.shown(control)} is not a record of control messages`))
    }
    let sent = core.outgoing.send(destination, control, pieces)
    const otherwise = (message as Given)[withoutSource]
    if (otherwise !== undefined && isFault(sent) && sent.code === otherwise.code) {
      core.outgoing.sourceRefused++
      sent = core.outgoing.send(destination, otherwise.control, pieces)
    }
    if (typeof sent !== "number") {
      const source = isFault(sent) ? core.outgoing.foreignSource(control, sent) : undefined
      return Effect.fail(
        isFault(sent)
          ? source === undefined
            ? sendError(
                sent,
                `Sending ${size} bytes to ${destination ?? core.peer}`,
                sentMessages(core, destination, control)
              )
            : sourceNotOurs(sent, source)
          : invalidSend(sent.field, sent.why, sent.unsupported ? "Unsupported" : "InvalidArgument")
      )
    }
    return sent > 0 ? Effect.void : Effect.zipRight(room(core, destination), attempt)
  })
  return attempt
}

/** What went with a datagram, for the error that says why it did not. */
const sentMessages = (
  { peer, plan }: Core,
  to: Endpoint<Family> | undefined,
  control: object = {}
): ReadonlyArray<SentMessage> =>
  plan.departures.flatMap(({ declaration: { message }, departure: { faults, privilege }, family }) =>
    family === (to ?? peer)?.family && Reflect.get(control, message.key) !== undefined
      ? [{ key: message.key, privilege, faults }]
      : []
  )

/** Why nobody can be at an endpoint. */
const unreachable = (core: Core, to: Endpoint<Family>): string | undefined => {
  if (to.family !== "unix") {
    // A ping goes to a host, and its replies come from port 0: the port there means nothing.
    return to.port === 0 && core.plan.kind.protocol !== "icmp"
      ? "port 0 is nobody's: a datagram goes to 1 to 65535"
      : undefined
  }
  return to.path === undefined
    ? "a socket without a name cannot be sent to"
    : SocketAddress.refuseUnixPath(core.plan.abi, to.path)
}

const piecesOf = (data: unknown): ReadonlyArray<Uint8Array> | undefined => {
  if (data instanceof Uint8Array) return [data]
  return Array.isArray(data) && data.every((piece) => piece instanceof Uint8Array) ? data : undefined
}
