/**
 * Sockets and calls of Winsock without the driver, except for its memory, for the tests that show the bare system first.
 */
import { Abi, Codec, endpoint, SocketAddress } from "@ancillary/control"
import * as Arena from "@ancillary/engine/driver/Arena"
import { isFault } from "@ancillary/engine/driver/Driver"
import { Effect, type Scope } from "effect"
import { Message } from "../../src/internal/message.ts"
import { load, memory, open } from "../../src/internal/native.ts"
import type { WinsockSocket } from "../../src/internal/socket.ts"
import type { WSARecvMsg, Ws2 } from "../../src/internal/ws2_32.ts"

export const abi = Abi.winsockX64
export const ws2 = load()

/** Separate arenas, guarded. */
export const arenas = () => Arena.shared(abi, { ...memory, guarded: true })

/** An open socket of the driver, and the function that its provider returned. */
export interface Open {
  readonly socket: WinsockSocket
  readonly recvMsg: WSARecvMsg
  readonly port: number
  readonly name: Uint8Array
}

const nameOf = (port: number): Uint8Array => {
  const to = endpoint("ipv4", { address: "127.0.0.1", port })
  if (Codec.isMalformed(to)) throw new Error(to.malformed)
  const bytes = new Uint8Array(abi.sockaddr.ipv4)
  SocketAddress.write(abi, to, new DataView(bytes.buffer), 0)
  return bytes
}

export const ok = <A>(answer: A): Exclude<A, { readonly errno: number }> => {
  if (isFault(answer)) throw new Error(`${answer.syscall}: ${answer.code}`)
  return answer as Exclude<A, { readonly errno: number }>
}

/** A socket on loopback. A test may replace calls of Winsock. */
export const bound = (instead: Partial<Ws2> = {}): Effect.Effect<Open, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => {
        let recvMsg: WSARecvMsg = () => -1
        const receiver = (pointer: bigint) => (recvMsg = ws2.receiver(pointer))
        const socket = ok(open({ abi, ws2: { ...ws2, receiver, ...instead } }, { family: "ipv4", protocol: "udp" }))
        return { socket, recvMsg }
      }),
      ({ socket }) => Effect.sync(() => socket.close())
    ),
    ({ recvMsg, socket }) => {
      ok(socket.bind(nameOf(0)))
      const name = new Uint8Array(16)
      ok(socket.localAddress(name))
      return { socket, recvMsg, port: new DataView(name.buffer).getUint16(2), name }
    }
  )

/** Memory of a message that lives as long as the test. */
export const message = (name: number, buffers: ReadonlyArray<number>, control: number): Message =>
  new Message(abi, { name, buffers, control }, memory.allocate)

export const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes)
export const bytes = (given: string): Uint8Array => new TextEncoder().encode(given)

/** Sends to a socket of this process, and waits until it has arrived. */
export const sendTo = (from: Open, to: Open, ...pieces: ReadonlyArray<string>): Effect.Effect<void> =>
  Effect.suspend(() => {
    const out = message(16, pieces.length === 0 ? [0] : pieces.map((piece) => piece.length), 0)
    out.setName(to.name)
    out.setBuffers(pieces.map(bytes))
    ok(from.socket.sendMessage(out.address))
    return moment
  })

/** Long enough in real time for a datagram to arrive on loopback. */
export const moment: Effect.Effect<void> = Effect.promise(() => new Promise((resume) => setTimeout(resume, 30)))

/** One WSARecvMsg with only the lengths prepared. Returns its result, and its count, which was 777 before. */
export const receiveBare = (
  { recvMsg, socket }: Open,
  into: Message,
  dwFlags = 0
): { readonly error: number; readonly count: number } => {
  into.prepare(dwFlags)
  ws2.moved.bytes[0] = 777
  const result = recvMsg(socket.descriptor, into.address, ws2.moved.address, 0, 0)
  return { error: result === 0 ? 0 : ws2.WSAGetLastError(), count: ws2.moved.bytes[0] ?? 0 }
}
