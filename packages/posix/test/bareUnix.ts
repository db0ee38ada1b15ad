/** Unix sockets of the driver without the engine, and the descriptors that the kernel delivers to them. */
import { ControlBuffer, SocketAddress, UnixEndpoint } from "@ancillary/control"
import { LinuxSockets } from "@ancillary/effect3/node"
import type { Arena } from "@ancillary/engine/driver/Arena"
import type { Driver, NativeSocket } from "@ancillary/engine/driver/Driver"
import { Effect, type Scope } from "effect"
import { ok } from "./bareKernel.ts"

export interface BarePair {
  readonly driver: Driver
  readonly first: NativeSocket
  readonly second: NativeSocket
}

export const barePair: Effect.Effect<BarePair, never, Scope.Scope> = Effect.gen(function* () {
  const driver = yield* Effect.orDie(LinuxSockets.driver({ guarded: true }))
  const [first, second] = yield* Effect.acquireRelease(
    Effect.sync(() => ok(driver.pair())),
    (pair) => Effect.sync(() => pair.forEach((socket) => socket.close()))
  )
  return { driver, first, second }
})

/** An open Unix socket, without a name unless one is given. */
export const bareUnix = (driver: Driver, path?: string): Effect.Effect<NativeSocket, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const socket = ok(driver.open({ family: "unix", protocol: "unix" }))
      if (path !== undefined) ok(socket.bind(unixName(driver, path)) ?? 0)
      return socket
    }),
    (socket) => Effect.sync(() => socket.close())
  )

export const unixName = ({ abi }: Driver, path: string | undefined): Uint8Array => {
  const bytes = new Uint8Array(SocketAddress.size(abi, "unix"))
  return bytes.subarray(0, SocketAddress.write(abi, new UnixEndpoint(path), new DataView(bytes.buffer), 0))
}

export const unixArena = (driver: Driver, purpose: "receive" | "send", controlBytes: number, dataBytes = 64): Arena =>
  driver.arena({
    purpose,
    slots: 1,
    iovecs: 1,
    addressBytes: SocketAddress.size(driver.abi, "unix"),
    controlBytes,
    dataBytes
  })

const SOL_SOCKET = 1
const SCM_RIGHTS = 1
/** A message with these descriptors. */
export const rightsMessage = ({ abi }: Driver, numbers: ReadonlyArray<number>): Uint8Array =>
  ControlBuffer.fromMessages(abi, [
    { level: SOL_SOCKET, type: SCM_RIGHTS, payload: new Uint8Array(Int32Array.from(numbers).buffer) }
  ])

/** Sends a payload with exactly these bytes of control data. */
export const sendUnix = (driver: Driver, from: NativeSocket, data: Uint8Array, control?: Uint8Array, to?: string) => {
  const out = unixArena(driver, "send", control?.length ?? 0, 8192)
  const name = to === undefined ? new Uint8Array(0) : unixName(driver, to)
  out.bytes.set(name, out.addressAt(0))
  if (control !== undefined) out.bytes.set(control, out.controlAt(0))
  out.fill(0, name.length, control?.length ?? 0, [data])
  const sent = from.send(out, 0, 1)
  out.free()
  return sent
}

/** One received datagram, with its control messages and the descriptors among them. */
export const receiveUnix = (driver: Driver, at: NativeSocket, controlBytes: number, peek = false, dataBytes = 64) => {
  const into = unixArena(driver, "receive", controlBytes, dataBytes)
  const count = at.receive(into, 1, peek)
  const control = into.bytes.slice(into.controlAt(0), into.controlAt(0) + into.controlLength(0))
  const { messages } = ControlBuffer.toMessages(driver.abi, control)
  const answer = {
    count,
    flags: into.flags(0),
    addressLength: into.addressLength(0),
    messages,
    numbers: messages.filter(({ level, type }) => level === SOL_SOCKET && type === SCM_RIGHTS).flatMap(intsOf)
  }
  into.free()
  return answer
}

const intsOf = ({ payload }: ControlBuffer.RawMessage): ReadonlyArray<number> => [
  ...new Int32Array(payload.slice().buffer)
]
