/**
 * The echo servers, each in a process of its own: `node:dgram`, C, Go, and the ways of this library.
 */
import { fileURLToPath } from "node:url"
import { Effect, type Scope } from "effect"
import { type Peers, served, type Served } from "./peers.ts"
import { cBatched, dgram, face, goBatched } from "./names.ts"

export interface EchoServer extends Omit<Served, "line"> {
  readonly name: string
  readonly port: number
}

/** The ways of `echoProcess.ts`. */
export const ways = [
  "forEach and tryReply",
  "serve",
  "serve, generators",
  "serve, fnUntraced",
  "runForEach and reply",
  "receive and reply"
] as const

/** The ways of `echoPromiseProcess.ts`, by the names that the tables have. */
export const promiseWays = {
  "promises, for await": "for await",
  "promises, callback": "callback",
  "promises, serve": "serve"
} as const

/** The ways of Effect 4, whose program is in the package that has that version. */
const ways4 = {
  "runForEach and reply, Effect 4": "runForEach",
  "receive and reply, Effect 4": "receive",
  "serve, Effect 4": "serve",
  "serve, generators, Effect 4": "generators",
  "serve, fnUntraced, Effect 4": "fnUntraced"
} as const
const program4 = fileURLToPath(new URL("../../effect/bench/echo.mjs", import.meta.url))

const program = (file: string): string => fileURLToPath(new URL(`${file}.js`, import.meta.url))

const server = (
  name: string,
  command: string,
  ...args: ReadonlyArray<string>
): Effect.Effect<EchoServer, never, Scope.Scope> =>
  Effect.map(served(command, args), ({ line, pid }) => ({ name, pid, port: Number(line) }))

/** Starts all of them. They end with the scope. */
export const echoServers = ({ goProgram, path }: Peers): Effect.Effect<ReadonlyArray<EchoServer>, never, Scope.Scope> =>
  Effect.flatMap(goProgram, (go) =>
    Effect.all(
      [
        server(dgram, process.execPath, program("echoNodeProcess")),
        server(cBatched, path("echo")),
        ...(go === undefined ? [] : [server(goBatched, go, "echo")]),
        ...ways.map((way) => server(way, process.execPath, program("echoProcess"), way)),
        ...Object.entries(ways4).map(([name, way]) => server(name, process.execPath, program4, way)),
        server(face, process.execPath, program("echoNodeProcess"), "@ancillary/dgram"),
        ...Object.entries(promiseWays).map(([name, way]) =>
          server(name, process.execPath, program("echoPromiseProcess"), way)
        )
      ],
      { concurrency: "unbounded" }
    )
  )
