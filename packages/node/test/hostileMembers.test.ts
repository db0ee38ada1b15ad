/**
 * Throwing, lying, endless and wrong values in each argument of each member of returned objects: sockets of each kind,
 * the service of interfaces, findings. No call is a defect, and the socket works afterwards.
 */
import { randomUUID } from "node:crypto"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { HopLimit, InternetEndpoint } from "@ancillary/control"
import {
  Capabilities,
  type ConnectedSocket,
  Datagram,
  Descriptor,
  Interfaces,
  serveOn,
  withCredentials,
  withHopLimit,
  withPktInfo,
  withRights
} from "@ancillary/effect3"
import { Effect, Either, Exit, Scope } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { requirement } from "../../testing/machine.ts"
import type { AnyFunction } from "./hostile/exported.ts"
import {
  type Asking,
  endedWrongly,
  firstLine,
  isTypedError,
  runtime,
  unwatchStrays,
  watchStrays,
  works
} from "./hostile/judging.ts"
import {
  callableMembers,
  type Member,
  type Members,
  ofCapabilities,
  ofConnected,
  ofInterfaces,
  ofSocket,
  ofUnixSocket
} from "./hostile/members.ts"
import { places, put } from "./hostile/places.ts"
import { values } from "./hostile/values.ts"

const linux = requirement("hostile members", process.platform === "linux", "The sockets of Linux are asked.")

interface Subject {
  readonly object: object
  readonly members: Members
  /** The socket that must work afterwards. */
  readonly asking: Asking
  /** Sends a datagram that the object can read. */
  readonly feed: () => void
}

const at = { address: "127.0.0.1", port: 0 }
const spec = Datagram.ipv4.pipe(withPktInfo(), withHopLimit())
const fed = Uint8Array.of(1, 2, 3)

/** A socket that returns each datagram to its sender. */
const echo = Effect.gen(function* () {
  const socket = yield* Datagram.bind(Datagram.ipv4, at)
  yield* serveOn(socket, ({ data, from }) => socket.send({ data, to: from }))
  const { port } = socket.localAddress
  const isEcho = (from: unknown) => from instanceof InternetEndpoint && from.port === port
  return { socket, to: { address: "127.0.0.1", port }, isEcho }
})

type Own = Effect.Effect.Success<ReturnType<typeof Datagram.bind<"ipv4", never, never>>>

const ofInternet = (own: Own, { isEcho, to }: Effect.Effect.Success<typeof echo>): Subject => ({
  object: own,
  members: ofSocket(to, "239.1.2.3", "127.0.0.1"),
  asking: { socket: own, isAnswer: isEcho, ask: (data) => own.send({ data, to }) },
  feed: () => void own.trySend({ data: fed, to: own.localAddress })
})

/** The descriptor of another open file of the same socket, which this process does not poll. */
const again = (socket: { readonly descriptor: Effect.Effect<number, unknown> }) =>
  Effect.gen(function* () {
    const [one, other] = yield* Datagram.pair(Datagram.unix.pipe(withRights({ maximum: 1 })))
    yield* one.send({ data: fed, control: { rights: [yield* socket.descriptor] } })
    const { control } = yield* other.receive
    return yield* Effect.forEach(control.rights, Descriptor.take)
  })

const made = Effect.gen(function* () {
  const server = yield* echo
  const socket = yield* Datagram.bind(spec, at)
  const bound = ofInternet(socket, server)

  const [number = -1] = yield* again(yield* Datagram.bind(spec, at))
  const adopted = ofInternet(yield* Datagram.adopt(spec, number), server)

  const ofPeer = (own: ConnectedSocket<"ipv4", never>): Subject => ({
    object: own,
    members: ofConnected,
    asking: { socket: own, isAnswer: () => true, ask: (data) => own.send({ data }) },
    feed: () => void server.socket.trySend({ data: fed, to: own.localAddress })
  })
  const connected = ofPeer(yield* Datagram.connect(spec, server.to))
  const later = yield* Datagram.bind(spec, at)
  const connection = ofPeer(yield* later.connect(server.to))

  const dual = yield* Datagram.bind(Datagram.dual.pipe(withHopLimit()), { address: "::", port: 0 })
  const toDual = { address: "::1", port: dual.localAddress.port }
  const ofDual: Subject = {
    object: dual,
    members: ofSocket(toDual, "ff02::1:2:3", "::1"),
    asking: { socket: dual, isAnswer: () => true, ask: (data) => dual.send({ data, to: toDual }) },
    feed: () => void dual.trySend({ data: fed, to: toDual })
  }

  const path = join(tmpdir(), `hostile-${randomUUID()}.sock`)
  const unix = yield* Datagram.bind(Datagram.unix.pipe(withCredentials()), { path })
  const ofUnix: Subject = {
    object: unix,
    members: ofUnixSocket({ path }),
    asking: { socket: unix, isAnswer: () => true, ask: (data) => unix.send({ data, to: { path } }) },
    feed: () => void unix.trySend({ data: fed, to: { path } })
  }

  const gone = yield* Effect.scoped(Datagram.bind(spec, at))
  const closed: Subject = { ...bound, object: gone }

  const interfaces: Subject = { ...bound, object: yield* Interfaces, members: ofInterfaces }
  const found: Subject = { ...bound, object: yield* Capabilities.probe([HopLimit]), members: ofCapabilities }

  return {
    "a bound socket": bound,
    "an adopted socket": adopted,
    "a connected socket": connected,
    "a connection of a bound socket": connection,
    "a dual socket": ofDual,
    "a Unix socket": ofUnix,
    "a closed socket": closed,
    Interfaces: interfaces,
    Capabilities: found
  }
})

const to = { address: "127.0.0.1", port: 9 }
const expected: { readonly [subject in keyof Effect.Effect.Success<typeof made>]: Members } = {
  "a bound socket": ofSocket(to, "", ""),
  "an adopted socket": ofSocket(to, "", ""),
  "a connected socket": ofConnected,
  "a connection of a bound socket": ofConnected,
  "a dual socket": ofSocket(to, "", ""),
  "a Unix socket": ofUnixSocket({ path: "" }),
  "a closed socket": ofSocket(to, "", ""),
  Interfaces: ofInterfaces,
  Capabilities: ofCapabilities
}

let subjects: { readonly [name: string]: Subject }
let scope: Scope.CloseableScope

beforeAll(async () => {
  if (!linux) return
  scope = Effect.runSync(Scope.make())
  watchStrays()
  subjects = await runtime.runPromise(Scope.extend(made, scope))
})

afterAll(async () => {
  if (!linux) return
  await Effect.runPromise(Scope.close(scope, Exit.void))
  unwatchStrays()
})

const subjectOf = (name: string): Subject => {
  const subject = subjects[name]
  if (subject === undefined) throw new Error(`there is no ${name}`)
  return subject
}

/** Returns the problem with the end of a call. */
const call = async ({ kind }: Member, f: AnyFunction, args: ReadonlyArray<unknown>): Promise<string | undefined> => {
  let result: unknown
  try {
    result = f(...args)
  } catch (error) {
    return `throws ${firstLine(error)}`
  }
  if (kind === "total") return undefined
  if (kind === "effect" || kind === "loop") return endedWrongly(result, kind === "loop")
  if (!Either.isEither(result)) return "returns no Either"
  return Either.isRight(result) || isTypedError(result.left) ? undefined : `answers ${firstLine(result.left)}`
}

const tried = async ({ asking, feed }: Subject, member: Member, f: AnyFunction): Promise<ReadonlyArray<string>> => {
  const wrong: Array<string> = []
  for (const path of places(member.args)) {
    for (const [what, value] of Object.entries(values)) {
      if (member.reads) feed()
      const complaint = await call(member, f, put(member.args, path, value()) as ReadonlyArray<unknown>)
      if (complaint !== undefined) wrong.push(`${path.join(".")} = ${what}: ${complaint}`)
    }
    const broken = await works(asking)
    if (broken !== undefined) wrong.push(`${path.join(".")}: ${broken}`)
  }
  return wrong
}

describe.runIf(linux)("a member with a hostile value", () => {
  describe.each(Object.keys(expected))("of %s", (name) => {
    it("has an entry, and every entry is a member", () => {
      const { members, object } = subjectOf(name)
      const there = callableMembers(object).map(([key]) => key)
      expect(Object.keys(members).toSorted()).toEqual(there.toSorted())
    })

    const keys = Object.keys(Reflect.get(expected, name) as Members)
    it.each(keys)("%s fails with a typed error or continues", async (key) => {
      const subject = subjectOf(name)
      const f = callableMembers(subject.object).find(([each]) => each === key)?.[1]
      const member = subject.members[key]
      expect(f === undefined || member === undefined ? ["is no member"] : await tried(subject, member, f)).toEqual([])
    })
  })
})
