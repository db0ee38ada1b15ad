/**
 * Two checkouts compared: the bench of each runs in a process of its own, and every round of a candidate is done by one and then by the other. The
 * next round begins with the other one, so the machine affects both alike.
 */
import { execFileSync, fork } from "node:child_process"
import { join, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { Effect, type Scope } from "effect"
import { open } from "./measure.ts"
import { type Candidate, untilCompiled, type Warming, warmUp } from "./rounds.ts"
import { type Pair, ratios } from "./table.ts"
import type { Setting, Sockets, Workload } from "./workload.ts"

const here = fileURLToPath(new URL("../../..", import.meta.url))

/** The messages of a bench that serves. */
type Reply = { readonly names: ReadonlyArray<string> } | { readonly values: ReadonlyArray<number> }

const isReply = (message: unknown): message is Reply =>
  typeof message === "object" && message !== null && ("names" in message || "values" in message)

/**
 * Serves the candidates of a workload to the process that started this one: sends their names, does a round for each name that it gets, and sends
 * its values. Ends with that process.
 */
export const serveRounds = (
  workload: Workload,
  setting: Setting,
  wanted: (name: string) => boolean
): Effect.Effect<void, unknown, Sockets> =>
  Effect.gen(function* () {
    const candidates = yield* open(workload, setting, wanted)
    const send = (reply: Reply): void => void process.send?.(reply)
    yield* Effect.async<void, unknown>((resume) => {
      process.on("disconnect", () => resume(Effect.void))
      process.on("message", (name) => {
        const candidate = candidates.find((each) => each.name === name)
        candidate?.round().then(
          (values) => send({ values }),
          (error: unknown) => resume(Effect.fail(error))
        )
      })
      send({ names: candidates.map(({ name }) => name) })
    })
  }).pipe(Effect.scoped)

/** Starts the bench of a checkout for one workload, and returns its candidates. */
const benchOf = (
  checkout: string,
  workload: string,
  args: ReadonlyArray<string>
): Effect.Effect<ReadonlyArray<Candidate>, never, Scope.Scope> =>
  Effect.gen(function* () {
    const child = yield* Effect.acquireRelease(
      Effect.sync(() =>
        fork(join(checkout, "packages/bench/dist/main.js"), ["--serve", "--only", workload, ...args], { cwd: checkout })
      ),
      (child) =>
        Effect.sync(() => {
          if (child.connected) child.disconnect()
        })
    )
    const next = (): Promise<Reply> =>
      new Promise((resolve, reject) => {
        const ended = () => reject(new Error(`The bench of ${checkout} ended before it answered for ${workload}`))
        child.once("exit", ended)
        child.once("message", (message) => {
          child.off("exit", ended)
          if (isReply(message)) resolve(message)
          else reject(new Error(`The bench of ${checkout} does not serve rounds: take a later commit of it`))
        })
      })
    const ready = yield* Effect.promise(next)
    const names = "names" in ready ? ready.names : []
    return names.map((name) => ({
      name,
      round: async () => {
        const reply = next()
        child.send(name)
        const answer = await reply
        return "values" in answer ? answer.values : []
      }
    }))
  })

/** Both checkouts are built first, because an old build would be compared without a word. */
const build = (checkout: string): void => {
  execFileSync("npm", ["run", "--silent", "build"], { cwd: checkout, stdio: ["ignore", "inherit", "inherit"] })
}

/** Alternates the rounds of candidates of the same name, and returns the series of both checkouts. */
export const alternatePairs = async (
  ours: ReadonlyArray<Candidate>,
  theirs: ReadonlyArray<Candidate>,
  { name, warm = true }: Workload,
  rounds: number,
  warming: Warming = untilCompiled
): Promise<ReadonlyArray<Pair>> => {
  const both = ours.flatMap((one) => {
    const other = theirs.find((each) => each.name === one.name)
    if (other === undefined) process.stderr.write(`${name}: only this checkout has ${one.name}\n`)
    return other === undefined
      ? []
      : [{ one, other, here: new Array<ReadonlyArray<number>>(), there: new Array<ReadonlyArray<number>>() }]
  })
  if (warm)
    for (const { one, other } of both) {
      await warmUp(one, warming)
      await warmUp(other, warming)
    }
  for (let round = 0; round < rounds; round++) {
    process.stderr.write(`${name}: round ${round + 1} of ${rounds}\n`)
    for (const { here, one, other, there } of both) {
      for (const first of [round % 2 === 0, round % 2 !== 0]) {
        const into = first ? here : there
        into.push(await (first ? one : other).round())
      }
    }
  }
  return both.map(({ here, one, there }) => [
    { name: one.name, rounds: here },
    { name: one.name, rounds: there }
  ])
}

export interface Comparison {
  readonly checkout: string
  readonly rounds: number
  /** Arguments that both benches get. */
  readonly args: ReadonlyArray<string>
}

/** Compares this checkout with another, and prints a table for each workload. */
export const against = (
  workloads: ReadonlyArray<Workload>,
  { args, checkout, rounds: full }: Comparison
): Effect.Effect<void, unknown, Sockets> =>
  Effect.gen(function* () {
    const there = resolve(checkout)
    yield* Effect.sync(() => build(there))
    yield* Effect.forEach(
      workloads,
      (workload) =>
        Effect.gen(function* () {
          const [ours, theirs] = yield* Effect.all(
            [benchOf(here, workload.name, args), benchOf(there, workload.name, args)],
            { concurrency: "unbounded" }
          )
          const rounds = Math.min(full, workload.rounds ?? full)
          const all = yield* Effect.promise(() => alternatePairs(ours, theirs, workload, rounds))
          console.log(`\n${workload.title}\n\n${ratios(workload, all)}`)
        }).pipe(Effect.scoped),
      { discard: true }
    )
  })
