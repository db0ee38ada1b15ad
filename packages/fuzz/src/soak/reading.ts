/**
 * Actions that read, in every way. Each reader runs until it has enough, fails, throws or is interrupted.
 */
import { fstatSync } from "node:fs"
import type { Descriptor as Received } from "@ancillary/control"
import { DatagramFault, Descriptor, serveOn } from "@ancillary/effect3"
import { Chunk, Effect, Either, Exit, Fiber, Logger, Option, Scope, Stream } from "effect"
import type { Random } from "../random.ts"
import { identify } from "./stamp.ts"
import type { Due, Member } from "./member.ts"
import { letterFor, sendUnsafely } from "./sending.ts"
import { type Arrived, Thrown, type World } from "./world.ts"

const readersAtMost = 8

/** Adds descriptors of a datagram to a scope that a later action closes. */
const takeSome = (world: World, random: Random, arrived: Arrived, due: Due): void => {
  const rights = (arrived.control["rights"] ?? []) as ReadonlyArray<Received>
  for (const [i, received] of rights.entries()) {
    if (random.oneIn(2)) continue
    const scope = Effect.runSync(Scope.make())
    const taken = Effect.runSyncExit(Scope.extend(Descriptor.take(received), scope))
    if (Exit.isFailure(taken)) {
      world.wrong(`datagram ${due.id}: its descriptor cannot be taken: ${String(taken.cause)}`)
      continue
    }
    world.count("descriptors taken")
    world.holds.push({
      release: () => {
        if (fstatSync(taken.value).ino !== due.carried.inodes[i])
          world.wrong(`datagram ${due.id}: its descriptor ${taken.value} became another file`)
        Effect.runSync(Scope.close(scope, Exit.void))
      }
    })
  }
}

/** Reads a datagram that its reader owns. */
const own = (world: World, random: Random, member: Member, arrived: Arrived, how: string, isAlone = true): void => {
  const due = world.record(member, arrived, how, !isAlone)
  if (due === undefined) return
  // Descriptors of an earlier read may already be closed.
  if (isAlone) takeSome(world, random, arrived, due)
  if (member.declares.has("pktInfo") && member.asked.length < 4) member.asked.push({ datagram: arrived, due })
}

const one = (world: World, random: Random, member: Member): void => {
  world.say(`receive ${member.name}`)
  world.read(
    "receive",
    member,
    Effect.map(member.socket.receive, (arrived) => own(world, random, member, arrived, "receive"))
  )
}

const within = (world: World, random: Random, member: Member): void => {
  const millis = random.pick([0, 0, 0, 1, 3])
  world.say(`receiveWithin ${millis} ${member.name}`)
  world.read(
    "receiveWithin",
    member,
    Effect.map(member.socket.receiveWithin(millis), (arrived) => {
      if (Option.isSome(arrived)) own(world, random, member, arrived.value, "receiveWithin")
    })
  )
}

/** A read that loses a race loses at most one datagram. */
const raced = (world: World, random: Random, member: Member): void => {
  world.say(`receive ${member.name}, raced`)
  const read = Effect.map(member.socket.receive, (arrived) => own(world, random, member, arrived, "a race"))
  world.read("a race", member, random.oneIn(2) ? Effect.race(read, Effect.yieldNow()) : Effect.timeoutOption(read, 1), {
    datagrams: 1
  })
}

const isAscending = (world: World, member: Member, ids: ReadonlyArray<number>): void => {
  if (member.family !== "unix") return
  for (let i = 1; i < ids.length; i++)
    if ((ids[i] ?? 0) < (ids[i - 1] ?? 0)) world.count("batches out of order by the time that sends waited")
}

const batch = (world: World, random: Random, member: Member): void => {
  world.say(`receiveBatch ${member.name}`)
  world.read(
    "receiveBatch",
    member,
    Effect.map(member.socket.receiveBatch, (arrived) => {
      isAscending(
        world,
        member,
        Chunk.toReadonlyArray(arrived).map(({ data }) => Number(identify(data, world.nonce) ?? 0))
      )
      for (const each of arrived) own(world, random, member, each, "receiveBatch")
    })
  )
}

/** The datagram is read again later, so the model does not change. */
const peek = (world: World, member: Member): void => {
  world.say(`peek ${member.name}`)
  world.read(
    "peek",
    member,
    Effect.map(member.socket.peek, (arrived) => {
      world.count("read by peek")
      const id = identify(arrived.data, world.nonce)
      if (id === undefined) return
      if (typeof id === "string") return world.wrong(`${member.name}, peek: ${id}`)
      if (world.nowhere.has(id)) return
      const due = member.due.get(id)
      if (due === undefined) return world.wrong(`${member.name}, peek: datagram ${id} was read before, or is another's`)
      const wrong = world.mismatch(member, due, arrived)
      if (wrong !== undefined) world.wrong(`${member.name}, peek: datagram ${id} ${wrong}`)
    })
  )
}

/** A stream that is taken from for a while: its consumer stops, fails, throws, or waits in the middle of a chunk. */
const stream = (world: World, random: Random, member: Member): void => {
  const isOutcomes = random.oneIn(3)
  const name = isOutcomes ? "outcomes" : "datagrams"
  const end = random.pick(["take", "fail", "throw", "never", "wait"] as const)
  let rest = 1 + random.below(20)
  world.say(`${name} ${member.name}, ${end} ${rest}`)
  const consume = (arrived: Arrived) =>
    Effect.suspend(() => {
      own(world, random, member, arrived, name, false)
      if (--rest > 0) return Effect.void
      if (end === "throw") throw new Thrown()
      return end === "fail" ? Effect.fail(new Thrown()) : end === "wait" ? Effect.sleep("1 millis") : Effect.void
    })
  const datagrams = isOutcomes
    ? Stream.filterMap(member.socket.outcomes, (outcome) => {
        if (Either.isLeft(outcome)) world.recordFault(member, outcome.left)
        return Either.getRight(outcome)
      })
    : member.socket.datagrams
  const limited = end === "take" ? Stream.take(datagrams, rest) : datagrams
  world.read(name, member, Stream.runForEach(limited, consume), { datagrams: member.batch })
}

/** The actions of a callback beside reading its datagram: everything that a program might do in the middle of a batch. */
const misbehave = (world: World, random: Random, member: Member, isBorrowed: boolean): void => {
  const what = random.below(isBorrowed ? 12 : 14)
  if (what === 0) {
    world.say(`  throws`)
    member.gaveBack = true
    throw new Thrown()
  }
  if (what === 1) sendUnsafely(world, random, member)
  if (what === 2) {
    const reader = random.pick(world.readers)
    world.say(`  interrupts ${reader.name}`)
    reader.member.gaveBack = true
    if (reader.fiber !== undefined) Effect.runFork(Fiber.interrupt(reader.fiber))
  }
  if (what === 3) read(world, random)
  if (what === 4) {
    const other = world.pick(random)
    if (other !== undefined && random.oneIn(8)) close(world, other)
  }
  if (what === 5) {
    const other = world.pick(random)
    if (other !== undefined) within(world, random, other)
  }
  if (what === 6) {
    const sender = world.pick(random)
    const letter = sender === undefined ? undefined : letterFor(world, random, sender)
    // Made and not sent: nothing of it may arrive.
    if (letter !== undefined) world.count("letters that were not sent")
  }
}

/** Closes a socket: what is on its way to it is lost. */
export const close = (world: World, member: Member): void => {
  const all = world.members.filter(({ scope }) => scope === member.scope)
  for (const each of all) {
    world.say(`close ${each.name}`)
    each.closed = true
    each.gaveBack = true
    world.members.splice(world.members.indexOf(each), 1)
    world.closedMembers.push(each)
    for (const other of [...world.members, ...all]) if (other.peer === each) other.unreachable = true
  }
  world.fork(Scope.close(member.scope, Exit.void))
}

const loop = (world: World, random: Random, member: Member): void => {
  const isBorrowed = random.oneIn(2)
  const name = isBorrowed ? "forEachBorrowed" : "forEach"
  let calm = random.below(8)
  world.say(`${name} ${member.name}`)
  const lent: Array<Uint8Array> = []
  const callback = (arrived: Arrived) => {
    for (const earlier of lent.splice(0))
      if (world.guarded && !member.gaveBack && earlier.length > 0)
        world.wrong(`${name} of ${member.name}: a view outlived its callback`)
    if (isBorrowed) {
      if (arrived.data.length > 0) lent.push(arrived.data)
      const due = world.record(member, arrived, name)
      if (due !== undefined) takeSome(world, random, arrived, due)
    } else own(world, random, member, arrived, name)
    if (calm-- <= 0) misbehave(world, random, member, isBorrowed)
  }
  world.read(name, member, member.socket[name](callback))
}

/** Handlers that fail, die, throw before there is an effect, and take longer than the next read. */
const server = (world: World, random: Random, member: Member): void => {
  const concurrency = 1 + random.below(4)
  member.served = true
  world.say(`serve ${member.name}, ${concurrency} at a time`)
  const handler = (arrived: Arrived): Effect.Effect<void, Thrown> => {
    // A handler that begins after its socket was closed finds the descriptors closed with it.
    own(world, random, member, arrived, "serve", !member.closed)
    const how = random.below(8)
    if (how === 0) throw new Thrown()
    if (how === 1) return Effect.die(new Thrown())
    if (how === 2) return Effect.fail(new Thrown())
    if (how === 3) return "no effect" as unknown as Effect.Effect<void>
    if (how === 4) return Effect.sleep("1 millis")
    if (how === 5) return Effect.sync(() => sendUnsafely(world, random, member))
    return Effect.void
  }
  const serving = Effect.flatMap(serveOn(member.socket, handler, { concurrency, shutdown: 0 }), Fiber.join)
  // One datagram may have been read while its handler had not begun.
  world.read("serve", member, Effect.provide(serving, quiet), { datagrams: concurrency })
}

const quiet = Logger.remove(Logger.defaultLogger)

const events = (world: World, random: Random, member: Member): void => {
  if (!member.declares.has("errorReports") && !member.declares.has("transmitTimestamp")) return
  let rest = random.oneIn(2) ? 1 + random.below(4) : Infinity
  world.say(`events ${member.name}, ${rest}`)
  const reading = Stream.runForEach(member.socket.events, (event) =>
    Effect.suspend(() => {
      member.events++
      world.count("events read")
      recordEvent(world, member, event as never)
      if (random.oneIn(8)) sendUnsafely(world, random, member)
      return --rest > 0 ? Effect.void : Effect.fail(new Thrown())
    })
  )
  world.read("events", member, reading, { events: 256 })
}

interface Event {
  readonly _tag: string
  readonly id: number
  readonly stage: string
  readonly code: string
  readonly datagram: Uint8Array
  readonly destination: Option.Option<{ readonly port: number }>
}

const recordEvent = (world: World, member: Member, event: Event): void => {
  const again = (what: string) => {
    if (member.seenEvents.has(what)) world.wrong(`${member.name}: event ${what} came twice`)
    member.seenEvents.add(what)
  }
  if (event._tag === "TransmitTimestamp") {
    again(`stamp ${event.id} ${event.stage}`)
    if (!member.stamps.has(event.id)) world.wrong(`${member.name}: a stamp of ${event.id}, which asked for none`)
    return
  }
  if (event._tag !== "ErrorReport") return world.wrong(`${member.name}: an event ${event._tag}`)
  const id = identify(event.datagram, world.nonce, false)
  const port = Option.map(event.destination, ({ port }) => port)
  // A datagram to a socket that was closed meanwhile is reported as well.
  if (typeof id !== "number") return world.wrong(`${member.name}: a report of ${String(id)}`)
  again(`report ${id}`)
  const due = member.dead.get(id)
  if (due !== undefined && !Option.contains(port, due))
    world.wrong(`${member.name}: the report of ${id} names port ${String(Option.getOrUndefined(port))}, not ${due}`)
  if (event.code !== "ECONNREFUSED") world.wrong(`${member.name}: the report of ${id} has ${event.code}`)
}

/** Asks for what is there: the account is checked when the readers have ended. */
export const read = (world: World, random: Random): void => {
  const member = world.pick(random)
  if (member === undefined || world.readers.filter(({ done }) => !done).length >= readersAtMost) return
  const how = random.below(16)
  if (how < 2) one(world, random, member)
  else if (how < 4) within(world, random, member)
  else if (how < 5) raced(world, random, member)
  else if (how < 7) batch(world, random, member)
  else if (how < 8) peek(world, member)
  else if (how < 10) stream(world, random, member)
  else if (how < 13) loop(world, random, member)
  else if (how < 14) server(world, random, member)
  else events(world, random, member)
}

/** Reads all that is there, once all other readers have ended. */
export const drain = (world: World, random: Random, member: Member): Effect.Effect<number> => {
  const before = member.recorded + member.strangers
  const next: Effect.Effect<number> = Effect.suspend(() =>
    Effect.matchEffect(member.socket.receiveWithin(0), {
      onFailure: (error) => {
        if (error instanceof DatagramFault) world.recordFault(member, error)
        else if (error.reason === "Closed" || !member.unreachable) {
          world.wrong(`draining ${member.name}: ${String(error)}`)
          return Effect.succeed(0)
        }
        return next
      },
      onSuccess: Option.match({
        onNone: () => Effect.succeed(member.recorded + member.strangers - before),
        onSome: (arrived) => {
          own(world, random, member, arrived, "draining")
          return next
        }
      })
    })
  )
  return next
}
