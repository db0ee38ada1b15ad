/** The service over the lists of a driver: names by index, refusals, changes. The lists of real drivers are tested in their packages. */
import { Ipv4Address } from "@ancillary/control"
import { DatagramSockets, type InterfaceChange, Interfaces, type NetworkInterface } from "@ancillary/effect3"
import type { Driver, Fault } from "@ancillary/engine/driver/Driver"
import { expect, it } from "@effect/vitest"
import { Chunk, Effect, Fiber, Layer, Stream, TestClock } from "effect"

const lo: NetworkInterface = {
  index: 1,
  name: "lo",
  addresses: [{ address: Ipv4Address.loopback, prefix: 8 }],
  up: true,
  loopback: true,
  multicast: false
}
const eth: NetworkInterface = { ...lo, index: 2, name: "eth0", addresses: [], loopback: false }
const down = { ...eth, up: false }
const wifi = { ...eth, name: "wlan0" }
const refused: Fault = { syscall: "getifaddrs", code: "ENOMEM", errno: 12 }

/** A host that returns the given lists in order, and the last one from then on, with a count of the calls. */
const host = (...answers: ReadonlyArray<ReadonlyArray<NetworkInterface> | Fault>) => {
  const asked = { times: 0 }
  const driver: Pick<Driver, "interfaces"> = {
    interfaces: () => answers[Math.min(asked.times++, answers.length - 1)] ?? []
  }
  // The service calls nothing else of a driver.
  const sockets = Layer.succeed(DatagramSockets, { driver: driver as Driver })
  return { asked, layer: Layer.provide(Interfaces.layer, sockets) }
}

it.effect("a known name is returned again without a system call", () => {
  const { asked, layer } = host([lo, eth])
  return Effect.gen(function* () {
    const { nameOf } = yield* Interfaces
    expect([nameOf(1), nameOf(2), nameOf(1)]).toEqual(["lo", "eth0", "lo"])
    expect(asked.times).toBe(1)
  }).pipe(Effect.provide(layer))
})

it.effect("a new index calls the system, and an unknown index does once per second", () => {
  const { asked, layer } = host([lo], [lo], [lo, eth])
  return Effect.gen(function* () {
    const { nameOf } = yield* Interfaces
    expect([nameOf(1), nameOf(2), nameOf(2), nameOf(2)]).toEqual(["lo", undefined, undefined, undefined])
    expect(asked.times).toBe(2)
    yield* TestClock.adjust("999 millis")
    expect([nameOf(2), asked.times]).toEqual([undefined, 2])
    yield* TestClock.adjust("1 millis")
    expect([nameOf(2), asked.times]).toEqual(["eth0", 3])
    expect([nameOf(0), asked.times]).toEqual([undefined, 3])
  }).pipe(Effect.provide(layer))
})

it.effect("a renamed interface has its new name after the next system call", () => {
  const { layer } = host([lo, eth], [lo, wifi])
  return Effect.gen(function* () {
    const { list, nameOf } = yield* Interfaces
    expect(nameOf(2)).toBe("eth0")
    yield* list
    expect(nameOf(2)).toBe("wlan0")
  }).pipe(Effect.provide(layer))
})

it.effect("a system that refuses has no names, and list and byName fail with its error", () => {
  const { layer } = host(refused)
  return Effect.gen(function* () {
    const { byName, list, nameOf } = yield* Interfaces
    expect(nameOf(1)).toBeUndefined()
    for (const attempt of [Effect.asVoid(list), Effect.asVoid(byName("lo"))]) {
      const { _tag, code, errno, message, reason, syscall } = yield* Effect.flip(attempt)
      expect([_tag, syscall, code, errno, reason]).toEqual([
        "DatagramInterfaceError",
        "getifaddrs",
        "ENOMEM",
        12,
        "Other"
      ])
      expect(message).toBe(
        "Listing the interfaces failed (getifaddrs: ENOMEM 12). The library has no advice for this code. Look it up in the manual page of the call."
      )
    }
  }).pipe(Effect.provide(layer))
})

it.effect("unknown names and indices are errors that list the interfaces", () => {
  const { layer } = host([lo, eth])
  return Effect.gen(function* () {
    const { byIndex, byName } = yield* Interfaces
    expect([yield* byName("eth0"), yield* byIndex(1)]).toEqual([eth, lo])
    expect(yield* Effect.flip(byName("eth1"))).toMatchObject({
      reason: "UnknownName",
      code: "INVALID",
      message:
        "No interface of this host has the name 'eth1'. There are lo, eth0: choose one of them, or wait until it is there."
    })
    expect(yield* Effect.flip(byIndex(7))).toMatchObject({
      reason: "UnknownIndex",
      message:
        "No interface of this host has the index 7. There are lo, eth0: choose one of them, or wait until it is there."
    })
  }).pipe(Effect.provide(layer))
})

const told = (change: InterfaceChange) =>
  change._tag === "Changed"
    ? `${change.interface.name} changed from ${change.before.name}, ${change.before.up ? "up" : "down"}`
    : `${change.interface.name} ${change._tag.toLowerCase()}`

it.effect("changes begin with all interfaces, and report differences once per interval", () => {
  const { asked, layer } = host(
    [lo],
    [lo],
    [lo, eth],
    [{ ...lo, addresses: [...lo.addresses] }, down],
    [lo, wifi],
    [{ ...eth, index: 3 }]
  )
  return Effect.gen(function* () {
    const { changes } = yield* Interfaces
    const heard = yield* Effect.fork(changes({ interval: "1 minute" }).pipe(Stream.take(7), Stream.runCollect))
    yield* TestClock.adjust("5 minutes")
    expect(Chunk.toReadonlyArray(yield* Fiber.join(heard)).map(told)).toEqual([
      "lo added",
      "eth0 added",
      "eth0 changed from eth0, up",
      "wlan0 changed from eth0, down",
      "lo removed",
      "wlan0 removed",
      "eth0 added"
    ])
    expect(asked.times).toBe(6)
  }).pipe(Effect.provide(layer))
})

it.effect("equal addresses in another order are not a change", () => {
  const second = { address: Ipv4Address.of(10, 0, 0, 1), prefix: 24 }
  const [first] = lo.addresses
  const { layer } = host(
    [{ ...lo, addresses: [first, second].flatMap((one) => one ?? []) }],
    [{ ...lo, addresses: [second, first].flatMap((one) => one ?? []) }],
    []
  )
  return Effect.gen(function* () {
    const { changes } = yield* Interfaces
    const heard = yield* Effect.fork(changes().pipe(Stream.take(2), Stream.runCollect))
    yield* TestClock.adjust("2 seconds")
    expect(Chunk.toReadonlyArray(yield* Fiber.join(heard)).map(told)).toEqual(["lo added", "lo removed"])
  }).pipe(Effect.provide(layer))
})

it.effect("changes fail with the refusal of the system", () => {
  const { layer } = host([lo], refused)
  return Effect.gen(function* () {
    const { changes } = yield* Interfaces
    const ended = yield* Effect.fork(Effect.flip(Stream.runDrain(changes())))
    yield* TestClock.adjust("1 second")
    expect((yield* Fiber.join(ended)).code).toBe("ENOMEM")
  }).pipe(Effect.provide(layer))
})

it.effect("a renamed interface has its new name a second later, without a lookup", () => {
  const { layer } = host([lo, eth], [lo, wifi])
  return Effect.gen(function* () {
    const { nameOf } = yield* Interfaces
    expect(nameOf(2)).toBe("eth0")
    yield* TestClock.adjust("1 second")
    expect(nameOf(2)).toBe("wlan0")
  }).pipe(Effect.provide(layer))
})

it.effect("a difference in any other field is a change", () => {
  const [address] = lo.addresses
  const { layer } = host(
    [{ ...lo, running: false }],
    [{ ...lo, running: true }],
    [{ ...lo, running: true, mtu: 1500 }],
    [{ ...lo, running: true, mtu: 1500, addresses: address === undefined ? [] : [{ ...address, tentative: true }] }]
  )
  return Effect.gen(function* () {
    const { changes } = yield* Interfaces
    const heard = yield* Effect.fork(changes().pipe(Stream.take(4), Stream.runCollect))
    yield* TestClock.adjust("3 seconds")
    expect(Chunk.toReadonlyArray(yield* Fiber.join(heard)).map(({ _tag }) => _tag)).toEqual([
      "Added",
      "Changed",
      "Changed",
      "Changed"
    ])
  }).pipe(Effect.provide(layer))
})

it.effect("an interval that is not a positive duration is rejected before any system call", () => {
  const { asked, layer } = host([lo])
  const throwing = {
    get interval(): never {
      throw new Error("read")
    }
  }
  return Effect.gen(function* () {
    const { changes } = yield* Interfaces
    const values: ReadonlyArray<unknown> = [0, -1, Number.NaN, Number.POSITIVE_INFINITY, "soon", null, {}, -5n]
    for (const options of [...values.map((interval) => ({ interval })), throwing]) {
      const error = yield* Effect.flip(Stream.runDrain(changes(options as Parameters<typeof changes>[0])))
      expect([error._tag, error.reason]).toEqual(["DatagramInterfaceError", "InvalidArgument"])
      expect(error.message).toMatch(/^interval: .* is not a finite duration above zero\. Give one, .*leave it out\.$/)
    }
    expect(asked.times).toBe(0)
  }).pipe(Effect.provide(layer))
})
