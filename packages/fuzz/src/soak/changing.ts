/**
 * Actions that change sockets: options, groups, interruptions, held descriptors, and closing.
 */
import { SocketOption } from "@ancillary/effect3"
import { Cause, Effect, Exit, Fiber, Scope } from "effect"
import type { Random } from "../random.ts"
import type { Member } from "./member.ts"
import { close } from "./reading.ts"
import type { World } from "./world.ts"

const setOption = (world: World, random: Random, member: Member): void => {
  if (member.family === "unix") return
  const isHops = random.oneIn(2)
  const value = isHops ? 1 + random.below(255) : random.below(256)
  const option = isHops ? SocketOption.defaultHopLimit : SocketOption.defaultTrafficClass
  world.say(`${isHops ? "defaultHopLimit" : "defaultTrafficClass"} of ${member.name} is ${value}`)
  const exit = world.exit(
    Effect.zipRight(member.socket.setOption(option as never, value as never), member.socket.getOption(option as never))
  )
  if (Exit.isFailure(exit)) return world.wrong(`${member.name}: ${Cause.pretty(exit.cause)}`)
  if (exit.value !== value) world.wrong(`${member.name}: the option is ${String(exit.value)}, not ${value}`)
  if (isHops) member.defaultHopLimit = value
  else member.defaultClass = value
}

/** Joins one of three groups: several scopes may hold the same. */
const join = (world: World, random: Random, member: Member): void => {
  if (member.family !== "ipv4" || member.peer !== undefined || member.address !== undefined) return
  const group = `239.77.9.${1 + random.below(3)}`
  const scope = Effect.runSync(Scope.make())
  const exit = world.exit(Scope.extend(member.socket.join(group, { interfaceIndex: 1 }), scope))
  if (Exit.isFailure(exit)) return world.wrong(`${member.name}: ${Cause.pretty(exit.cause)}`)
  world.say(`join ${group} ${member.name}`)
  member.groups.set(group, (member.groups.get(group) ?? 0) + 1)
  world.holds.push({
    release: () => {
      world.say(`leave ${group} ${member.name}`)
      member.groups.set(group, (member.groups.get(group) ?? 0) - 1)
      Effect.runSync(Scope.close(scope, Exit.void))
    }
  })
}

const release = (world: World, random: Random): void => {
  if (world.holds.length === 0) return
  const [hold] = world.holds.splice(random.below(world.holds.length), 1)
  hold?.release()
}

const interruptSending = (world: World, random: Random): void => {
  const sendings = world.sendings.filter(({ done }) => !done)
  if (sendings.length === 0) return
  world.say("interrupt a send")
  const { fiber } = random.pick(sendings)
  if (fiber !== undefined) world.fork(Fiber.interrupt(fiber))
}

/** At once, or within the turns that follow. */
const interruptReader = (world: World, random: Random): void => {
  const readers = world.readers.filter(({ done }) => !done)
  if (readers.length === 0) return
  const reader = random.pick(readers)
  const { fiber } = reader
  if (fiber === undefined) return
  const when = random.below(4)
  reader.member.gaveBack = true
  world.say(`interrupt ${reader.name}, ${["now", "in a microtask", "in the next turn", "by its fiber"][when]}`)
  const interrupt = () => void world.fork(Fiber.interrupt(fiber))
  if (when === 0) interrupt()
  else if (when === 1) queueMicrotask(interrupt)
  else if (when === 2) setImmediate(interrupt)
  else fiber.unsafeInterruptAsFork(fiber.id())
}

export const change = (world: World, random: Random): void => {
  const member = world.pick(random)
  if (member === undefined) return
  const how = random.below(16)
  if (how < 6) interruptReader(world, random)
  else if (how < 8) interruptSending(world, random)
  else if (how < 10) setOption(world, random, member)
  else if (how < 12) join(world, random, member)
  else if (how < 15) release(world, random)
  else if (random.oneIn(2)) close(world, member)
}
