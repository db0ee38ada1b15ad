/**
 * Programs that call the engine again at every call out: from wake-ups, callbacks, codecs, fields of messages, and a driver that reports from
 * within a call. Each datagram and event is delivered once, as it was sent, and the counters balance at every call out.
 */
import {
  type Codec,
  type ControlMessage,
  define,
  HopLimit,
  InternetEndpoint,
  Ipv4Address,
  isUnsupported
} from "@ancillary/control"
import { compile } from "@ancillary/engine/plan/Plan"
import { type Cancel, open, openNew, OpenSocket, type Outcome, ReceivedDatagram } from "@ancillary/engine/socket"
import { withErrorReports } from "@ancillary/engine/spec/combinators/events"
import { withCoalescing, withControlMessage } from "@ancillary/engine/spec/combinators/messages"
import { make } from "@ancillary/engine/spec/Spec"
import { hopsLeft, MemoryNetwork } from "./memory.ts"
import type { Part } from "./part.ts"
import { Random } from "./random.ts"

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))

/** Number of actions of a case, and their greatest depth. */
const actions = 120
const deepest = 4
const payloadBytes = 16

interface Own extends ControlMessage<"own", "ipv4"> {
  readonly received: { readonly own: unknown }
}

/** A message whose codec calls a program when it reads. */
const own = (read: Codec.Codec<unknown>["read"]) => {
  const hops = HopLimit.cell("linux", "ipv4")
  if (isUnsupported(hops) || hops.receive === undefined || isUnsupported(hops.receive))
    throw new Error("There is no hop limit.")
  const payload = { size: 4, read, write: () => undefined }
  const cell = { request: hops.request, receive: hops.receive.map((each) => ({ ...each, payload })) }
  const absent = { unsupported: "it is a message of this fuzzer" }
  return define<Own>({
    key: "own",
    presence: "required",
    table: { linux: { ipv4: cell }, winsock: { ipv4: absent }, darwin: { ipv4: absent } }
  })
}

const at = (port: number) => new InternetEndpoint("ipv4", Ipv4Address.of(127, 0, 0, 1), port)

/** Every byte of a payload identifies its datagram. */
const payload = (id: number): Uint8Array => {
  const data = new Uint8Array(payloadBytes).fill(id & 255)
  new DataView(data.buffer).setUint32(0, id)
  return data
}
const idOf = (data: Uint8Array): number => new DataView(data.buffer, data.byteOffset).getUint32(0)
const isWhole = (data: Uint8Array): boolean =>
  data.length === payloadBytes && data.subarray(4).every((byte) => byte === (idOf(data) & 255))

/** A change that breaks an engine, to show that the fuzzer finds it. */
export type Sabotage = (socket: OpenSocket) => void

class Program {
  readonly faults: Array<string> = []
  #random: Random
  #network = new MemoryNetwork()
  #sockets: Array<OpenSocket> = []
  #ports: Array<number> = []
  #left = actions
  #depth = 0
  #nextId = 1
  /** The socket that each datagram was sent to. For a port without a socket it is the sender. */
  #sent = new Map<number, OpenSocket>()
  #reported = new Map<number, OpenSocket>()
  #seen = new Map<number, number>()
  #cancels: Array<Cancel> = []

  constructor(random: Random, sabotage: Sabotage) {
    this.#random = random
    this.#network.isEager = random.oneIn(2)
    this.#network.controlOf = (data) => hopsLeft((idOf(data) % 200) + 1)
    const message = own((view, offset) => {
      this.#callOut("a definition")
      return view.getUint32(offset, true)
    })
    const spec = make("ipv4").pipe(withControlMessage(message), withErrorReports(), withCoalescing())
    for (let i = 0; i < 3; i++) {
      const plan = compile(spec, this.#network.driver.abi)
      const socket = open(this.#network.driver, plan, { native: openNew, local: at(0), peer: undefined })
      if (!(socket instanceof OpenSocket)) throw new Error(socket.message)
      sabotage(socket)
      this.#sockets.push(socket)
      this.#ports.push("port" in socket.localAddress ? socket.localAddress.port : 0)
    }
  }

  async run(): Promise<void> {
    while (this.#left > 0) {
      this.#act()
      if (this.#random.oneIn(2)) this.#network.turn()
      if (this.#random.oneIn(4)) await Promise.resolve()
    }
    for (const cancel of this.#cancels) cancel()
    await Promise.resolve()
    for (const socket of this.#sockets) this.#drain(socket)
    this.#check("the end")
    for (const [id, socket] of this.#sent) this.#expect(id, socket, "datagram")
    for (const [id, socket] of this.#reported) this.#expect(id, socket, "event")
    for (const socket of this.#sockets) socket.close()
    await Promise.resolve()
    this.#check("the close")
  }

  #expect(id: number, { closed }: OpenSocket, what: string): void {
    const times = this.#seen.get(id) ?? 0
    if (times > 1 || (times === 0 && !closed)) this.faults.push(`${what} ${id} was handed over ${times} times`)
  }

  #drain(socket: OpenSocket): void {
    for (let round = 0; round < 1000; round++) {
      const batch = socket.tryReceive()
      if (!isBatch(batch)) break
      for (const outcome of batch) this.#see(outcome)
      // The turn of the event loop ends after some reads, and a wait begins the next one.
      if (batch.length === 0 && socket.isTurnSpent) socket.counters.receive.beginTurn()
      else if (batch.length === 0) break
    }
    // Waiting ones come first, and then those in the error queue.
    for (let events = socket.takeEvents(); isEvents(events) && events.length > 0; events = socket.takeEvents())
      this.#seeEvents(events)
  }

  #see(outcome: Outcome): void {
    if (!(outcome instanceof ReceivedDatagram)) return void this.faults.push(`a fault: ${outcome.message}`)
    if (!isWhole(outcome.data)) this.faults.push(`a payload was written over: ${outcome.data.join()}`)
    this.#count(idOf(outcome.data))
  }

  #seeEvents(events: ReadonlyArray<unknown>): void {
    for (const event of events as ReadonlyArray<{ readonly datagram: Uint8Array }>) {
      if (!isWhole(event.datagram)) this.faults.push(`an event was written over: ${event.datagram.join()}`)
      this.#count(idOf(event.datagram))
    }
  }

  #count(id: number): void {
    this.#seen.set(id, (this.#seen.get(id) ?? 0) + 1)
  }

  /** Runs at every call out of the engine: the counters must balance, and the program may do anything. */
  #callOut(where: string): void {
    this.#check(where)
    if (this.#depth >= deepest) return
    for (let count = this.#random.below(3); count > 0; count--) this.#act()
  }

  #check(where: string): void {
    for (const [index, { counters, unread }] of this.#sockets.entries()) {
      const { events, receive } = counters
      const faults = Object.values(receive.faults).reduce((sum, count) => sum + count, 0)
      if (receive.taken !== receive.received + receive.dropped + faults + unread)
        this.faults.push(
          `${where}: socket ${index} took ${receive.taken}: ${receive.received} received, ${receive.dropped} dropped, ${faults} faults, ${unread} unread`
        )
      if (events.taken !== events.received + events.dropped + events.ignored + BigInt(events.unread))
        this.faults.push(`${where}: the events of socket ${index} do not balance`)
    }
  }

  #act(): void {
    if (this.#left <= 0) return
    this.#left--
    this.#depth++
    try {
      this.#do(this.#random.pick(this.#sockets))
    } finally {
      this.#depth--
    }
  }

  #do(socket: OpenSocket): void {
    const random = this.#random
    switch (random.below(13)) {
      case 0:
      case 1:
      case 2:
        return this.#send(socket)
      case 3: {
        const outcome = socket.receive()
        if (typeof outcome === "object" && "data" in outcome) this.#see(outcome)
        return
      }
      case 4: {
        const batch = socket.tryReceive(random.oneIn(2) ? undefined : 1 + random.below(3))
        if (isBatch(batch)) for (const outcome of batch) this.#see(outcome)
        return
      }
      case 5:
        return attempt(() => socket.receiveEach((outcome) => this.#handed(outcome, "receiveEach")))
      case 6:
        return attempt(() => socket.receiveBorrowed((outcome) => this.#handed(outcome, "receiveBorrowed")))
      case 7:
        return void socket.peek()
      case 8: {
        const events = socket.takeEvents()
        if (isEvents(events)) this.#seeEvents(events)
        return
      }
      case 9:
        return this.#wait(socket)
      case 10:
        return this.#loop(socket)
      case 11:
        return this.#cancels.splice(random.below(Math.max(1, this.#cancels.length)), 1)[0]?.()
      default:
        if (random.oneIn(8)) socket.close()
    }
  }

  /** A datagram to one of the sockets, or to a port without one. */
  #send(from: OpenSocket): void {
    const id = this.#nextId++
    const index = this.#random.below(this.#sockets.length + 1)
    const to = this.#sockets[index]
    const message = { data: payload(id), to: at(this.#ports[index] ?? 9) }
    Object.defineProperty(message, "control", { get: () => this.#callOut("a field of a message") })
    const isOpen = !from.closed
    const failed = from.trySend(message)
    if (failed === undefined) {
      if (to === undefined || to.closed) this.#reported.set(id, from)
      else this.#sent.set(id, to)
    } else if (isOpen && !from.closed) this.faults.push(`a send failed: ${JSON.stringify(failed)}`)
  }

  /** Lent to a callback: its payload stays unchanged while the callback runs. */
  #handed(outcome: Outcome, where: string): boolean {
    this.#see(outcome)
    this.#callOut(where)
    if (outcome instanceof ReceivedDatagram && !isWhole(outcome.data))
      this.faults.push(`${where}: a payload was written over while it was lent`)
    if (this.#random.oneIn(8)) throw new Error("a callback that throws")
    return !this.#random.oneIn(4)
  }

  #wait(socket: OpenSocket): void {
    let isOver = false
    const called = (where: string) => () => {
      if (isOver) this.faults.push(`${where} was called after its end`)
      isOver = true
      this.#callOut(where)
    }
    const begin = this.#random.pick([
      () => socket.onReadable(called("onReadable")),
      () => socket.onEvent(called("onEvent")),
      () => socket.onWritable(called("onWritable"))
    ])
    const cancel = begin()
    this.#cancels.push(() => {
      isOver = true
      cancel()
    })
  }

  #loop(socket: OpenSocket): void {
    let isOver = false
    const cancel = socket.forEach(
      (datagram) => {
        if (isOver) this.faults.push("a loop went on after its end")
        this.#handed(datagram, "forEach")
      },
      () => {
        isOver = true
        this.#callOut("the end of a loop")
      },
      this.#random.oneIn(2)
    )
    this.#cancels.push(() => {
      isOver = true
      cancel()
    })
  }
}

const isBatch = (value: unknown): value is ReadonlyArray<Outcome> => Array.isArray(value)

const isEvents = (value: unknown): value is ReadonlyArray<unknown> => Array.isArray(value)

/** Callbacks may throw, and the engine reports that. */
const attempt = (call: () => unknown): void => {
  try {
    call()
  } catch {
    // The exception is that of the callback.
  }
}

export const reentrance =
  (sabotage: Sabotage = () => {}): Part =>
  async ({ count, first, found, progress, seed }) => {
    const random = new Random()
    for (let index = first; index < first + count; index++) {
      const program = new Program(random.drawFor(seed, index), sabotage)
      await program.run()
      if (program.faults.length > 0 && !found({ index, lines: program.faults.slice(0, 5) })) return
      progress(index - first + 1)
      // Within a turn of the event loop, V8 keeps each target of a new `WeakRef`, so the arenas of all cases.
      await turn()
    }
  }
