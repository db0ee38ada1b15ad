/**
 * Actions that open sockets of random specs: bound, connected, and pairs.
 */
import { UnixEndpoint } from "@ancillary/control"
import {
  Datagram,
  type DatagramSockets,
  withBackpressure,
  withCoalescing,
  withCredentials,
  withDropCount,
  withDscp,
  withEcn,
  withErrorReports,
  withHopLimit,
  withMulticastAll,
  withOptional,
  withPktInfo,
  withRights,
  withTimestamp,
  withTrafficClass,
  withTransmitTimestamps
} from "@ancillary/effect3"
import { make } from "@ancillary/engine/spec/Spec"
import { Cause, Effect, Exit, Scope } from "effect"
import type { Random } from "../random.ts"
import { type AnySpec, apply } from "../specs.ts"
import { type AnySocket, Member, type MemberFamily, type MemberOptions } from "./member.ts"
import type { World } from "./world.ts"

const membersAtMost = 6

interface Drawn {
  readonly spec: AnySpec
  readonly declares: ReadonlySet<string>
  readonly optional: ReadonlySet<string>
  readonly backpressure: MemberOptions["backpressure"]
}

const internetSpec = (random: Random, family: MemberFamily, isConnected: boolean): Drawn => {
  const declares = new Set<string>()
  const optional = new Set<string>()
  let spec = make(family) as unknown as AnySpec
  const add = (key: string, combinator: unknown, mayBeOptional = true) => {
    declares.add(key)
    if (mayBeOptional && random.oneIn(4)) {
      optional.add(key)
      spec = apply(spec, withOptional(combinator as ReturnType<typeof withTimestamp>))
    } else spec = apply(spec, combinator)
  }
  if (!random.oneIn(4)) add("pktInfo", withPktInfo(), false)
  if (!random.oneIn(4)) add("hopLimit", withHopLimit())
  const classes = random.below(4)
  if (classes === 1) add("trafficClass", withTrafficClass())
  if (classes >= 2) add("dscp", withDscp())
  if (classes === 3) add("ecn", withEcn())
  if (random.oneIn(4)) {
    add("timestamp", withTimestamp(), false)
    optional.add("timestamp")
  }
  if (random.oneIn(4)) add("coalescedSize", withCoalescing(), false)
  if (random.oneIn(8)) add("dropCount", withDropCount(), false)
  if (!isConnected && random.oneIn(4)) add("errorReports", withErrorReports(), false)
  if (random.oneIn(6)) add("transmitTimestamp", withTransmitTimestamps(), false)
  if (random.oneIn(2)) spec = apply(spec, withMulticastAll(false))
  const backpressure = random.oneIn(2) ? "wait" : random.pick(["drop", "fail"] as const)
  return { spec: apply(spec, withBackpressure(backpressure)), declares, optional, backpressure }
}

const unixSpec = (random: Random): Drawn => {
  const declares = new Set<string>()
  let spec = make("unix") as unknown as AnySpec
  if (random.oneIn(2)) {
    declares.add("rights")
    spec = apply(spec, withRights({ maximum: 3 }))
  }
  if (random.oneIn(3)) {
    declares.add("credentials")
    spec = apply(spec, withCredentials())
  }
  const backpressure = random.oneIn(2) ? "wait" : random.pick(["drop", "fail"] as const)
  return { spec: apply(spec, withBackpressure(backpressure)), declares, optional: new Set(), backpressure }
}

const keep = (
  world: World,
  scope: Scope.CloseableScope,
  family: MemberFamily,
  drawn: Drawn,
  socket: AnySocket,
  rest: { readonly address?: string; readonly peer?: Member } = {}
): Member => {
  const name = `${family}#${++world.names}`
  const member = new Member({ name, family, socket, scope, address: rest.address, peer: rest.peer, ...drawn })
  world.members.push(member)
  return member
}

/** Runs an effect that opens a socket. A failure is reported, because none may occur here. */
const opened = <A>(
  world: World,
  what: string,
  effect: Effect.Effect<A, unknown, DatagramSockets | Scope.Scope>
): { readonly socket: A; readonly scope: Scope.CloseableScope } | undefined => {
  const scope = Effect.runSync(Scope.make())
  const exit = world.exit(Scope.extend(effect, scope))
  if (Exit.isSuccess(exit)) return { socket: exit.value, scope }
  world.wrong(`${what} failed: ${Cause.pretty(exit.cause)}`)
  return undefined
}

const families = (world: World): ReadonlyArray<"dual" | "ipv4" | "ipv6"> =>
  world.ipv6 ? ["ipv4", "ipv4", "ipv6", "dual"] : ["ipv4"]

const bindInternet = (world: World, random: Random): void => {
  const family = random.pick(families(world))
  const drawn = internetSpec(random, family, false)
  const one = random.oneIn(5)
  const any = family === "ipv4" ? "0.0.0.0" : "::"
  const address = one ? (family === "ipv4" ? `127.0.0.${1 + random.below(200)}` : "::1") : any
  world.say(`bind ${family} ${address}, ${[...drawn.declares].join("+")}, ${drawn.backpressure}`)
  const made = opened(world, `Binding ${family}`, Datagram.bind(drawn.spec, { address, port: 0 }))
  if (made !== undefined) keep(world, made.scope, family, drawn, made.socket, one ? { address } : {})
}

const connectInternet = (world: World, random: Random): void => {
  const peers = world.members.filter((each) => each.family !== "unix" && each.peer === undefined)
  if (peers.length === 0) return bindInternet(world, random)
  const peer = random.pick(peers)
  const to = random.pick(peer.peerFamilies)
  const family: MemberFamily = world.ipv6 && random.oneIn(3) ? "dual" : to
  const drawn = internetSpec(random, family, true)
  const address = peer.address ?? (to === "ipv4" ? "127.0.0.1" : "::1")
  world.say(`connect ${family} to ${peer.name}, ${[...drawn.declares].join("+")}, ${drawn.backpressure}`)
  const made = opened(
    world,
    `Connecting ${family} to ${address}`,
    Datagram.connect(drawn.spec, { address, port: peer.port })
  )
  if (made === undefined) return
  const member = keep(world, made.scope, family, drawn, made.socket as unknown as AnySocket, { peer })
  member.connectedFamily = to
  member.unreachable = true
}

const bindUnix = (world: World, random: Random): void => {
  const drawn = unixSpec(random)
  const path = random.oneIn(4) ? `${world.folder}/${world.names}` : undefined
  world.say(
    `bind unix ${path === undefined ? "abstract" : "path"}, ${[...drawn.declares].join("+")}, ${drawn.backpressure}`
  )
  const at = path === undefined ? new UnixEndpoint(undefined) : { path }
  const made = opened(world, "Binding unix", Datagram.bind(drawn.spec, at as never))
  if (made !== undefined) keep(world, made.scope, "unix", drawn, made.socket)
}

const pair = (world: World, random: Random): void => {
  const drawn = unixSpec(random)
  world.say(`pair, ${[...drawn.declares].join("+")}, ${drawn.backpressure}`)
  const made = opened(world, "A pair", Datagram.pair(drawn.spec as unknown as typeof Datagram.unix))
  if (made === undefined) return
  const [first, second] = made.socket as unknown as readonly [AnySocket, AnySocket]
  const one = keep(world, made.scope, "unix", drawn, first)
  // They share a scope: closing one closes both.
  const other = keep(world, made.scope, "unix", drawn, second, { peer: one })
  one.peer = other
}

export const open = (world: World, random: Random): void => {
  if (world.members.length >= membersAtMost) return
  const kind = random.below(10)
  if (kind < 5) bindInternet(world, random)
  else if (kind < 7) connectInternet(world, random)
  else if (kind < 9) bindUnix(world, random)
  else pair(world, random)
}
