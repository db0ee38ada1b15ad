/**
 * Random and mutated datagrams, with random and corrupted control buffers, at the servers of the examples: their code, in `serve`, over a driver
 * in memory of any ABI. No handler throws, no server stops, the counters balance, and the steps of a datagram grow with its size.
 */
import { abis, type Abi, ControlBuffer, Ipv4Address, SocketAddress } from "@ancillary/control"
import { Datagram, DatagramSockets, Plan, serveOn, withBroadcast, withHopLimit, withPktInfo } from "@ancillary/effect3"
import { type Driver, isFault } from "@ancillary/engine/driver/Driver"
import { FaultyDriver } from "@ancillary/testing"
import { Cause, Effect, Exit, Fiber, Layer, Logger, type Scope } from "effect"
import { corrupt } from "./corrupt.ts"
import { drawEndpoint, drawMessages } from "./draw.ts"
import { mutate } from "./mutate.ts"
import { driverWithoutSystem, readyAtOnce } from "./driverWithoutSystem.ts"
import type { Part } from "./part.ts"
import { Random } from "./random.ts"
import { stepsOf } from "./steps.ts"

/** Datagrams of a case. */
const perCase = 64
/** One of so many datagrams has its steps counted. */
const counted = 8
/** Maximum steps of a datagram: a fixed number, and more for each byte. */
const steps = { fixed: 100, perByte: 16 }

/** The error that ends a case. It is not one of a peer, so it ends the server. */
const theEnd = { syscall: "recvmsg", code: "ENOTRECOVERABLE", errno: 131 }

/** The code of one example. */
export interface Target {
  readonly name: string
  readonly spec: typeof specs.ipv4
  /** Datagrams of real peers. */
  readonly samples: ReadonlyArray<Uint8Array>
  /** Returns the answer of the example, if there is one. */
  readonly answer: (bytes: Uint8Array) => Uint8Array | undefined
}

const specs = {
  ipv4: Datagram.ipv4.pipe(withPktInfo(), withHopLimit({ only: "receive" })),
  broadcast: Datagram.ipv4.pipe(withPktInfo(), withBroadcast()),
  dual: Datagram.dual.pipe(withPktInfo())
}

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(/\s/g, ""), "hex"))

/** The examples are programs of their own, so this package does not compile them. */
const load = async <A>(path: string): Promise<A> =>
  (await import(/* @vite-ignore */ new URL(`../../../examples/${path}`, import.meta.url).href)) as A

export const targets = async (): Promise<ReadonlyArray<Target>> => {
  const dns = await load<{ readonly answer: (zone: unknown, bytes: Uint8Array) => Uint8Array | undefined }>(
    "dns/src/answer.ts"
  )
  const { exampleZone } = await load<{ readonly exampleZone: unknown }>("dns/src/zone.ts")
  const ntp = await load<{ readonly decodeAnswer: (bytes: Uint8Array, nonce: Uint8Array) => unknown }>(
    "ntp/src/packet.ts"
  )
  const message = await load<{
    readonly decodeRequest: (bytes: Uint8Array) => unknown
    readonly encodeReply: (request: unknown, reply: unknown) => Uint8Array
  }>("dhcp/src/message.ts")
  const dhcp = await load<{
    readonly answer: (request: unknown, network: unknown, leases: unknown, now: number) => unknown
  }>("dhcp/src/server.ts")
  const { Leases } = await load<{ readonly Leases: new (network: unknown) => unknown }>("dhcp/src/leases.ts")
  const mdns = await load<{
    readonly decodeQuery: (bytes: Uint8Array) => unknown
    readonly encodeResponse: (response: unknown) => Uint8Array
  }>("mdns/src/message.ts")
  const service = await load<{
    readonly recordsOf: (service: unknown, addresses: ReadonlyArray<unknown>) => unknown
    readonly answerTo: (records: unknown, query: unknown, legacy: boolean) => unknown
  }>("mdns/src/service.ts")

  const network = { address: Ipv4Address.of(10, 77, 1, 1), prefix: 24 }
  const leases = new Leases(network)
  let now = 0
  const page = { host: "printer.local", instance: "A page", type: "_http._tcp.local", port: 8080, text: ["path=/"] }
  const records = service.recordsOf(page, [network.address])
  const nonce = hex("3377d8fb7ce86a25")
  const header = `01 01 06 00 04978b3c 0000 0000 ${"00".repeat(16)} eabfec38d08d ${"00".repeat(202)} 63825363`
  return [
    { name: "echo", spec: specs.ipv4, samples: [hex("68656c6c6f")], answer: (bytes) => bytes },
    {
      name: "dns",
      spec: specs.dual,
      samples: [
        hex(
          "0007 0120 0001 0000 0000 0001 026e73076578616d706c65047465737400 0001 0001 00 0029 04d0 0000 0000 000c 000a 0008 0123456789abcdef"
        ),
        hex("0007 0100 0001 0000 0000 0000 046c6f6e67076578616d706c65047465737400 0010 0001")
      ],
      answer: (bytes) => dns.answer(exampleZone, bytes)
    },
    {
      name: "ntp",
      spec: specs.dual,
      samples: [
        hex(
          "24 03 00 e6 00000000 00000000 7f7f0101 eeb47ada559a42c3 3377d8fb7ce86a25 eeb47adbcb687973 eeb47adbcb82e6c4"
        )
      ],
      answer: (bytes) => {
        ntp.decodeAnswer(bytes, nonce)
        return undefined
      }
    },
    {
      name: "dhcp",
      spec: specs.broadcast,
      samples: [
        hex(`${header} 350101 39020240 37070103060c0f1c2a 3d0701eabfec38d08d ff ${"00".repeat(20)}`),
        hex(`${header} 350103 32040a4d0164 36040a4d0101 3d0701eabfec38d08d ff`)
      ],
      answer: (bytes) => {
        const request = message.decodeRequest(bytes)
        const reply = request === undefined ? undefined : dhcp.answer(request, network, leases, (now += 100))
        return reply === undefined ? undefined : message.encodeReply(request, reply)
      }
    },
    {
      name: "mdns",
      spec: specs.dual,
      samples: [
        hex("0000 0000 0001 0000 0000 0000 055f68747470045f746370056c6f63616c00 000c 0001"),
        hex(`0000 0000 0001 0001 0000 0000 055f68747470045f746370056c6f63616c00 000c 0001
          c00c 000c 0001 00001194 0014 11412070616765206f66207072696e746572 c00c`)
      ],
      answer: (bytes) => {
        const query = mdns.decodeQuery(bytes)
        const response = query === undefined ? undefined : service.answerTo(records, query, true)
        return response === undefined ? undefined : mdns.encodeResponse(response)
      }
    }
  ] as ReadonlyArray<Target>
}

/** Methods of a buffer that a decoder reads with, if it makes a buffer of its own. */
const reads = ["readUInt8", "readUInt16BE", "readUInt32BE", "toString", "subarray", "slice"] as const

type Read = (...words: ReadonlyArray<unknown>) => unknown

/** Steps of an example with a datagram: reads of its bytes, and calls that read several. */
const stepsWith = (answer: Target["answer"], bytes: Uint8Array): number => {
  let calls = 0
  const before = reads.map((name) => [name, Buffer.prototype[name] as Read] as const)
  for (const [name, read] of before)
    Reflect.set(Buffer.prototype, name, function (this: unknown, ...words: ReadonlyArray<unknown>): unknown {
      calls++
      return Reflect.apply(read, this, words)
    })
  try {
    return stepsOf(answer, bytes) + calls
  } finally {
    for (const [name, read] of before) Reflect.set(Buffer.prototype, name, read)
  }
}

/** One server of an example, and the datagrams that its driver returns. */
class Round {
  readonly #random: Random
  readonly #abi: Abi
  readonly #target: Target
  readonly #plan: Plan.Plan
  readonly problems: Array<string> = []
  received = 0
  answers = 0
  /** The largest number of steps beyond the fixed ones, for each byte. */
  mostSteps = 0
  last = ""

  constructor(random: Random, abi: Abi, target: Target) {
    this.#random = random
    this.#abi = abi
    this.#target = target
    this.#plan = Plan.compile(target.spec, abi)
  }

  #driver(): Driver {
    const bent = FaultyDriver.wrap(driverWithoutSystem(this.#abi, { count: perCase }), {
      onReceive: () => (this.received < perCase ? undefined : theEnd),
      onReceived: (slot) => this.#fill(slot)
    })
    const open: Driver["open"] = (kind) => {
      const socket = bent.open(kind)
      return isFault(socket) ? socket : { ...socket, poll: readyAtOnce }
    }
    return { ...bent, open }
  }

  #fill(slot: FaultyDriver.ReceivedSlot): void {
    const random = this.#random
    const { family } = this.#plan
    this.received++
    const peer = family === "dual" ? random.pick(["ipv4", "ipv6"] as const) : family
    const endpoint = drawEndpoint(random, peer)
    const address = new DataView(slot.address.buffer, slot.address.byteOffset, slot.address.byteLength)
    slot.addressLength = SocketAddress.write(this.#abi, endpoint, address, 0, family === "dual")

    const data = mutate(random, this.#target.samples).subarray(0, slot.data.length)
    slot.data.set(data)
    slot.dataLength = data.length
    this.last = Buffer.from(data).toString("hex")

    const control = ControlBuffer.fromMessages(this.#abi, drawMessages(random, this.#plan, peer))
    slot.control.set(control.subarray(0, slot.control.length))
    slot.controlLength = Math.min(control.length, slot.control.length)
    if (random.oneIn(2)) this.#corrupt(slot)
    slot.flags = random.oneIn(32) ? random.below(16) : 0
  }

  #corrupt(slot: FaultyDriver.ReceivedSlot): void {
    const { control } = slot
    const view = new DataView(control.buffer, control.byteOffset, control.byteLength)
    const buffer = { memory: control, view, at: 0, room: control.length, size: slot.controlLength }
    const headers: Array<number> = []
    const cursor = new ControlBuffer.Cursor(this.#abi)
    cursor.reset(view, 0, buffer.size)
    while (cursor.next()) headers.push(cursor.header)
    corrupt(this.#random, this.#abi, buffer, headers)
    slot.controlLength = buffer.size
  }

  #handle(bytes: Uint8Array): Uint8Array | undefined {
    if (this.#random.oneIn(counted)) {
      const taken = stepsWith(this.#target.answer, bytes)
      this.mostSteps = Math.max(this.mostSteps, (taken - steps.fixed) / Math.max(1, bytes.length))
      if (taken > steps.fixed + steps.perByte * bytes.length)
        this.problems.push(`${taken} steps for ${bytes.length} bytes: ${Buffer.from(bytes).toString("hex")}`)
    }
    const made = this.#target.answer(bytes)
    if (made !== undefined) this.answers++
    return made
  }

  run(): Effect.Effect<ReadonlyArray<string>, unknown, Scope.Scope> {
    const at = { address: this.#plan.family === "dual" ? "::" : "0.0.0.0", port: 5300 }
    return Effect.gen(this, function* () {
      const socket = yield* Datagram.bind(this.#target.spec, at)
      const fiber = yield* serveOn(socket, (asked, server) => {
        const bytes = this.#handle(asked.data)
        // Some sources have no answer.
        return bytes === undefined ? Effect.void : Effect.ignore(Datagram.reply(server, asked, bytes))
      })
      const end = yield* Fiber.await(fiber)
      const stats = yield* socket.stats
      const faults = Object.values(stats.faults).reduce((sum, one) => sum + one, 0n)
      const wrong: Array<string> = [...this.problems]
      const error = Exit.isFailure(end) ? Cause.squash(end.cause) : undefined
      if ((error as { readonly code?: unknown } | undefined)?.code !== theEnd.code)
        wrong.push(`the server ended with ${String(error)}`)
      if (stats.handlers.failed > 0n) wrong.push(`${stats.handlers.failed} handlers failed`)
      if (stats.dequeued !== BigInt(this.received) || stats.dequeued !== stats.delivered + faults + stats.dropped)
        wrong.push(
          `the counters do not balance: ${JSON.stringify(stats, (_, value) => (typeof value === "bigint" ? Number(value) : (value as unknown)))}`
        )
      return wrong
    }).pipe(
      Effect.provide(
        Layer.merge(DatagramSockets.layer(Effect.succeed(this.#driver()), []), Logger.remove(Logger.defaultLogger))
      )
    )
  }
}

/** Counts answers by example into `seen`. `bend` replaces the code of the examples, for proofs that a fault is found. */
export const examples =
  (
    seen: Map<string, number> = new Map<string, number>(),
    bend: (target: Target) => Target = (target) => target
  ): Part =>
  async ({ count, first, found, progress, seed }) => {
    const all = (await targets()).map(bend)
    const random = new Random()
    for (let index = first; index < first + count; index++) {
      random.drawFor(seed, index)
      const target = random.pick(all)
      const abi = random.pick(abis)
      const round = new Round(random, abi, target)
      const exit = await Effect.runPromiseExit(Effect.scoped(round.run()))
      const lines = Exit.isSuccess(exit) ? exit.value : [Cause.pretty(exit.cause)]
      if (
        lines.length > 0 &&
        !found({ index, lines: [`${target.name}, ${abi.name}`, ...lines, `last: ${round.last}`] })
      )
        return
      const add = (name: string, more: number) => seen.set(name, (seen.get(name) ?? 0) + more)
      add("datagrams", round.received)
      add(`${target.name}: datagrams`, round.received)
      add(`${target.name}: answers`, round.answers)
      seen.set(
        `${target.name}: steps a byte beyond ${steps.fixed}`,
        Math.max(seen.get(`${target.name}: steps a byte beyond ${steps.fixed}`) ?? 0, Math.ceil(round.mostSteps))
      )
      progress(index - first + 1)
    }
  }
