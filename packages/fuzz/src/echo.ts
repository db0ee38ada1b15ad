/**
 * The kernel's echo: datagrams with random control messages over loopback arrive as they were sent. A case has two sockets of random specs,
 * IPv4, IPv6 or dual. It uses every message that Linux sends or receives with a datagram, in any combination that a spec allows.
 */
import { type Family, InternetEndpoint, Ipv6Address } from "@ancillary/control"
import { LinuxSockets } from "@ancillary/effect3/node"
import { Datagram, DatagramFault, DatagramSockets, type DatagramUnsupportedError, Plan } from "@ancillary/effect3"
import { type Driver, isFault } from "@ancillary/engine/driver/Driver"
import { Cause, Deferred, Effect, Either, Exit, Option, type Scope } from "effect"
import { hasIpv6 } from "./machine.ts"
import { isSame, misshapen } from "./model.ts"
import type { Part } from "./part.ts"
import { Random } from "./random.ts"
import { type Outcome, type Reader, readers, type Socket } from "./readers.ts"
import { absent, type Control, draw, isKnown, loopbackAddress, readings, type Sending, sourceOf } from "./sendable.ts"
import { shown } from "./shown.ts"
import { type AnySpec, empty, someMessages } from "./specs.ts"

const payloadAtMost = 2000
const datagramsAtMost = 16

/** Families of the sender, of the receiver, and of the datagram. */
const ways: ReadonlyArray<readonly [client: Family, server: Family, peer: "ipv4" | "ipv6"]> = [
  ["ipv4", "ipv4", "ipv4"],
  ["ipv6", "ipv6", "ipv6"],
  ["ipv4", "dual", "ipv4"],
  ["ipv6", "dual", "ipv6"],
  ["dual", "ipv4", "ipv4"],
  ["dual", "ipv6", "ipv6"],
  ["dual", "dual", "ipv4"],
  ["dual", "dual", "ipv6"]
]

const behindHeaders = ["hopByHopOptions", "destinationOptions"]

/** The datagrams that must arrive from one send. */
interface Due {
  readonly data: Uint8Array
  readonly sent: Control
  readonly sending: Sending
  /** Total bytes of datagrams that the kernel may have coalesced. */
  readonly coalesced: number | undefined
}

class Exchange {
  readonly client: AnySpec
  readonly server: AnySpec
  readonly reader: Reader

  #random: Random
  #driver: Driver
  #plans: { readonly client: Plan.Plan; readonly server: Plan.Plan }
  #peer: "ipv4" | "ipv6"
  #loopback: number
  #due: Array<Due> = []

  constructor(random: Random, driver: Driver, loopback: number, all: typeof ways) {
    this.#random = random
    this.#driver = driver
    this.#loopback = loopback
    const [client, server, peer] = random.pick(all)
    this.#peer = peer
    const some = (family: Family, directions: ReadonlyArray<"both" | "receive" | "send">) =>
      someMessages(random, driver.abi, empty(family, payloadAtMost), { directions, bounded: false })
    this.client = some(client, ["send", "both"])
    this.server = some(server, ["receive", "both"])
    this.#plans = { client: Plan.compile(this.client, driver.abi), server: Plan.compile(this.server, driver.abi) }
    this.reader = random.pick(readers)
  }

  /** Returns the differences as lines, or none if all datagrams arrived. */
  run(): Effect.Effect<ReadonlyArray<string>, unknown, Scope.Scope> {
    const anywhere = (family: Family) => ({ address: family === "ipv4" ? "0.0.0.0" : "::", port: 0 })
    return Effect.gen(this, function* () {
      const server = yield* Datagram.bind(this.server, anywhere(this.server.family))
      const client = yield* Datagram.bind(this.client, anywhere(this.client.family))
      for (let sends = 1 + this.#random.below(datagramsAtMost); sends > 0; sends--) {
        const refused = yield* this.#send(client, server.localAddress.port)
        if (refused !== undefined) return [refused, ...this.describe()]
      }
      const read = yield* this.#read(server)
      for (let i = 0; i < Math.max(read.length, this.#due.length); i++) {
        const wrong = this.#wrong(this.#due[i], read[i], client.localAddress.port)
        if (wrong !== undefined)
          return [`datagram ${i} of ${this.#due.length}: ${wrong}`, ...this.describe(this.#due[i])]
      }
      return []
    }).pipe(Effect.provide(DatagramSockets.layer(Effect.succeed(this.#driver), [])))
  }

  get #takesTogether(): boolean {
    return this.#plans.server.received.some(({ message }) => message.key === "coalescedSize")
  }

  /** Sends a datagram, and returns the difference if that fails. */
  #send(client: Socket, port: number): Effect.Effect<string | undefined> {
    const random = this.#random
    const payload = random.oneIn(8) ? 0 : random.below(payloadAtMost + 1)
    const to =
      this.#peer === "ipv4"
        ? new InternetEndpoint("ipv4", loopbackAddress(random), port)
        : new InternetEndpoint("ipv6", Ipv6Address.of([0, 0, 0, 0, 0, 0, 0, 1]), port)
    const sending = { to, payload, loopback: this.#loopback }
    const data = random.bytes(payload)
    const control = this.#control(sending)
    const message = { data: this.#pieces(data), to, control }
    return Effect.map(Effect.either(client.send(message as unknown as Parameters<Socket["send"]>[0])), (sent) => {
      if (Either.isRight(sent)) this.#expect(data, control, sending)
      else if (!this.#mayRefuse(sent.left.reason, control))
        return `${sent.left.message} It was sent with ${shown(control)}`
      return undefined
    })
  }

  /** Random messages that the client declared, no two with the same content. */
  #control(sending: Sending): Control {
    const random = this.#random
    const control: { [key: string]: unknown } = {}
    const given: Array<Plan.SendEntry> = []
    for (const planned of this.#plans.client.sendEntries) {
      if (planned.family !== this.#peer || random.oneIn(2) || given.some((other) => areRivals(other, planned))) continue
      const value = draw(random, planned, sending)
      if (value === undefined) continue
      given.push(planned)
      control[planned.declaration.message.key] = value
    }
    // Linux: datagrams with extension headers are segmented before they arrive, even if the receiver coalesces.
    if (this.#takesTogether && behindHeaders.some((key) => key in control)) delete control["segmentSize"]
    return control
  }

  #pieces(data: Uint8Array): Uint8Array | ReadonlyArray<Uint8Array> {
    const random = this.#random
    if (random.oneIn(2)) return data
    const cuts = Array.from({ length: random.below(20) }, () => random.below(data.length + 1)).toSorted((a, b) => a - b)
    return [...cuts, data.length].map((cut, i) => data.subarray(cuts[i - 1] ?? 0, cut))
  }

  /** Without the privilege that a message requires, or for an unknown message. */
  #mayRefuse(reason: string, control: Control): boolean {
    const given = this.#plans.client.sendEntries.filter(({ declaration }) => declaration.message.key in control)
    return given.some(
      ({ declaration, format }) =>
        !isKnown(declaration.message.key) || (reason === "PermissionDenied" && format.privilege !== undefined)
    )
  }

  /** A segmented payload arrives as several datagrams, or as one if the receiver coalesces. */
  #expect(data: Uint8Array, sent: Control, sending: Sending): void {
    const { segmentSize } = sent
    const size = typeof segmentSize === "number" && segmentSize < data.length ? segmentSize : undefined
    if (size === undefined || this.#takesTogether) {
      this.#due.push({ data, sent, sending, coalesced: size })
      return
    }
    for (let at = 0; at < data.length; at += size)
      this.#due.push({ data: data.subarray(at, at + size), sent, sending, coalesced: undefined })
  }

  #read(server: Socket): Effect.Effect<ReadonlyArray<Outcome>, unknown> {
    return Effect.gen(this, function* () {
      const read: Array<Outcome> = []
      const all = yield* Deferred.make<void>()
      const hand = (outcome: Outcome) => {
        read.push(outcome)
        if (read.length >= this.#due.length) Deferred.unsafeDone(all, Effect.void)
      }
      if (this.#due.length > 0)
        yield* Effect.raceFirst(this.reader.read(server, hand), Deferred.await(all)).pipe(
          Effect.timeoutOption("5 seconds")
        )
      // No further datagram may arrive.
      const more = yield* server.receiveWithin(0)
      return Option.isSome(more) ? [...read, more.value] : read
    })
  }

  #wrong(due: Due | undefined, outcome: Outcome | undefined, port: number): string | undefined {
    if (due === undefined) return `nobody sent it: ${shown(outcome)}`
    if (outcome === undefined) return "it did not arrive"
    if (outcome instanceof DatagramFault) return outcome.message
    const { control, data, delivery, from, truncated } = outcome
    const received: Control = control
    const { sending, sent } = due
    if (Buffer.compare(data, due.data) !== 0)
      return `${data.length} bytes arrived where ${due.data.length} were sent, or others: ${shown(data)}`
    const source: unknown = new InternetEndpoint(sending.to.family as "ipv4", sourceOf(sent, sending) as never, port)
    if (!isSame(from, source)) return `it came from ${String(from)}, not from ${String(source)}`
    if (Option.isSome(truncated)) return "it was truncated"
    const told = this.#plans.server.received.some(({ message }) => message.key === "pktInfo")
    if (delivery !== (told ? "unicast" : "unknown")) return `it was delivered as ${delivery}`
    const misses = misshapen(this.#plans.server, received)
    if (misses !== undefined) return misses
    const known: Control = { ...readings(sent, sending), coalescedSize: due.coalesced ?? absent }
    for (const { message, optional } of this.#plans.server.received) {
      if (!(message.key in known)) continue
      const reading = known[message.key]
      const wanted =
        message.presence === "repeated"
          ? reading === absent
            ? []
            : [reading]
          : message.presence === "optional" || optional
            ? reading === absent
              ? Option.none()
              : Option.some(reading)
            : reading
      const value = received[message.key]
      if (!isSame(value, wanted)) return `${message.key} is ${shown(value)}, and ${shown(wanted)} was due`
    }
    return undefined
  }

  describe(due?: Due): ReadonlyArray<string> {
    const declared = (spec: AnySpec) =>
      `${spec.family}: ${spec.declarations.map(({ direction, message, optional }) => `${message.key} (${direction}${optional ? ", optional" : ""})`).join(", ")}`
    return [
      `sender, ${declared(this.client)}`,
      `receiver, ${declared(this.server)}; ${this.reader.name}`,
      ...(due === undefined ? [] : [`${due.data.length} bytes to ${String(due.sending.to)} with ${shown(due.sent)}`])
    ]
  }
}

const areRivals = (one: Plan.SendEntry, two: Plan.SendEntry): boolean => {
  const [a, b] = [one.format, two.format]
  const bits = (a.shared?.mask ?? -1) & (b.shared?.mask ?? -1)
  return (
    (a.level === b.level && a.type === b.type && bits !== 0) ||
    (a.excludes ?? []).includes(two.declaration.message.key) ||
    (b.excludes ?? []).includes(one.declaration.message.key)
  )
}

/** Runs over the driver of Linux, or over one that is known to be wrong. */
export const echo =
  (linux: Effect.Effect<Driver, DatagramUnsupportedError> = LinuxSockets.driver({ guarded: true })): Part =>
  async ({ count, first, found, progress, seed }) => {
    const driver = await Effect.runPromise(linux)
    const interfaces = driver.interfaces()
    const loopback = isFault(interfaces) ? undefined : interfaces.find((each) => each.loopback)
    if (loopback === undefined) throw new Error("This machine has no loopback interface")
    const possible = hasIpv6() ? ways : ways.slice(0, 1)
    const random = new Random()
    for (let index = first; index < first + count; index++) {
      const exchange = new Exchange(random.drawFor(seed, index), driver, loopback.index, possible)
      const exit = await Effect.runPromiseExit(Effect.scoped(exchange.run()))
      const lines = Exit.isSuccess(exit) ? exit.value : [Cause.pretty(exit.cause), ...exchange.describe()]
      if (lines.length > 0 && !found({ index, lines })) return
      progress(index - first + 1)
    }
  }
