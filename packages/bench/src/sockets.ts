/**
 * The sockets that the workloads share, ours and Node's. Their scope closes them.
 */
import type { Socket } from "node:dgram"
import { Datagram, DatagramSockets, withHopLimit, withPktInfo, withReceiveBufferSize } from "@ancillary/effect3"
import { isFault, type NativeSocket } from "@ancillary/engine/driver/Driver"
import { type Context, Effect, type Scope } from "effect"
import { bindNode, nodeSocket, receiveBuffer } from "./nodeSocket.ts"

/** Too little for any datagram: the buffer of a sink without a reader. */
export const noBuffer = 2304

export const loopback = { address: "127.0.0.1", port: 0 } as const

/** The spec of every reader of ours. */
export const reading = Datagram.ipv4.pipe(withPktInfo(), withHopLimit(), withReceiveBufferSize(receiveBuffer))

export const reader = Datagram.bind(reading, loopback)
export type Reader = Effect.Effect.Success<typeof reader>

export const sender = Datagram.bind(Datagram.ipv4, loopback)
export type Sender = Effect.Effect.Success<typeof sender>

/** Sends a payload so many times in this turn of the event loop, so that no reader runs meanwhile. */
export const filler =
  (from: Sender, to: Parameters<Sender["send"]>[0]["to"], bytes: number) =>
  (count: number): void => {
    const message = { data: new Uint8Array(bytes), to }
    const { sent } = Effect.runSync(from.sendAll(Array.from({ length: count }, () => message)))
    if (sent < count) throw new Error(`${sent} of ${count} datagrams were sent`)
  }

/** A socket of `node:dgram`, and where it is. */
export interface Plain {
  readonly socket: Socket
  readonly at: { readonly address: string; readonly port: number }
}

export const plain: Effect.Effect<Plain, never, Scope.Scope> = Effect.map(
  Effect.acquireRelease(
    Effect.promise(async () => {
      const socket = await bindNode(nodeSocket())
      socket.setRecvBufferSize(receiveBuffer)
      return socket
    }),
    (socket) => Effect.sync(() => socket.close())
  ),
  (socket) => ({ socket, at: { address: loopback.address, port: socket.address().port } })
)

/** The driver with other functions in place of its sockets' calls. */
export const socketsBy = (
  bend: (native: NativeSocket) => Partial<NativeSocket>
): Effect.Effect<Context.Tag.Service<DatagramSockets>, never, DatagramSockets> =>
  Effect.map(DatagramSockets, ({ driver }) => ({
    driver: {
      ...driver,
      open: (kind) => {
        const native = driver.open(kind)
        return isFault(native) ? native : { ...native, ...bend(native) }
      }
    }
  }))
