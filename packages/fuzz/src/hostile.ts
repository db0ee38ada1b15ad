/**
 * Randomly corrupted slots, with every way of reading and every spec. Each slot becomes the result that its bytes determine, nothing throws, and
 * the counters balance. A driver in memory serves every ABI. On Linux slots from the kernel are corrupted, too.
 */
import { type Abi, abis, ControlBuffer, type Family, SocketAddress } from "@ancillary/control"
import { LinuxSockets } from "@ancillary/effect3/node"
import {
  Datagram,
  DatagramFault,
  DatagramSockets,
  Plan,
  withMaximumDatagramSize,
  withTruncation
} from "@ancillary/effect3"
import { ReceiveFlags } from "@ancillary/engine/driver/Arena"
import { type Driver, isFault } from "@ancillary/engine/driver/Driver"
import { FaultyDriver } from "@ancillary/testing"
import { Cause, Effect, Exit, type Scope } from "effect"
import { corrupt } from "./corrupt.ts"
import { drawEndpoint, drawMessages } from "./draw.ts"
import { hasIpv6 } from "./machine.ts"
import { expected, type Expected, isSame, misshapen, type Slot } from "./model.ts"
import { driverWithoutSystem, readyAtOnce } from "./driverWithoutSystem.ts"
import type { Part } from "./part.ts"
import { Random } from "./random.ts"
import { type Outcome, type Reader, readers, type Socket } from "./readers.ts"
import { shown } from "./shown.ts"
import { type AnySpec, apply, empty, someMessages } from "./specs.ts"

/** Datagrams of a case: more than one call returns, and no more than the kernel's buffer holds. */
const datagramsAtMost = { paper: 100, kernel: 70 }

/** The result of a call when nothing is left. It is not an error of a peer, so it ends every reader. */
const theEnd = { syscall: "recvmsg", code: "ENOTRECOVERABLE", errno: 131 }

/** One case: a socket of a random spec, the results of its driver, and a way of reading. */
class Round {
  readonly plan: Plan.Plan
  readonly slots: Array<Slot> = []
  readonly expected: Array<Expected> = []
  readonly driver: Driver
  readonly spec: AnySpec
  readonly datagrams: number
  readonly reader: Reader

  #random: Random
  #abi: Abi
  #kernel: Driver | undefined
  #model: typeof expected

  constructor(
    random: Random,
    abi: Abi,
    kernel: Driver | undefined,
    families: ReadonlyArray<Family>,
    model: typeof expected
  ) {
    this.#model = model
    this.#random = random
    this.#abi = abi
    this.#kernel = kernel
    const room = 1 + random.below(1500)
    const policy = withTruncation(random.pick(["fail", "deliver", "drop"] as const))
    this.spec = someMessages(random, abi, apply(empty(random.pick(families), room), policy), {
      directions: ["receive", "both"],
      bounded: true
    })
    this.plan = Plan.compile(this.spec, abi)
    this.datagrams = 1 + random.below(datagramsAtMost[kernel === undefined ? "paper" : "kernel"])
    this.reader = random.pick(readers)
    // Descriptors are invented here, so none of them may be closed.
    const real =
      kernel === undefined
        ? driverWithoutSystem(abi, { count: this.datagrams })
        : { ...kernel, release: () => undefined }
    const bent = FaultyDriver.wrap(real, {
      onReceive: () => (this.slots.length < this.datagrams ? undefined : theEnd),
      onReceived: (slot) => this.#bend(slot)
    })
    // The kernel does not cause the end, so the event loop would not report it to a waiting reader, such as a loop that has drained its socket.
    const open: Driver["open"] = (kind) => {
      const socket = bent.open(kind)
      return isFault(socket) ? socket : { ...socket, poll: readyAtOnce }
    }
    this.driver = { ...bent, open }
  }

  #bend(slot: FaultyDriver.ReceivedSlot): void {
    const random = this.#random
    if (this.#kernel === undefined || random.oneIn(4)) this.#fill(slot)
    if (!random.oneIn(3)) this.#corrupt(slot)
    const { control, controlLength, data, dataLength, flags, address, addressLength } = slot
    const taken = {
      address: address.slice(0, addressLength),
      control: control.slice(0, controlLength),
      data: data.slice(0, dataLength),
      dataLength,
      flags
    }
    this.slots.push(taken)
    this.expected.push(this.#model(this.plan, taken))
  }

  /** As a kernel does. */
  #fill(slot: FaultyDriver.ReceivedSlot): void {
    const random = this.#random
    const { family } = this.plan
    const peer = family === "dual" ? random.pick(["ipv4", "ipv6"] as const) : family
    const messages = drawMessages(random, this.plan, peer)
    // A list that exceeds the declared room is cut to it.
    const bytes = ControlBuffer.fromMessages(this.#abi, messages).subarray(0, slot.control.length)
    slot.control.set(bytes)
    slot.controlLength = bytes.length
    const view = new DataView(slot.address.buffer, slot.address.byteOffset, slot.address.byteLength)
    const endpoint = drawEndpoint(random, peer)
    slot.addressLength = SocketAddress.write(this.#abi, endpoint, view, 0, family === "dual")
    slot.dataLength = random.below(slot.data.length + 1)
    for (let i = 0; i < slot.dataLength; i += 16) slot.data[i] = random.draw()
    slot.flags = 0
  }

  #corrupt(slot: FaultyDriver.ReceivedSlot): void {
    const random = this.#random
    const { control } = slot
    const view = new DataView(control.buffer, control.byteOffset, control.byteLength)
    const buffer = { memory: control, view, at: 0, room: control.length, size: slot.controlLength }
    if (random.oneIn(16)) {
      buffer.size = random.below(control.length + 1)
      for (let i = 0; i < buffer.size; i++) control[i] = random.draw()
    }
    const headers: Array<number> = []
    const cursor = new ControlBuffer.Cursor(this.#abi)
    cursor.reset(view, 0, buffer.size)
    while (cursor.next()) headers.push(cursor.header)
    for (let corruptions = random.below(3); corruptions > 0; corruptions--) corrupt(random, this.#abi, buffer, headers)
    slot.controlLength = buffer.size
    if (random.oneIn(16)) slot.flags = random.below(16)
    if (random.oneIn(16)) slot.dataLength = random.below(2 * slot.data.length)
    if (slot.dataLength > slot.data.length) slot.flags |= ReceiveFlags.dataTruncated
    if (random.oneIn(32)) slot.addressLength = random.below(slot.address.length + 1)
    if (random.oneIn(32)) slot.address[random.below(slot.address.length)] = random.draw()
  }

  /** Binds, delivers datagrams and reads them all. Returns the differences as lines, or none. */
  run(): Effect.Effect<ReadonlyArray<string>, unknown, Scope.Scope> {
    const sockets = DatagramSockets.layer(Effect.succeed(this.driver), [])
    const { family } = this.plan
    const at =
      family === "unix"
        ? { path: "/paper" }
        : { address: family === "ipv4" ? "127.0.0.1" : family === "ipv6" ? "::1" : "::", port: 0 }
    const read: Array<Outcome> = []
    return Effect.gen(this, function* () {
      const socket = yield* Datagram.bind(this.spec, at as { readonly address: string; readonly port: number })
      if (this.#kernel !== undefined) yield* this.#send(this.#kernel, socket.localAddress.port)
      const error = yield* Effect.flip(this.reader.read(socket, (outcome) => void read.push(outcome)))
      if (error.code !== theEnd.code) return [`reading ended with ${String(error)}`]
      return [...this.#compare(read), ...this.#account(yield* socket.stats, read)].slice(0, 8)
    }).pipe(Effect.provide(sockets))
  }

  #send(kernel: Driver, port: number): Effect.Effect<void, unknown, Scope.Scope> {
    const random = this.#random
    const { family } = this.plan
    const addresses = { ipv4: ["127.0.0.1"], ipv6: ["::1"], dual: ["127.0.0.1", "::1"], unix: [] }
    return Effect.gen(this, function* () {
      const sender = yield* Datagram.bind(Datagram.dual.pipe(withMaximumDatagramSize(1600)), { address: "::", port: 0 })
      for (let i = 0; i < this.datagrams; i++)
        yield* sender.send({
          data: random.bytes(random.below(1600)),
          to: { address: random.pick(addresses[family]), port }
        })
    }).pipe(Effect.provide(DatagramSockets.layer(Effect.succeed(kernel), [])))
  }

  #compare(read: ReadonlyArray<Outcome>): ReadonlyArray<string> {
    const handed = this.expected.flatMap((what, slot) =>
      what === "dropped" || (what === "fault" && !this.reader.faults) ? [] : [{ slot, what }]
    )
    for (const [i, { slot, what }] of handed.entries()) {
      const wrong = this.#wrong(what, read[i])
      if (wrong !== undefined) return [wrong, ...this.describe(this.slots[slot])]
    }
    const more = read[handed.length]
    return more === undefined ? [] : [`one too many was handed over: ${shown(more)}`, ...this.describe()]
  }

  #wrong(what: Expected, outcome: Outcome | undefined): string | undefined {
    if (what === "dropped") return "it was handed over, where the spec drops it"
    if (outcome === undefined) return "it was not handed over"
    if (outcome instanceof DatagramFault)
      return what === "fault" && outcome.message.length > 20
        ? undefined
        : `a datagram was due, and a fault came: ${outcome.message}`
    if (what === "fault") return `a fault was due, and a datagram came: ${shown(outcome.control)}`
    const { control, data, delivery, from, truncated } = outcome
    if (!["unicast", "multicast", "broadcast", "unknown"].includes(delivery)) return `delivery ${delivery}`
    const misses = misshapen(this.plan, control)
    if (misses !== undefined) return misses
    return isSame({ control, data, from, truncated }, what)
      ? undefined
      : `${shown(what)} was due, ${shown(outcome)} came`
  }

  #account(
    { dropped, faults, delivered: received, dequeued, putBack }: Effect.Effect.Success<Socket["stats"]>,
    read: ReadonlyArray<Outcome>
  ): ReadonlyArray<string> {
    const faulty = Object.values(faults).reduce((sum, count) => sum + count, 0n)
    const count = (what: Expected) => BigInt(this.expected.filter((each) => each === what).length)
    const delivered = BigInt(read.filter((outcome) => !(outcome instanceof DatagramFault)).length)
    const is = [dequeued, received, faulty, dropped, putBack]
    const due = [BigInt(this.slots.length), delivered, count("fault"), count("dropped"), 0n]
    return isSame(is, due) && dequeued === received + faulty + dropped
      ? []
      : [`taken, received, faults, dropped, unread are ${is.join(", ")} where ${due.join(", ")} are due`]
  }

  describe(slot?: Slot): ReadonlyArray<string> {
    const declared = this.spec.declarations.map(
      ({ direction, maximumBytes, message, optional }) =>
        `${message.key} (${direction}${optional ? ", optional" : ""}${maximumBytes === undefined ? "" : `, ${maximumBytes} bytes`})`
    )
    const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex")
    return [
      `${this.#abi.name}${this.#kernel === undefined ? "" : ", from the kernel"}, ${this.plan.family}, truncation "${this.plan.truncation}", ${this.reader.name}, ${this.datagrams} datagrams`,
      `declared: ${declared.join(", ")}`,
      ...(slot === undefined
        ? []
        : [
            `address: ${hex(slot.address)}`,
            `control: ${hex(slot.control)}`,
            `data: ${slot.data.length} of ${slot.dataLength} bytes, flags ${slot.flags}`
          ])
    ]
  }
}

/** Counts the outcomes of the slots into `seen`. They are compared with the model, or with one that is known to be wrong. */
export const hostile =
  (seen: Map<string, number> = new Map<string, number>(), model: typeof expected = expected): Part =>
  async ({ count, first, found, progress, seed }) => {
    const kernel =
      process.platform === "linux" ? await Effect.runPromise(LinuxSockets.driver({ guarded: true })) : undefined
    const ipv6 = hasIpv6()
    const random = new Random()
    for (let index = first; index < first + count; index++) {
      random.drawFor(seed, index)
      const real = random.oneIn(8) && kernel !== undefined && ipv6 ? kernel : undefined
      const families = ["ipv4", "ipv6", "dual", ...(real === undefined ? (["unix"] as const) : [])] as const
      const round = new Round(random, real?.abi ?? random.pick(abis), real, families, model)
      const exit = await Effect.runPromiseExit(
        Effect.scoped(round.run()).pipe(
          Effect.timeoutFail({ duration: "20 seconds", onTimeout: () => "reading did not end" })
        )
      )
      const lines = Exit.isSuccess(exit)
        ? exit.value
        : [Cause.pretty(exit.cause), ...round.describe(round.slots.at(-1))]
      if (lines.length > 0 && !found({ index, lines })) return
      for (const what of round.expected) {
        const name = `${real === undefined ? "on paper" : "from the kernel"}: ${typeof what === "string" ? what : "datagram"}`
        seen.set(name, (seen.get(name) ?? 0) + 1)
      }
      progress(index - first + 1)
    }
  }
