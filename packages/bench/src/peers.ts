/**
 * Programs in other languages that do the same work, each in a process of its own. They are compiled into a folder that is removed after the run.
 */
import { type ChildProcessByStdio, execFileSync, spawn, spawnSync } from "node:child_process"
import { existsSync, readdirSync } from "node:fs"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import type { Readable, Writable } from "node:stream"
import { fileURLToPath } from "node:url"
import { Effect, type Scope } from "effect"
import type { Candidate } from "./rounds.ts"

const folderOf = (language: string): string => fileURLToPath(new URL(`../${language}`, import.meta.url))

/** Go's packages of Debian: golang-golang-x-net-dev. */
const goPath = "/usr/share/gocode"

type Arguments = ReadonlyArray<string | number>

/** Starts peers. A language that the machine lacks has none. */
export interface Peers {
  readonly hasC: boolean
  /** A C program as a candidate. */
  readonly c: (name: string, program: string, ...args: Arguments) => Candidates
  /** A peer of the Go program as a candidate. */
  readonly go: (name: string, peer: string, ...args: Arguments) => Candidates
  readonly python: (name: string, ...args: Arguments) => Candidates
  /** The path of a C program. */
  readonly path: (program: string) => string
  /** The path of the Go program; undefined if the machine lacks Go. */
  readonly goProgram: Effect.Effect<string | undefined>
}

/** One candidate, or an empty array. */
export type Candidates = Effect.Effect<ReadonlyArray<Candidate>, never, Scope.Scope>

/** A program that has printed its first line. It ends with the scope. */
export interface Served {
  readonly line: string
  readonly pid: number
}

const has = (program: string, works: boolean, how: string): boolean => {
  if (works) return true
  const line = `not run here: the peers that need ${program}. ${how}`
  if (process.env["ANCILLARY_REQUIRE"] === "all") throw new Error(line)
  process.stderr.write(`${line}\n`)
  return false
}

const runs = (program: string, ...args: ReadonlyArray<string>): boolean => spawnSync(program, args).status === 0

export const peers: Effect.Effect<Peers, never, Scope.Scope> = Effect.gen(function* () {
  const hasC = has("gcc", runs("gcc", "--version"), "Install it: apt-get install gcc libc6-dev")
  const hasPython = has("python3", runs("python3", "--version"), "Install it: apt-get install python3")
  const hasGo = has(
    "Go",
    runs("go", "version") && existsSync(join(goPath, "src/golang.org/x/net/ipv4")),
    "Install it: apt-get install golang-go golang-golang-x-net-dev"
  )
  const folder = yield* Effect.acquireRelease(
    Effect.promise(() => mkdtemp(join(tmpdir(), "ancillary-bench-"))),
    (folder) => Effect.promise(() => rm(folder, { recursive: true }))
  )
  if (hasC) {
    for (const file of filesOf("c", ".c")) {
      execFileSync("gcc", ["-O2", "-o", join(folder, file.slice(0, -2)), join(folderOf("c"), file)])
    }
  }
  // Go takes seconds, so it compiles for the first workload that has a Go peer.
  const goProgram = yield* Effect.cached(
    Effect.sync(() => {
      if (!hasGo) return undefined
      const program = join(folder, "go-peer")
      execFileSync("go", ["build", "-o", program, ...filesOf("go", ".go")], {
        cwd: folderOf("go"),
        env: { ...process.env, GO111MODULE: "off", GOPATH: goPath, GOFLAGS: "" }
      })
      return program
    })
  )
  return {
    hasC,
    c: (name, program, ...args) => (hasC ? candidate(name, join(folder, program), args) : Effect.succeed([])),
    go: (name, peer, ...args) =>
      Effect.flatMap(goProgram, (program) =>
        program === undefined ? Effect.succeed([]) : candidate(name, program, [peer, ...args])
      ),
    python: (name, ...args) =>
      hasPython ? candidate(name, "python3", [join(folderOf("python"), "drain.py"), ...args]) : Effect.succeed([]),
    path: (program) => join(folder, program),
    goProgram
  }
})

const filesOf = (language: string, ending: string): ReadonlyArray<string> =>
  readdirSync(folderOf(language)).filter((file) => file.endsWith(ending))

interface Started {
  readonly pid: number
  readonly tell: () => void
  readonly line: () => Promise<string>
}

const started = (program: string, args: Arguments): Effect.Effect<Started, never, Scope.Scope> =>
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
    pid: child.pid ?? 0,
    tell: () => child.stdin.write("\n"),
    line: async () => {
      const next: IteratorResult<string, unknown> = await lines.next()
      if (next.done === true) throw new Error(`${child.spawnargs.join(" ")} ended before it answered`)
      return next.value
    }
  }
}

/** Starts a server, which prints a line when it is ready. */
export const served = (program: string, args: Arguments): Effect.Effect<Served, never, Scope.Scope> =>
  Effect.flatMap(started(program, args), ({ line, pid }) => Effect.map(Effect.promise(line), (line) => ({ line, pid })))

/** Does a round for each line on its standard input. */
export const candidate = (name: string, program: string, args: Arguments): Candidates =>
  Effect.map(started(program, args), ({ line, tell }) => [
    {
      name,
      round: async () => {
        tell()
        return (await line()).split(" ").map(Number)
      }
    }
  ])
