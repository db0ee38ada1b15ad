/** One request and its answer, measured by the clock of the program and by the kernel. */
import { randomFillSync } from "node:crypto"
import { type ConnectedSocket, Datagram, type Spec, withTimestamping, withTransmitTimestamps } from "@ancillary/socket"
import { type Answer, decodeAnswer, encodeRequest, nonceSize, type Refusal } from "./packet.ts"

/** Stamps each datagram when it arrives, and those that ask for it when they leave. */
export const spec = Datagram.dual.pipe(withTimestamping(), withTransmitTimestamps())

type Socket = ConnectedSocket<"dual", Spec.Declared<typeof spec>>

/** Nanoseconds. `offset` is the time of the server minus the time of this host. It is wrong by at most `delay / 2`. */
export interface Measurement {
  readonly offset: bigint
  readonly delay: bigint
}

export interface Exchange {
  readonly kind: "exchange"
  readonly answer: Answer
  readonly program: Measurement
  /** Absent if the kernel did not stamp both datagrams, as in the first milliseconds of a socket. */
  readonly kernel: Measurement | undefined
}

/** Computes offset and delay from the times of request and answer at both ends. RFC 5905, section 8. */
export const measure = (sent: bigint, { receivedAt, sentAt }: Answer, received: bigint): Measurement => ({
  offset: (receivedAt - sent + (sentAt - received)) / 2n,
  delay: received - sent - (sentAt - receivedAt)
})

/** The time of this program, in nanoseconds since 1970. */
const now = (): bigint => BigInt(Math.round((performance.timeOrigin + performance.now()) * 1e6))

/** Asks the server once. `id` is the number of the request's stamp. Rejects with the reason of the signal if no answer arrives. */
export const exchange = async (socket: Socket, id: number, signal: AbortSignal): Promise<Exchange | Refusal> => {
  const nonce = randomFillSync(new Uint8Array(nonceSize))
  const sent = now()
  await socket.send({ data: encodeRequest(nonce), control: { transmitTimestamp: id } }, { signal })
  for await (const { control, data } of socket.datagrams({ signal })) {
    const received = now()
    const answer = decodeAnswer(data, nonce)
    // Anyone can send with the server's address. Only the server knows the nonce.
    if (answer === undefined) continue
    if (answer.kind === "refusal") return answer
    const left = await stampOf(socket, id, signal)
    const arrived = control.timestamping?.software
    const kernel = left === undefined || arrived === undefined ? undefined : measure(left, answer, arrived)
    return { kind: "exchange", answer, program: measure(sent, answer, received), kernel }
  }
  throw new Error("the socket is closed")
}

/** Returns the time at which the request left. The stamp is there before the answer is, unless the driver of the card makes none. */
const stampOf = async (socket: Socket, id: number, signal: AbortSignal): Promise<bigint | undefined> => {
  try {
    for await (const event of socket.events({ signal: AbortSignal.any([signal, AbortSignal.timeout(100)]) }))
      if (event._tag === "TransmitTimestamp" && event.id === id) return event.timestamp
  } catch (error) {
    if (signal.aborted || !(error instanceof DOMException)) throw error
  }
  return undefined
}
