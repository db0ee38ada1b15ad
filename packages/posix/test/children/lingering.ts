/**
 * Receives connections whose `close` blocks for an hour (`SO_LINGER`, and a peer that reads nothing), and files after them. Takes none, and
 * prints the result. If the event loop is blocked, it prints nothing.
 */
import { readdirSync } from "node:fs"
import { createServer, type AddressInfo } from "node:net"
import { LinuxSockets } from "@ancillary/effect3/node"
import { Datagram, withRights } from "@ancillary/effect3"
import { Effect } from "effect"
import { settledDescriptors } from "../process.ts"
import koffi from "koffi"
import { load } from "../../src/internal/libc.ts"

const libc = load("linux")
const send = koffi.load(null).func("send", "int64_t", ["int", "void *", "size_t", "int"])
const [AF_INET, SOCK_STREAM, SOL_SOCKET, SO_LINGER, MSG_DONTWAIT] = [2, 1, 1, 13, 0x40]

const listening = Effect.async<number>((resume) => {
  const server = createServer({ pauseOnConnect: true })
  server.listen(0, "127.0.0.1", () => resume(Effect.succeed((server.address() as AddressInfo).port)))
})

const lingering = (port: number): number => {
  const descriptor = libc.socket(AF_INET, SOCK_STREAM, 0)
  const name = Uint8Array.of(AF_INET, 0, port >> 8, port & 255, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0)
  if (libc.connect(descriptor, name, name.length) < 0) throw new Error("connect")
  const hour = new Uint8Array(Int32Array.of(1, 3600).buffer)
  if (libc.setsockopt(descriptor, SOL_SOCKET, SO_LINGER, hour, hour.length) < 0) throw new Error("SO_LINGER")
  const much = new Uint8Array(1 << 20)
  while (Number(send(descriptor, much, much.length, MSG_DONTWAIT)) > 0);
  return descriptor
}

const program = Effect.gen(function* () {
  const port = yield* listening
  const [sender, receiver] = yield* Datagram.pair(Datagram.unix.pipe(withRights({ maximum: 8 })))
  const open = () => readdirSync("/proc/self/fd").length
  // The event loop's own are opened with the first wait.
  yield* receiver.receiveWithin("1 millis")
  yield* settledDescriptors
  let before = open()
  const sockets = Array.from({ length: 3 }, () => lingering(port))
  // These stay open after accept.
  yield* Effect.repeat(Effect.sleep("1 millis"), { until: () => open() >= before + 6 })
  before += 3
  yield* sender.send({ data: Uint8Array.of(1), control: { rights: sockets } })
  yield* sender.send({ data: Uint8Array.of(2), control: { rights: [0, 0, 0, 0, 0] } })
  for (const each of sockets) libc.close(each)
  let calls = 0
  yield* Effect.forkScoped(receiver.forEach(() => void calls++))
  // Linux frees the number before it waits, so neither the connections nor the files use one.
  yield* Effect.repeat(Effect.sleep("1 millis"), { until: () => calls === 2 && open() === before })
  return { calls, left: open() - before }
}).pipe(Effect.scoped)

console.log(JSON.stringify(await Effect.runPromise(program.pipe(Effect.provide(LinuxSockets.layer)))))
// The threads still wait. The process must end nevertheless.
process.exit(0)
