/** Starts of servers and clients: interrupted at any operation, failed, and made where nothing can be interrupted. */
import {
  Datagram,
  DatagramClient,
  DatagramSockets,
  serve,
  serveAll,
  serveInterfaces,
  serveSessions,
  withPktInfo
} from "@ancillary/effect"
import { isServedPort } from "@ancillary/engine/server"
import { Network } from "@ancillary/testing"
import { NetworkSockets } from "@ancillary/effect/testing"
import { Effect, Exit, Fiber, References, Scope } from "effect"
import { describe, expect, it } from "vitest"
import { Injected } from "../../../testing/faults/injected.ts"

const spec = Datagram.ipv4.pipe(withPktInfo())
const at = { address: "10.0.0.1", port: 4007 }
const nothing = { sockets: 0, polls: 0, observers: 0 }

const starts = {
  serve: Effect.asVoid(serve(spec, at, () => Effect.never)),
  serveAll: Effect.asVoid(serveAll(spec, [at, { ...at, port: 4008 }], () => Effect.never)),
  serveSessions: Effect.asVoid(serveSessions(spec, at, () => Effect.never)),
  serveInterfaces: Effect.asVoid(serveInterfaces(spec, { port: at.port, groups: ["239.1.2.3"] }, () => Effect.never)),
  "DatagramClient.make": Effect.asVoid(DatagramClient.make(spec, { key: ({ data }) => data[0] }))
}

const scoped = <A, E>(title: string, program: () => Effect.Effect<A, E, Scope.Scope>): void =>
  it(title, () => Effect.runPromise(Effect.scoped(program())))

/** A host that counts what is open on it. */
const lab = Effect.gen(function* () {
  const network = yield* NetworkSockets.network({ seed: 1 })
  const { driver, live } = new Injected(network.host("server", { addresses: ["10.0.0.1/24"] }).driver)
  return { live, on: DatagramSockets.layer(Effect.succeed(driver), Network.capabilities) }
})

describe.each(Object.entries(starts))("%s", (_, start) => {
  scoped("leaves nothing open if it is interrupted at any yield, and its scope goes on", () =>
    Effect.gen(function* () {
      const { live, on } = yield* lab
      const whole = yield* Effect.scoped(Effect.map(start, () => ({ ...live }))).pipe(Effect.provide(on))
      let interrupted = 0
      // Effect makes no progress with fewer than some ten operations a turn.
      for (let operations = 16; operations < 24; operations++)
        for (let turns = 0; ; turns++) {
          const scope = yield* Scope.make()
          const starting = yield* Effect.forkChild(
            start.pipe(
              Scope.provide(scope),
              Effect.provide(on),
              Effect.provideService(References.MaxOpsBeforeYield, operations)
            )
          )
          for (let turn = 0; turn < turns; turn++) yield* Effect.yieldNow
          yield* Fiber.interrupt(starting)
          const isOver = Exit.isSuccess(yield* Fiber.await(starting))
          if (!isOver) {
            interrupted++
            // After the last step the scope has the whole server.
            expect([nothing, whole]).toContainEqual(live)
            if (live.sockets === 0) expect(isServedPort(at.port)).toBe(false)
          }
          yield* Scope.close(scope, Exit.void)
          expect(live).toEqual(nothing)
          expect(isServedPort(at.port)).toBe(false)
          if (isOver) break
        }
      expect(interrupted).toBeGreaterThan(8)
    })
  )

  scoped("ends with its scope, also if it was started where nothing can be interrupted", () =>
    Effect.gen(function* () {
      const { live, on } = yield* lab
      yield* Effect.scoped(Effect.uninterruptible(start)).pipe(Effect.provide(on))
      expect(live).toEqual(nothing)
    })
  )
})

scoped("serveInterfaces that fails leaves nothing open, although its scope goes on", () =>
  Effect.gen(function* () {
    const { live, on } = yield* lab
    const groups = serveInterfaces(spec, { port: at.port, groups: ["239.1.2.3", "10.0.0.9"] }, () => Effect.void)
    expect(yield* Effect.flip(groups).pipe(Effect.provide(on))).toMatchObject({ _tag: "DatagramMembershipError" })
    expect(live).toEqual(nothing)
    // The loopback interface is served first.
    yield* Effect.provide(Datagram.bind(spec, at), on)
    const addresses = serveInterfaces(spec, { port: at.port }, () => Effect.void)
    expect(yield* Effect.flip(addresses).pipe(Effect.provide(on))).toMatchObject({ reason: "AddressInUse" })
    expect(live).toEqual({ ...nothing, sockets: 1, polls: 1 })
  })
)
