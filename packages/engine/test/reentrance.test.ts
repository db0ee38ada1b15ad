/** Programs that the engine calls call the engine again. Each datagram and event is delivered once and in order, and the counters balance. */
import {
  define,
  type Codec,
  type ControlMessage,
  HopLimit,
  InternetEndpoint,
  Ipv4Address,
  isUnsupported
} from "@ancillary/control"
import { expect, it } from "vitest"
import { hopsLeft, MemoryNetwork, mergedFrom } from "../../fuzz/src/memory.ts"
import { compile } from "../src/plan/Plan.ts"
import { make, type Spec } from "../src/spec/Spec.ts"
import { withErrorReports } from "../src/spec/combinators/events.ts"
import { withCoalescing, withControlMessage } from "../src/spec/combinators/messages.ts"
import { open, openNew, OpenSocket, ReceivedDatagram } from "../src/socket/index.ts"

const at = (port: number) => new InternetEndpoint("ipv4", Ipv4Address.of(127, 0, 0, 1), port)

const bind = (network: MemoryNetwork, spec: object = make("ipv4")): OpenSocket => {
  const plan = compile(spec as Spec<"ipv4", never>, network.driver.abi)
  const socket = open(network.driver, plan, { native: openNew, local: at(0), peer: undefined })
  if (!(socket instanceof OpenSocket)) throw new Error(socket.message)
  return socket
}

const portOf = ({ localAddress }: OpenSocket): number => ("port" in localAddress ? localAddress.port : 0)
const send = (from: OpenSocket, port: number, byte: number) =>
  expect(from.trySend({ data: Uint8Array.of(byte), to: at(port) })).toBeUndefined()

const take = (socket: OpenSocket): number | undefined => {
  const outcome = socket.receive()
  return outcome instanceof ReceivedDatagram ? outcome.data[0] : undefined
}

const isBalanced = ({ counters: { receive }, unread }: OpenSocket): boolean => {
  const faults = Object.values(receive.faults).reduce((sum, count) => sum + count, 0)
  return receive.taken === receive.received + receive.dropped + faults + unread
}

for (const borrowed of [false, true])
  it(`a ${borrowed ? "borrowing " : ""}loop that waits and throws leaves the rest of its batch, in order`, () => {
    const network = new MemoryNetwork()
    const [socket, sender] = [bind(network), bind(network)]
    const balances: Array<boolean> = []
    const order: Array<number | undefined> = []
    socket.forEach(
      ({ data }) => {
        balances.push(isBalanced(socket))
        if (data[0] !== 1) return
        send(sender, portOf(socket), 4)
        throw new Error("boom")
      },
      (end) => {
        expect(end).toEqual({ defect: new Error("boom") })
        balances.push(isBalanced(socket))
        order.push(take(socket), take(socket), take(socket))
      },
      borrowed
    )
    for (const byte of [0, 1, 2, 3]) send(sender, portOf(socket), byte)
    network.turn()
    expect([order, balances]).toEqual([
      [2, 3, 4],
      [true, true, true]
    ])
  })

it("a reader of events that sends gets every event once, in order", async () => {
  const network = new MemoryNetwork()
  const socket = bind(network, make("ipv4").pipe(withErrorReports()))
  const seen: Array<number | undefined> = []
  const read = () => {
    const events = socket.takeEvents()
    if (!Array.isArray(events)) throw new Error("closed")
    for (const event of events as ReadonlyArray<{ readonly datagram: Uint8Array }>) {
      seen.push(event.datagram[0])
      if (seen.length === 1) for (const byte of [7, 8, 9]) send(socket, byte, byte)
    }
    socket.onEvent(read)
  }
  socket.onEvent(read)
  for (const byte of [1, 2, 3]) send(socket, byte, byte)
  for (let turn = 0; turn < 5; turn++) {
    network.turn()
    await Promise.resolve()
  }
  expect(seen).toEqual([1, 2, 3, 7, 8, 9])
  expect([socket.counters.events.taken, socket.counters.events.received]).toEqual([6n, 6n])
})

it("a reader keeps its datagram although the reader that it woke cancels it", async () => {
  const network = new MemoryNetwork()
  const socket = bind(network, make("ipv4").pipe(withCoalescing()))
  const got: Array<string> = []
  let isCancelled = false
  socket.onReadable(() => {
    const byte = take(socket)
    if (!isCancelled) got.push(`one:${byte}`)
  })
  socket.onReadable(() => {
    got.push(`two:${take(socket)}`)
    isCancelled = true
  })
  const data = Uint8Array.of(1, 1, 2, 2, 3, 3)
  network.deliver(portOf(socket), { data, port: 9, control: mergedFrom(2) })
  network.turn()
  expect(got).toEqual(["one:1"])
  await Promise.resolve()
  expect(got).toEqual(["one:1", "two:2"])
  expect([take(socket), socket.counters.receive.taken, socket.counters.receive.received]).toEqual([3, 3, 3])
})

it("a reader that is cancelled before its turn comes is not called", async () => {
  const network = new MemoryNetwork()
  const socket = bind(network, make("ipv4").pipe(withCoalescing()))
  const got: Array<string> = []
  socket.onReadable(() => {
    got.push(`one:${take(socket)}`)
    cancel()
  })
  const cancel = socket.onReadable(() => void got.push("two"))
  network.deliver(portOf(socket), { data: Uint8Array.of(1, 1, 2, 2), port: 9, control: mergedFrom(2) })
  network.turn()
  await Promise.resolve()
  expect([got, socket.unread, isBalanced(socket)]).toEqual([["one:1"], 1, true])
})

/** A message that the program defines with the format of the hop limit. */
interface Own extends ControlMessage<"own", "ipv4"> {
  readonly received: { readonly own: unknown }
}
const own = (read: Codec.Codec<unknown>["read"]) => {
  const hops = HopLimit.cell("linux", "ipv4")
  if (isUnsupported(hops) || hops.receive === undefined || isUnsupported(hops.receive)) throw new Error("no hop limit")
  const payload = { size: 4, read, write: () => undefined }
  const cell = { request: hops.request, receive: hops.receive.map((each) => ({ ...each, payload })) }
  const absent = { unsupported: "not on this system" }
  return define<Own>({
    key: "own",
    presence: "required",
    table: { linux: { ipv4: cell }, winsock: { ipv4: absent }, darwin: { ipv4: absent } }
  })
}

it("a codec that reads its socket and closes another leaves the batch whole", async () => {
  const network = new MemoryNetwork()
  const other = bind(network)
  const log: Array<unknown> = []
  const spec = make("ipv4").pipe(
    withControlMessage(
      own((view, offset) => {
        log.push([take(socket), isBalanced(socket)])
        other.close()
        return view.getUint32(offset, true)
      })
    )
  )
  const socket: OpenSocket = bind(network, spec)
  other.onReadable((closed) => log.push(closed))
  for (const byte of [1, 2])
    network.deliver(portOf(socket), { data: Uint8Array.of(byte), port: 9, control: hopsLeft(byte) })
  const batch = socket.tryReceive()
  const nested = [
    [undefined, true],
    [undefined, true]
  ]
  expect(log).toEqual(nested)
  expect(Array.isArray(batch) && batch.map((each) => each instanceof ReceivedDatagram && each.data[0])).toEqual([1, 2])
  await Promise.resolve()
  expect(log).toEqual([...nested, true])
})

it("a driver that reports readiness within a call wakes its readers after it", async () => {
  const network = new MemoryNetwork()
  network.isEager = true
  const [socket, sender] = [bind(network), bind(network)]
  const got: Array<number | undefined> = []
  let isSending = false
  socket.onReadable(() => {
    expect(isSending).toBe(false)
    got.push(take(socket))
  })
  isSending = true
  send(sender, portOf(socket), 1)
  isSending = false
  await Promise.resolve()
  expect(got).toEqual([1])
})
