/** Sockets and arenas of the driver without the engine, for the tests that show the traps of the bare kernel first. */
import { Codec, ControlBuffer, endpoint, SocketAddress } from "@ancillary/control"
import { LinuxSockets } from "@ancillary/effect3/node"
import type { Arena } from "@ancillary/engine/driver/Arena"
import { type Driver, type Fault, isFault, type NativeSocket } from "@ancillary/engine/driver/Driver"
import { Effect, type Scope } from "effect"
import { load } from "../src/internal/libc.ts"
import { linux } from "../src/internal/platform.ts"
import { fromDescriptor } from "../src/internal/socket.ts"

export interface BareSocket {
  readonly driver: Driver
  readonly socket: NativeSocket
  readonly port: number
  readonly family: "ipv4" | "ipv6"
}

export const ok = <A>(answer: A): Exclude<A, { readonly errno: number }> => {
  if (isFault(answer)) throw new Error(`${answer.syscall}: ${answer.code}`)
  return answer as Exclude<A, { readonly errno: number }>
}

const nameOf = (driver: Driver, family: "ipv4" | "ipv6", port: number): Uint8Array => {
  const to = endpoint(family, { address: family === "ipv4" ? "127.0.0.1" : "::1", port })
  if (Codec.isMalformed(to)) throw new Error(to.malformed)
  const bytes = new Uint8Array(SocketAddress.size(driver.abi, family))
  SocketAddress.write(driver.abi, to, new DataView(bytes.buffer), 0)
  return bytes
}

/** A socket on loopback without options. */
export const bound = (family: "ipv4" | "ipv6" = "ipv4"): Effect.Effect<BareSocket, never, Scope.Scope> =>
  Effect.gen(function* () {
    const driver = yield* Effect.orDie(LinuxSockets.driver({ guarded: true }))
    const socket = yield* Effect.acquireRelease(
      Effect.sync(() => ok(driver.open({ family, protocol: "udp" }))),
      (socket) => Effect.sync(() => socket.close())
    )
    ok(socket.bind(nameOf(driver, family, 0)))
    const name = new Uint8Array(28)
    ok(socket.localAddress(name))
    return { driver, socket, family, port: new DataView(name.buffer).getUint16(2) }
  })

export const libc = load("linux")

/** A socket on loopback with its descriptor, for calls that the driver does not make. */
export const bare: Effect.Effect<BareSocket & { readonly fd: number }, never, Scope.Scope> = Effect.gen(function* () {
  const driver = yield* Effect.orDie(LinuxSockets.driver())
  const { abi } = driver
  const fd = libc.socket(abi.family.ipv4, linux.SOCK_DGRAM | linux.openFlags, 0)
  const socket = fromDescriptor({ abi, libc, numbers: linux }, fd, { family: "ipv4", protocol: "udp" })
  yield* Effect.addFinalizer(() => Effect.sync(() => socket.close()))
  ok(socket.bind(nameOf(driver, "ipv4", 0)))
  const name = new Uint8Array(28)
  ok(socket.localAddress(name))
  return { driver, socket, fd, family: "ipv4", port: new DataView(name.buffer).getUint16(2) } as const
})

/** Other code with the descriptor of a socket, which the socket still owns. */
export const borrowed = (fd: number, family: "ipv4" | "ipv6"): Effect.Effect<BareSocket> =>
  Effect.map(Effect.orDie(LinuxSockets.driver()), (driver) => {
    const socket = fromDescriptor({ abi: driver.abi, libc, numbers: linux }, fd, { family, protocol: "udp" })
    const name = new Uint8Array(28)
    ok(socket.localAddress(name))
    return { driver, socket, family, port: new DataView(name.buffer).getUint16(2) }
  })

export const arena = (
  { driver, family }: BareSocket,
  purpose: "receive" | "send",
  slots: number,
  controlBytes: number,
  dataBytes = 64
): Arena =>
  driver.arena({
    purpose,
    slots,
    iovecs: 1,
    addressBytes: SocketAddress.size(driver.abi, family),
    controlBytes,
    dataBytes
  })

/** The encoded address of a socket. */
export const addressOf = ({ driver, family, port }: BareSocket): Uint8Array => nameOf(driver, family, port)

/** An IPv6 socket that serves both families, without other options. */
export const boundDual: Effect.Effect<BareSocket, never, Scope.Scope> = Effect.gen(function* () {
  const driver = yield* Effect.orDie(LinuxSockets.driver({ guarded: true }))
  const socket = yield* Effect.acquireRelease(
    Effect.sync(() => ok(driver.open({ family: "ipv6", protocol: "udp" }))),
    (socket) => Effect.sync(() => socket.close())
  )
  ok(socket.setOption(41, 26, int(0)))
  const name = new Uint8Array(28)
  name[0] = driver.abi.family.ipv6
  ok(socket.bind(name))
  ok(socket.localAddress(name))
  return { driver, socket, family: "ipv6", port: new DataView(name.buffer).getUint16(2) }
})

/** `::ffff:127.0.0.1` as a mapped IPv6 address. */
export const mapped = (at: BareSocket): Uint8Array => {
  const name = addressOf({ ...at, family: "ipv6" })
  name.set([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1], 8)
  return name
}

/** Sends a payload with exactly these bytes of control data. */
export const sendRaw = (from: BareSocket, to: BareSocket, data: Uint8Array, control: Uint8Array = new Uint8Array(0)) =>
  sendTo(from, addressOf({ ...from, port: to.port }), data, control)

/** Sends a payload with exactly these bytes of control data to an encoded address. */
export const sendTo = (
  from: BareSocket,
  name: Uint8Array,
  data: Uint8Array,
  control: Uint8Array = new Uint8Array(0)
): ReturnType<NativeSocket["send"]> => {
  const out = arena(from, "send", 1, Math.max(512, control.length), 70_000)
  out.bytes.set(name, out.addressAt(0))
  out.bytes.set(control, out.controlAt(0))
  out.fill(0, name.length, control.length, [data])
  const sent = from.socket.send(out, 0, 1)
  out.free()
  return sent
}

const taken = (at: BareSocket, controlBytes: number, dataBytes: number, call: (into: Arena) => number | Fault) => {
  const into = arena(at, "receive", 1, controlBytes, dataBytes)
  const count = call(into)
  const control = into.bytes.slice(into.controlAt(0), into.controlAt(0) + into.controlLength(0))
  const answer = {
    count,
    length: into.dataLength(0),
    flags: into.flags(0),
    control,
    ...ControlBuffer.toMessages(at.driver.abi, control)
  }
  into.free()
  return answer
}

/** One received datagram, with its control messages. */
export const receiveRaw = (at: BareSocket, controlBytes: number, dataBytes = 70_000, peek = false) =>
  taken(at, controlBytes, dataBytes, (into) => at.socket.receive(into, 1, peek))

/** One entry of the error queue, with its control messages. */
export const receiveErrorRaw = (at: BareSocket, controlBytes: number, dataBytes = 2048) =>
  taken(at, controlBytes, dataBytes, (into) => at.socket.receiveErrors(into, 1))

export const int = (value: number): Uint8Array => new Uint8Array(Int32Array.of(value).buffer)
export const message = (at: BareSocket, level: number, type: number, payload: Uint8Array): Uint8Array =>
  ControlBuffer.fromMessages(at.driver.abi, [{ level, type, payload }])
