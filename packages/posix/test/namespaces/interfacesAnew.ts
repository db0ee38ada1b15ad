/**
 * Runs inside a namespace, with the name of another one as its argument: memberships on an interface that is recreated under its index. This
 * host sends over that interface, and prints the received datagrams. They reach its sockets only if the interface itself has the group.
 */
import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { LinuxSockets } from "@ancillary/effect3/node"
import {
  Datagram,
  type DatagramMembershipError,
  type DatagramSocket,
  Interfaces,
  withMulticastAll,
  withMulticastInterface
} from "@ancillary/effect3"
import { Effect, Either, Exit, Layer, Queue, Scope, Stream } from "effect"

const [other = ""] = process.argv.slice(2)
const ip = (words: string) => execFileSync("ip", words.split(" "))
const index = 77
const at = { interfaceIndex: index }
const remove = () => ip("link del v0")
const make = () => {
  ip(`link add v0 index ${index} type veth peer name v1 netns ${other}`)
  ip("addr add 192.0.2.1/24 dev v0")
  ip("-6 addr add fe80::a/64 dev v0 nodad")
  ip("link set v0 up")
  ip(`-n ${other} link set v1 up`)
  untilRouted()
}
/** Linux adds the route of IPv6 groups once it has noticed the carrier. Without a turn of the event loop, so that notices wait. */
const untilRouted = () => {
  while (!/^f{2}0{30} 08 .* v0$/m.test(readFileSync("/proc/net/ipv6_route", "utf8"))) ip("link show v0")
}
const anew = () => {
  remove()
  make()
}

type Socket = DatagramSocket<"dual", never>
const groups = { ipv4: "239.77.4.1", ipv6: "ff02::7741" } as const
const sources = { ipv4: "192.0.2.1", ipv6: "fe80::a" } as const
type Family = keyof typeof groups
const listening = Datagram.bind(Datagram.dual.pipe(withMulticastAll(false)), { address: "::", port: 0 })

/** Sends to the group over the interface, and marks the end over another path, so that the test need not wait for silence. */
const isHeard = (socket: Socket, family: Family) =>
  Effect.gen(function* () {
    const spec = Datagram.dual.pipe(withMulticastInterface(index))
    const address = family === "ipv4" ? `::ffff:${sources.ipv4}` : `${sources.ipv6}%${index}`
    const sender = yield* Datagram.bind(spec, { address, port: 0 })
    const { port } = socket.localAddress
    yield* sender.send({ data: Uint8Array.of(1), to: { address: groups[family], port } })
    const marking = yield* Datagram.client(Datagram.dual)
    yield* marking.send({ data: Uint8Array.of(0), to: { address: "127.0.0.1", port } })
    const [first] = (yield* socket.receive).data
    if (first === 1) yield* socket.receive
    return first === 1
  }).pipe(Effect.scoped)

const held = <A>(effect: Effect.Effect<A, DatagramMembershipError, Scope.Scope>) =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const joined = yield* Effect.either(Scope.extend(effect, scope))
    return { scope, outcome: Either.match(joined, { onLeft: ({ reason }): string => reason, onRight: () => "joined" }) }
  })

/** Joined twice, on the interface before and after it was recreated. */
const twice = (family: Family, source: boolean) =>
  Effect.gen(function* () {
    const socket = yield* listening
    const join = held(socket.join(groups[family], source ? { ...at, source: sources[family] } : at))
    const first = yield* join
    const before = yield* isHeard(socket, family)
    remove()
    const meanwhile = yield* join
    make()
    const second = yield* join
    const after = yield* isHeard(socket, family)
    for (const { scope } of [first, second]) yield* Scope.close(scope, Exit.void)
    const left = yield* isHeard(socket, family)
    return [first.outcome, before, meanwhile.outcome, second.outcome, after, left]
  }).pipe(Effect.scoped)

/** Blocked sources and joined sources of a group are restored with it. */
const others = (family: Family) =>
  Effect.gen(function* () {
    const socket = yield* listening
    yield* socket.join(groups[family], at)
    yield* socket.block(groups[family], sources[family], at)
    const silenced = yield* isHeard(socket, family)
    anew()
    yield* socket.join(groups[family], at)
    const again = yield* isHeard(socket, family)
    const single = yield* listening
    yield* single.join(groups[family], { ...at, source: sources[family] })
    anew()
    yield* single.join(groups[family], { ...at, source: family === "ipv4" ? "192.0.2.9" : "fe80::9" })
    return [silenced, again, yield* isHeard(single, family)]
  }).pipe(Effect.scoped)

/** Two sockets: if either leaves, the other must keep the group. */
const two = (family: Family) =>
  Effect.gen(function* () {
    const [one, other] = [yield* listening, yield* listening]
    const ofOne = yield* held(one.join(groups[family], at))
    yield* other.join(groups[family], at)
    anew()
    yield* one.join(groups[family], at).pipe(Effect.scoped)
    const both = [yield* isHeard(one, family), yield* isHeard(other, family)]
    yield* Scope.close(ofOne.scope, Exit.void)
    return [...both, yield* isHeard(one, family), yield* isHeard(other, family)]
  }).pipe(Effect.scoped)

/** The routes choose the interface. */
const unnamed = Effect.gen(function* () {
  ip("route add 224.0.0.0/4 dev v0")
  const socket = yield* listening
  yield* socket.join(groups.ipv4)
  const before = yield* isHeard(socket, "ipv4")
  anew()
  ip("route add 224.0.0.0/4 dev v0")
  yield* socket.join(groups.ipv4)
  return [before, yield* isHeard(socket, "ipv4")]
}).pipe(Effect.scoped)

/** Below an MTU of 1280 Linux takes IPv6 from an interface, which stays. */
const narrow = Effect.gen(function* () {
  const socket = yield* listening
  yield* socket.join(groups.ipv6, at)
  ip("link set v0 mtu 1279")
  ip("link set v0 mtu 1500")
  ip("-6 addr add fe80::a/64 dev v0 nodad")
  untilRouted()
  yield* socket.join(groups.ipv6, at)
  return yield* isHeard(socket, "ipv6")
}).pipe(Effect.scoped)

/** Moved to another namespace and back, under its index. */
const moved = Effect.gen(function* () {
  const socket = yield* listening
  yield* socket.join(groups.ipv4, at)
  ip(`link set v0 netns ${other}`)
  ip(`-n ${other} link set v0 netns ${process.pid}`)
  ip("addr add 192.0.2.1/24 dev v0")
  ip("link set v0 up")
  yield* socket.join(groups.ipv4, at)
  return yield* isHeard(socket, "ipv4")
}).pipe(Effect.scoped)

/** While changes are followed, no call of the program is needed. */
const followed = Effect.gen(function* () {
  const { changes } = yield* Interfaces
  const socket = yield* listening
  yield* socket.join(groups.ipv4, at)
  const added = yield* Queue.unbounded<void>()
  yield* Effect.fork(
    Stream.runForEach(changes(), ({ _tag, interface: one }) =>
      _tag === "Added" && one.index === index ? Queue.offer(added, undefined) : Effect.void
    )
  )
  yield* Queue.take(added)
  anew()
  yield* Queue.take(added)
  return yield* isHeard(socket, "ipv4")
}).pipe(Effect.scoped)

/** Left by address, and joined again. */
const left = (family: Family) =>
  Effect.gen(function* () {
    const socket = yield* listening
    const group = groups[family]
    const reason = <A>(effect: Effect.Effect<A, DatagramMembershipError, Scope.Scope>) =>
      Effect.match(effect, { onFailure: ({ reason }): string => reason, onSuccess: () => "left" })
    const before = yield* reason(socket.leave(group, at))
    const scope = (yield* held(socket.join(group, at))).scope
    yield* socket.join(group, at)
    const once = yield* reason(socket.leave(group, at))
    const silent = yield* isHeard(socket, family)
    const again = yield* reason(socket.leave(group, at))
    yield* socket.join(group, at)
    // The end of a scope whose membership was left does not end a later one.
    yield* Scope.close(scope, Exit.void)
    const heard = yield* isHeard(socket, family)
    anew()
    const anewed = yield* reason(socket.leave(group, at))
    return [before, once, silent, again, heard, anewed, yield* isHeard(socket, family)]
  }).pipe(Effect.scoped)

make()
const program = Effect.gen(function* () {
  return {
    ipv4: yield* twice("ipv4", false),
    ipv6: yield* twice("ipv6", false),
    source4: yield* twice("ipv4", true),
    source6: yield* twice("ipv6", true),
    others4: yield* others("ipv4"),
    others6: yield* others("ipv6"),
    two4: yield* two("ipv4"),
    two6: yield* two("ipv6"),
    unnamed: yield* unnamed,
    narrow: yield* narrow,
    followed: yield* followed,
    left4: yield* left("ipv4"),
    left6: yield* left("ipv6"),
    moved: yield* moved
  }
})
const layer = Interfaces.layer.pipe(Layer.provideMerge(LinuxSockets.layer))
console.log(JSON.stringify(await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(layer)))))
