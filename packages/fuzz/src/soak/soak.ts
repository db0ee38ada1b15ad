/**
 * Random actions on real sockets against a model. Every datagram arrives once, with its control data, at its destination, or is lost in a way
 * that the laws of reading allow. The counters balance, and descriptors and memory do not grow.
 */
import { closeSync, fstatSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { LinuxSockets } from "@ancillary/effect3/node"
import { DatagramSockets } from "@ancillary/effect3"
import { type Driver, isFault } from "@ancillary/engine/driver/Driver"
import { Effect, Fiber, type Runtime } from "effect"
import { hasIpv6 } from "../machine.ts"
import { heldMemory } from "../heldMemory.ts"
import type { Part } from "../part.ts"
import { Random } from "../random.ts"
import { change } from "./changing.ts"
import type { Member } from "./member.ts"
import { open } from "./opening.ts"
import { close, drain, read } from "./reading.ts"
import { reply, send, sendMany, sendToNobody, sendUnsafely } from "./sending.ts"
import { World } from "./world.ts"

/** Actions of a case. */
export const actionsPerCase = 200

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

const act = (world: World, random: Random): void => {
  const how = random.below(32)
  if (how < 3 || world.members.length < 2) return open(world, random)
  const member = world.pick(random)
  if (member === undefined) return
  if (how < 12) return sendUnsafely(world, random, member)
  if (how < 14) return send(world, random, member)
  if (how < 16) return sendMany(world, random, member)
  if (how < 17) return reply(world, random, member)
  if (how < 18) return sendToNobody(world, random, member)
  if (how < 26) return read(world, random)
  return change(world, random)
}

/** Lets the event loop run after an action, so that readers wait, wake up and are interrupted at different points. */
const pause = async (random: Random): Promise<void> => {
  const how = random.below(8)
  if (how === 0) for (let turns = 1 + random.below(4); turns > 0; turns--) await turn()
  else if (how < 3) await turn()
  else if (how === 3) await Promise.resolve()
}

const interruptAll = async (world: World): Promise<void> => {
  for (let left = world.readers.filter(({ done }) => !done); left.length > 0;) {
    await Effect.runPromise(Fiber.interruptAll(left.flatMap(({ fiber }) => (fiber === undefined ? [] : [fiber]))))
    left = world.readers.filter(({ done }) => !done)
  }
}

/** Drops of a socket that the kernel counts, because its buffer was full. */
const kernelDrops = (member: Member): number => {
  if (member.family === "unix") return 0
  const port = member.port.toString(16).toUpperCase().padStart(4, "0")
  return ["/proc/net/udp", "/proc/net/udp6"]
    .flatMap((file) => readFileSync(file, "utf8").split("\n"))
    .filter((line) => line.split(/\s+/)[2]?.endsWith(`:${port}`) === true)
    .reduce((sum, line) => sum + Number(line.trim().split(/\s+/).at(-1)), 0)
}

const certain = (member: Member): number => [...member.due.values()].filter(({ state }) => state === "sent").length

/** Reads the rest. No datagram may be missing that was certainly sent and not lost by a reader. */
const settle = async (world: World, random: Random): Promise<void> => {
  await interruptAll(world)
  // Waiting sends get room when their receivers are read.
  for (let round = 0; round < 200; round++) {
    for (const member of world.members) await Effect.runPromise(drain(world, random, member))
    await turn()
    if (world.sendings.every(({ done }) => done) && round > 0) break
  }
  const waiting = world.sendings.filter(({ done }) => !done)
  if (waiting.length > 0) {
    world.wrong(`${waiting.length} sends still wait, although their receivers have room`)
    await Effect.runPromise(Fiber.interruptAll(waiting.flatMap(({ fiber }) => (fiber === undefined ? [] : [fiber]))))
  }
  for (let patience = 0; patience < 100; patience++) {
    let missing = 0
    for (const member of world.members) {
      await Effect.runPromise(drain(world, random, member))
      missing += Math.max(0, certain(member) - (member.served ? Infinity : member.forgone))
    }
    if (missing === 0) break
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

const account = async (world: World, member: Member): Promise<void> => {
  const stats = await Effect.runPromise(member.socket.stats)
  const faults = Object.values(stats.faults).reduce((sum, count) => sum + count, 0n)
  const { dropped, events, delivered, sent, dequeued, putBack } = stats
  const what = (name: string, text: string) => world.wrong(`${member.name}: ${name}: ${text}`)
  if (dequeued !== delivered + faults + dropped + putBack)
    what(
      "the accounts",
      `taken ${dequeued}, received ${delivered}, faults ${faults}, dropped ${dropped}, unread ${putBack}`
    )
  if (faults !== 0n) what("faults", String(faults))
  if (dropped !== 0n && !member.closed && member.peer === undefined) what("dropped", String(dropped))
  if (putBack !== 0n) what("unread", String(putBack))
  const givenUp = Number(delivered) - member.recorded - member.strangers
  // A server takes no datagram from its own address.
  const own = member.served ? [...member.due.values()].filter(({ sender }) => sender === member).length : 0
  if (givenUp < 0 || givenUp > member.forgone + own)
    what("readers", `they gave up ${givenUp} datagrams, the laws allow ${member.forgone + own}`)
  if (!member.closed) {
    const lost = certain(member)
    const drops = lost > givenUp ? kernelDrops(member) : 0
    world.count("lost for want of room in the kernel", drops)
    if (lost > givenUp + drops)
      what(
        "lost",
        `${lost} datagrams (${[...member.due.keys()].slice(0, 8).join(", ")}); readers gave up ${givenUp}; taken ${dequeued}, dropped ${dropped}`
      )
  }
  world.count("given up by readers that stopped early", Math.max(0, givenUp))
  world.count("on their way to a socket that was closed", member.closed ? member.due.size : 0)
  if (Number(sent) < member.sent || Number(sent) > member.sent + member.maybeSent)
    what("sent", `${sent}, the model has ${member.sent} and perhaps ${member.maybeSent} more`)
  if (events.dequeued !== events.delivered + events.dropped + events.ignored + events.queued)
    what(
      "events",
      `taken ${events.dequeued}, received ${events.delivered}, dropped ${events.dropped}, unread ${events.queued}`
    )
  const unseen = Number(events.delivered) - member.events
  if (unseen < 0 || unseen > member.eventsForgone) what("events", `${unseen} were received and not seen`)
}

const finish = async (world: World, random: Random): Promise<void> => {
  await settle(world, random)
  for (const hold of world.holds.splice(0)) hold.release()
  for (const member of world.members) await account(world, member)
  while (world.members[0] !== undefined) close(world, world.members[0])
  for (let turns = 0; turns < 3; turns++) await turn()
  for (const member of world.closedMembers) await account(world, member)
}

const descriptors = (): number => readdirSync("/proc/self/fd").length

/** Waits a little for descriptors that are closed in the background. */
const leaked = async (before: number): Promise<number> => {
  let more = descriptors() - before
  for (let patience = 0; patience < 200 && more > 0; patience++) {
    await new Promise((resolve) => setTimeout(resolve, 5))
    more = descriptors() - before
  }
  return more
}

interface Ground {
  readonly runtimes: readonly [plain: Runtime.Runtime<DatagramSockets>, guarded: Runtime.Runtime<DatagramSockets>]
  readonly files: World["files"]
  readonly folder: string
  readonly ipv6: boolean
  readonly tally: Map<string, number>
}

/** Runs one case, or only some of its actions. The seed, the case and its number determine an action. */
const runCase = async (
  ground: Ground,
  seed: number,
  index: number,
  isIncluded: (action: number) => boolean
): Promise<World> => {
  const random = new Random().drawFor(seed, index)
  const nonce = random.draw()
  const isGuarded = random.oneIn(2)
  const { files, folder, ipv6, runtimes, tally } = ground
  const world = new World({
    nonce,
    runtime: runtimes[isGuarded ? 1 : 0],
    guarded: isGuarded,
    ipv6,
    files,
    folder,
    tally
  })
  const before = descriptors()
  const stray = (error: unknown) => world.wrong(`uncaught: ${error instanceof Error ? error.stack : String(error)}`)
  process.on("uncaughtException", stray)
  process.on("unhandledRejection", stray)
  for (let action = 0; action < actionsPerCase && world.problems.length === 0; action++) {
    const own = new Random().drawFor(nonce, action)
    if (!isIncluded(action)) continue
    world.trace.push(`${action}:`)
    act(world, own)
    tally.set("actions", (tally.get("actions") ?? 0) + 1)
    await pause(own)
  }
  await finish(world, random)
  const more = await leaked(before)
  if (more > 0) world.wrong(`${more} descriptors more are open than before`)
  process.off("uncaughtException", stray)
  process.off("unhandledRejection", stray)
  return world
}

const attemptsToShrink = 40

/** Leaves out actions as long as the case still fails. The kernel and the timers are not repeatable, so some failures shrink to nothing. */
const shrink = async (ground: Ground, seed: number, index: number): Promise<World | undefined> => {
  let kept = Array.from({ length: actionsPerCase }, (_, action) => action)
  let smallest: World | undefined
  let attempts = 0
  const isFailing = async (actions: ReadonlyArray<number>) => {
    attempts++
    const included = new Set(actions)
    const world = await runCase(ground, seed, index, (action) => included.has(action))
    if (world.problems.length > 0) smallest = world
    return world.problems.length > 0
  }
  if (!(await isFailing(kept))) return undefined
  for (let size = kept.length >> 1; size >= 1 && attempts < attemptsToShrink; size >>= 1)
    for (let at = 0; at < kept.length && attempts < attemptsToShrink;) {
      const fewer = [...kept.slice(0, at), ...kept.slice(at + size)]
      if (await isFailing(fewer)) kept = fewer
      else at += size
    }
  return smallest
}

/** Bytes by which memory may grow from a fifth of the cases to the end. */
const growthAtMost = 24 << 20

interface Options {
  /** A wrapper for the driver. */
  readonly bend?: (driver: Driver) => Driver
  /** True if a case that fails is shrunk. */
  readonly shrinks?: boolean
}

/** Counts actions and datagrams into `tally`. It runs over the driver of Linux, or one that is known to be wrong. */
export const soak =
  (
    tally: Map<string, number> = new Map<string, number>(),
    { bend = (driver) => driver, shrinks = true }: Options = {}
  ): Part =>
  async ({ count, first, found, progress, seed }) => {
    const runtimeOf = async (guarded: boolean) => {
      const driver = await Effect.runPromise(LinuxSockets.driver({ guarded }))
      const interfaces = driver.interfaces()
      if (isFault(interfaces)) throw new Error("The interfaces cannot be read")
      const layer = DatagramSockets.layer(Effect.succeed(bend(driver)), LinuxSockets.capabilities)
      return Effect.runPromise(Effect.provide(Effect.runtime<DatagramSockets>(), layer))
    }
    const folder = mkdtempSync(join(tmpdir(), "ancillary-soak-"))
    const files = Array.from({ length: 6 }, (_, i) => {
      writeFileSync(join(folder, `file${i}`), String(i))
      const number = openSync(join(folder, `file${i}`), "r")
      return { number, inode: fstatSync(number).ino }
    })
    const runtimes = [await runtimeOf(false), await runtimeOf(true)] as const
    const ground: Ground = { runtimes, files, folder, ipv6: hasIpv6(), tally }
    // Descriptors that the first sockets of a process open stay open.
    await runCase(ground, 1, 0, () => true)
    tally.clear()
    let base: number | undefined
    const fifth = first + Math.floor(count / 5)
    try {
      for (let index = first; index < first + count; index++) {
        // Its sockets and their memory are not referenced here, so only kept memory is counted.
        const { problems, trace } = await runCase(ground, seed, index, () => true)
        if (index === fifth) base = await heldMemory()
        const isLast = index === first + count - 1
        const growth = isLast && base !== undefined ? (await heldMemory()) - base : 0
        tally.set("bytes kept more than after a fifth", growth)
        if (problems.length === 0 && growth > growthAtMost)
          problems.push(`${growth} bytes are kept more than after a fifth`)
        if (problems.length > 0) {
          const smaller = growth > growthAtMost || !shrinks ? undefined : await shrink(ground, seed, index)
          const shortest = smaller ?? { problems, trace }
          const how =
            smaller === undefined ? (shrinks ? "not seen again when run anew" : "all") : "after leaving out actions"
          const lines = [...problems, `the actions (${how}): ${shortest.problems.join("; ")}`, ...shortest.trace]
          if (!found({ index, lines })) return
        }
        progress(index - first + 1)
      }
    } finally {
      for (const { number } of files) closeSync(number)
      rmSync(folder, { recursive: true })
    }
  }
