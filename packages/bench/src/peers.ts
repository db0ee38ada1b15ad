/**
 * Programs in other languages that do the same work: compiled at start into a folder that goes with the run, each a process that does a round
 * when it is told to.
 */
import { type ChildProcessByStdio, execFileSync, spawn, spawnSync } from "node:child_process"
import { readdirSync } from "node:fs"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import type { Readable, Writable } from "node:stream"
import { fileURLToPath } from "node:url"
import { Effect, type Scope } from "effect"
import type { Candidate } from "./rounds.ts"

const sources = fileURLToPath(new URL("../c", import.meta.url))
const scripts = fileURLToPath(new URL("../python", import.meta.url))

/** Starts peers; where the machine lacks the language there are none. */
export interface Peers {
  readonly hasC: boolean
  /** A C peer as a candidate. */
  readonly c: (name: string, program: string, ...args: ReadonlyArray<string | number>) => Candidates
  readonly python: (name: string, ...args: ReadonlyArray<string | number>) => Candidates
  /** Where a C program is. */
  readonly path: (program: string) => string
  /** A C program that says a line when it is ready, until the scope ends. */
  readonly serve: (program: string) => Effect.Effect<{ readonly line: string }, never, Scope.Scope>
}

/** One, or none. */
export type Candidates = Effect.Effect<ReadonlyArray<Candidate>, never, Scope.Scope>

const has = (program: string, how: string): boolean => {
  if (spawnSync(program, ["--version"]).status === 0) return true
  const line = `not run here: the peers that need ${program}. ${how}`
  if (process.env["ANCILLARY_REQUIRE"] === "all") throw new Error(line)
  process.stderr.write(`${line}\n`)
  return false
}

export const peers: Effect.Effect<Peers, never, Scope.Scope> = Effect.gen(function* () {
  const hasC = has("gcc", "Install it: apt-get install gcc libc6-dev")
  const hasPython = has("python3", "Install it: apt-get install python3")
  const folder = yield* Effect.acquireRelease(
    Effect.promise(() => mkdtemp(join(tmpdir(), "ancillary-bench-"))),
    (folder) => Effect.promise(() => rm(folder, { recursive: true }))
  )
  if (hasC) {
    for (const file of readdirSync(sources)) {
      if (!file.endsWith(".c")) continue
      execFileSync("gcc", ["-O2", "-o", join(folder, file.slice(0, -2)), join(sources, file)])
    }
  }
  return {
    hasC,
    c: (name, program, ...args) => (hasC ? candidate(name, join(folder, program), args) : Effect.succeed([])),
    python: (name, ...args) =>
      hasPython ? candidate(name, "python3", [join(scripts, "drain.py"), ...args]) : Effect.succeed([]),
    path: (program) => join(folder, program),
    serve: (program) =>
      Effect.flatMap(started(join(folder, program), []), (peer) =>
        Effect.map(Effect.promise(peer.line), (line) => ({ line }))
      )
  }
})

interface Started {
  readonly tell: () => void
  readonly line: () => Promise<string>
}

const started = (program: string, args: ReadonlyArray<string | number>): Effect.Effect<Started, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => spawn(program, args.map(String), { stdio: ["pipe", "pipe", "inherit"] })),
      // A peer ends with its standard input.
      (child) => Effect.sync(() => child.stdin.end())
    ),
    converse
  )

const converse = (child: ChildProcessByStdio<Writable, Readable, null>): Started => {
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    tell: () => child.stdin.write("\n"),
    line: async () => {
      const next: IteratorResult<string, unknown> = await lines.next()
      if (next.done === true) throw new Error(`${child.spawnargs.join(" ")} ended before it answered`)
      return next.value
    }
  }
}

const candidate = (name: string, program: string, args: ReadonlyArray<string | number>): Candidates =>
  Effect.map(started(program, args), ({ line, tell }) => [
    {
      name,
      round: async () => {
        tell()
        return (await line()).split(" ").map(Number)
      }
    }
  ])
