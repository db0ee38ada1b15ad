/**
 * Actions that send: one datagram or many, in segments, as an answer, and to ports where no socket is.
 */
import { Datagram } from "@ancillary/effect3"
import { Cause, Effect, Either, Exit, Stream } from "effect"
import type { Random } from "../random.ts"
import type { Carried, Due, Member } from "./member.ts"
import { headerBytes, stamp } from "./stamp.ts"
import type { World } from "./world.ts"

/** Bytes of a receive buffer (212,992) that may be used. A datagram also takes the size of its packet buffer. */
const dueBytesAtMost = 90_000
/** A Unix receiver that has so many waits with the next, by `net.unix.max_dgram_qlen`. */
const unixDueAtMost = 8

const costOf = (size: number) => 1024 + 2 * size

/** A message for `send`, and the datagrams that must arrive. */
export interface Letter {
  readonly message: { readonly [key: string]: unknown }
  readonly target: Member
  readonly dues: ReadonlyArray<readonly [due: Due, cost: number]>
}

const sizeOf = (random: Random) => headerBytes + (random.oneIn(8) ? random.below(1200) : random.below(100))

const targetFor = (world: World, random: Random, sender: Member): Member | undefined => {
  const targets = world.members.filter((each) => each.hears(sender))
  return targets.length === 0 ? undefined : random.pick(targets)
}

const isFull = (target: Member): boolean =>
  target.family === "unix" ? target.due.size >= unixDueAtMost : target.dueBytes > dueBytesAtMost

const unixLetter = (world: World, random: Random, sender: Member, target: Member): Letter => {
  const id = world.nextId()
  const size = sizeOf(random)
  const data = new Uint8Array(size)
  stamp(data, 0, size, world.nonce, id)
  const rights =
    sender.declares.has("rights") && target.declares.has("rights") && random.oneIn(2)
      ? Array.from({ length: 1 + random.below(3) }, () => random.pick(world.files))
      : []
  const due: Due = {
    id,
    sender,
    // Linux: a socket without a name gets one at its first send, if its credentials go with it.
    from: sender.path ?? (sender.declares.has("credentials") ? "any" : "none"),
    destination: target.path ?? "none",
    delivery: "unicast",
    carried: { hopLimit: 0, classByte: 0, inodes: rights.map(({ inode }) => inode) },
    state: "sent"
  }
  const message = {
    data,
    ...(sender.peer === undefined ? { to: { path: target.path } } : {}),
    ...(rights.length === 0 ? {} : { control: { rights: rights.map(({ number }) => number) } })
  }
  return { message, target, dues: [[due, costOf(size)]] }
}

/** The control data of a datagram, and the values that its receiver must read. */
const controlFor = (random: Random, sender: Member, isGroup: boolean) => {
  const control: { [key: string]: unknown } = {}
  let hopLimit = isGroup ? 1 : sender.defaultHopLimit
  if (sender.declares.has("hopLimit") && !random.oneIn(3)) control["hopLimit"] = hopLimit = 1 + random.below(255)
  let classByte = sender.defaultClass
  if (sender.declares.has("trafficClass") && !random.oneIn(3)) control["trafficClass"] = classByte = random.below(256)
  if (sender.declares.has("dscp") && !random.oneIn(3)) {
    const dscp = random.below(64)
    control["dscp"] = dscp
    classByte = (dscp << 2) | (classByte & 3)
  }
  if (sender.declares.has("ecn") && !random.oneIn(3)) {
    const ecn = random.below(4)
    control["ecn"] = ["not-ect", "ect1", "ect0", "ce"][ecn]
    classByte = (classByte & ~3) | ecn
  }
  return { control, carried: { hopLimit, classByte, inodes: [] } satisfies Carried }
}

/** The source address: that of its packet information, if it has one, or the one that the kernel chooses. */
const sourceFor = (random: Random, sender: Member, target: Member, family: "ipv4" | "ipv6", isGroup: boolean) => {
  const chosen = sender.address ?? (family === "ipv6" ? "::1" : "127.0.0.1")
  const isFree = sender.declares.has("pktInfo") && sender.address === undefined && target.peer === undefined
  if (family === "ipv6" || !isFree || (!isGroup && random.oneIn(3))) return { chosen, source: undefined }
  const source = `127.${random.below(256)}.${random.below(256)}.${1 + random.below(254)}`
  return { chosen: source, source }
}

const groupOf = (random: Random, target: Member): string | undefined => {
  const held = [...target.groups].flatMap(([group, count]) => (count > 0 ? [group] : []))
  return held.length > 0 && random.oneIn(2) ? random.pick(held) : undefined
}

const internetLetter = (world: World, random: Random, sender: Member, target: Member): Letter => {
  const possible = target.peerFamilies.filter((family) => sender.peerFamilies.includes(family))
  const family = random.pick(possible)
  const mayBeGroup = sender.declares.has("pktInfo") && sender.peer === undefined && sender.family === "ipv4"
  const group = mayBeGroup && sender.address === undefined ? groupOf(random, target) : undefined
  const isGroup = group !== undefined
  const loopback = family === "ipv6" ? "::1" : "127.0.0.1"
  const address =
    group ?? (sender.peer === undefined ? target.addressFor(random, family) : (target.address ?? loopback))
  const { carried, control } = controlFor(random, sender, isGroup)
  const origin = sourceFor(random, sender, target, family, isGroup)
  const { chosen, source } = origin
  const isHeardFromOne = target.peer !== undefined && sender.address !== undefined
  if (sender.declares.has("pktInfo") && !isHeardFromOne && (isGroup || source !== undefined || random.oneIn(2)))
    control["pktInfo"] = {
      ...(source === undefined ? {} : { source }),
      ...(isGroup || random.oneIn(3) ? { interfaceIndex: 1 } : {})
    }
  const segments = !isGroup && random.oneIn(4) ? 2 + random.below(6) : 1
  const size = segments === 1 ? sizeOf(random) : headerBytes + 2 + random.below(120)
  const last = segments === 1 ? size : headerBytes + random.below(size - headerBytes + 1)
  const data = new Uint8Array((segments - 1) * size + last)
  const dues: Array<readonly [Due, number]> = []
  const stampId = sender.declares.has("transmitTimestamp") && segments === 1 && random.oneIn(3)
  for (let i = 0; i < segments; i++) {
    const bytes = i === segments - 1 ? last : size
    const id = world.nextId()
    stamp(data, i * size, bytes, world.nonce, id)
    const delivery = isGroup ? "multicast" : "unicast"
    dues.push([
      { id, sender, from: `${chosen} ${sender.port}`, destination: address, delivery, carried, state: "sent" },
      costOf(bytes)
    ])
    if (stampId) control["transmitTimestamp"] = id
  }
  const half = random.below(data.length + 1)
  const message = {
    data: random.oneIn(4) ? [data.subarray(0, half), data.subarray(half)] : data,
    ...(sender.peer === undefined ? { to: { address, port: target.port } } : {}),
    ...(Object.keys(control).length > 0 || random.oneIn(4) ? { control } : {}),
    ...(segments > 1 ? { segmentSize: size } : {})
  }
  return { message, target, dues }
}

export const letterFor = (world: World, random: Random, sender: Member): Letter | undefined => {
  const target = targetFor(world, random, sender)
  if (target === undefined || isFull(target)) return undefined
  return sender.family === "unix"
    ? unixLetter(world, random, sender, target)
    : internetLetter(world, random, sender, target)
}

/** Adds a message to the model before it is sent, because a receiver may read it within the send. */
const enter = (world: World, sender: Member, { dues, message, target }: Letter, state: Due["state"]): void => {
  for (const [due, cost] of dues) {
    due.state = state
    target.expect(due, cost)
  }
  world.count("datagrams sent", dues.length)
  const { transmitTimestamp } = (message["control"] ?? {}) as { readonly transmitTimestamp?: number }
  if (transmitTimestamp !== undefined) sender.stamps.add(transmitTimestamp)
}

/** The send is certain, or certainly did not happen. */
const settle = (sender: Member, { dues, target }: Letter, went: boolean): void => {
  for (const [due] of dues) {
    if (went) due.state = "sent"
    else if (!target.due.delete(due.id)) due.state = "maybe"
  }
  if (went) sender.sent += dues.length
}

/** With backpressure "drop" a send may succeed without sending. A send to a socket that is being closed may fail. */
const drops = (sender: Member): boolean => sender.backpressure === "drop"

const mayFail = (sender: Member, target: Member, reason: unknown): boolean =>
  reason === "WouldBlock"
    ? true
    : sender.closed || target.closed
      ? true
      : reason === "ConnectionRefused" && sender.unreachable

const checkFailure = (world: World, sender: Member, { target }: Letter, error: unknown): void => {
  const { reason } = error as { readonly reason?: unknown }
  if (!mayFail(sender, target, reason)) world.wrong(`${sender.name} to ${target.name}: ${String(error)}`)
}

export const sendUnsafely = (world: World, random: Random, sender: Member): void => {
  const letter = letterFor(world, random, sender)
  if (letter === undefined) return
  world.say(`trySend ${sender.name} to ${letter.target.name} ${idsOf(letter)}`)
  enter(world, sender, letter, "maybe")
  const sent = sender.socket.trySend(letter.message as never)
  if (Either.isLeft(sent)) checkFailure(world, sender, letter, sent.left)
  if (Either.isRight(sent) && drops(sender)) sender.maybeSent += letter.dues.length
  else settle(sender, letter, Either.isRight(sent))
}

const idsOf = ({ dues }: Letter) => dues.map(([{ id }]) => id).join(",")

/** Forked, because it may wait for room and be interrupted then. */
export const send = (world: World, random: Random, sender: Member): void => {
  const letter = letterFor(world, random, sender)
  if (letter === undefined) return
  world.say(`send ${sender.name} to ${letter.target.name} ${idsOf(letter)}`)
  enter(world, sender, letter, "maybe")
  const sending = { fiber: undefined as World["sendings"][number]["fiber"], done: false }
  const fiber = world.fork(sender.socket.send(letter.message as never))
  sending.fiber = fiber
  world.sendings.push(sending)
  fiber.addObserver((exit) => {
    sending.done = true
    if (Exit.isInterrupted(exit) || (Exit.isSuccess(exit) && drops(sender))) {
      sender.maybeSent += letter.dues.length
      return
    }
    if (Exit.isFailure(exit)) checkFailure(world, sender, letter, Cause.squash(exit.cause))
    settle(sender, letter, Exit.isSuccess(exit))
  })
}

/** Sends several, of which some are invalid. Those fail with their index, and the others are sent. */
export const sendMany = (world: World, random: Random, sender: Member): void => {
  const letters: Array<Letter | undefined> = []
  const count = 1 + random.below(12)
  const isSink = random.oneIn(4)
  for (let i = 0; i < count; i++) {
    if (!isSink && random.oneIn(8)) letters.push(undefined)
    else {
      const letter = letterFor(world, random, sender)
      if (letter === undefined) break
      enter(world, sender, letter, "maybe")
      letters.push(letter)
    }
  }
  if (letters.length === 0) return
  world.say(
    `${isSink ? "sink" : "sendAll"} ${sender.name}: ${letters.map((each) => (each === undefined ? "bad" : `${each.target.name} ${idsOf(each)}`)).join("; ")}`
  )
  const messages = letters.map((letter) => letter?.message ?? { data: "none" }) as unknown as ReadonlyArray<never>
  const all: Effect.Effect<Reported, unknown> = isSink
    ? Effect.map(Stream.run(Stream.fromIterable(messages), sender.socket.sink), (sent) => ({ sent, failed: [] }))
    : sender.socket.sendAll(messages)
  const sending = { fiber: undefined as World["sendings"][number]["fiber"], done: false }
  const fiber = world.fork(all)
  sending.fiber = fiber
  world.sendings.push(sending)
  fiber.addObserver((exit) => {
    sending.done = true
    const failed = Exit.isSuccess(exit)
      ? new Map(exit.value.failed.map(({ error, index }) => [index, error]))
      : undefined
    const isSure = failed !== undefined && !drops(sender)
    for (const [index, letter] of letters.entries()) {
      const error = failed?.get(index)
      if (letter === undefined) {
        if (failed !== undefined && error?.reason !== "InvalidArgument" && error?.reason !== "Closed")
          world.wrong(
            `sendAll of ${sender.name}: message ${index} should have failed, and has ${error?.reason ?? "no error"}`
          )
      } else if (error !== undefined) {
        checkFailure(world, sender, letter, error)
        settle(sender, letter, false)
      } else if (isSure) settle(sender, letter, true)
      else sender.maybeSent += letter.dues.length
    }
    if (Exit.isFailure(exit) && !Exit.isInterrupted(exit)) {
      const why = Cause.squash(exit.cause)
      const first = letters.find((letter) => letter !== undefined)
      if (first !== undefined) checkFailure(world, sender, first, why)
    }
  })
}

interface Reported {
  readonly failed: ReadonlyArray<{ readonly index: number; readonly error: { readonly reason: string } }>
}

/** Answers a datagram that was read before, from the requested address. */
export const reply = (world: World, random: Random, socket: Member): void => {
  const asked = socket.asked.pop()
  if (asked === undefined) return
  const target = asked.due.sender
  // A reply to the socket's own address is refused.
  if (target === socket || socket.peer !== undefined || !target.hears(socket) || isFull(target)) return
  // A connected target hears only the address that it is connected to.
  if (target.peer !== undefined && target.peer !== socket) return
  const id = world.nextId()
  const size = sizeOf(random)
  const data = new Uint8Array(size)
  stamp(data, 0, size, world.nonce, id)
  const isGroup = asked.due.delivery === "multicast"
  const [address = "", port] = asked.due.from.split(" ")
  const source = isGroup ? "127.0.0.1" : asked.due.destination
  const due: Due = {
    id,
    sender: socket,
    from: `${source} ${socket.port}`,
    destination: address,
    delivery: "unicast",
    carried: { hopLimit: socket.defaultHopLimit, classByte: socket.defaultClass, inodes: [] },
    state: "sent"
  }
  const heard = target.address ?? (target.peer === undefined ? address : address.includes(":") ? "::1" : "127.0.0.1")
  if (Number(port) !== target.port || isGroup || heard !== address) return
  const letter = { message: {}, target, dues: [[due, costOf(size)]] as const }
  world.say(`reply ${socket.name} to ${target.name} ${id}`)
  enter(world, socket, letter, "maybe")
  const sent = Datagram.tryReply(socket.socket as never, asked.datagram as never, data)
  if (Either.isLeft(sent)) checkFailure(world, socket, letter, sent.left)
  if (Either.isRight(sent) && drops(socket)) socket.maybeSent++
  else settle(socket, letter, Either.isRight(sent))
}

/** Sends to a port of this host without a socket. With error reports this causes an event. */
export const sendToNobody = (world: World, random: Random, sender: Member): void => {
  if (sender.family === "unix" || sender.peer !== undefined) return
  const id = world.nextId()
  const data = new Uint8Array(headerBytes + random.below(60))
  stamp(data, 0, data.length, world.nonce, id)
  const port = 1 + random.below(6)
  const address = random.pick(sender.peerFamilies) === "ipv4" ? "127.0.0.1" : "::1"
  world.say(`send ${sender.name} to port ${port}, ${id}`)
  world.nowhere.add(id)
  if (sender.declares.has("errorReports")) sender.dead.set(id, port)
  const sent = sender.socket.trySend({ data, to: { address, port } })
  if (Either.isRight(sent)) sender.maybeSent++
  else if (!sender.closed) world.wrong(`${sender.name} to a port without a socket: ${String(sent.left)}`)
}
