/**
 * The network in memory for programs of Effect 3. Its time is Effect's `Clock`, so `TestClock` drives it.
 *
 * @example
 * ```ts
 * import { Datagram } from "@ancillary/effect3"
 * import { NetworkSockets } from "@ancillary/testing/effect3"
 * import { Effect, TestContext } from "effect"
 *
 * const program = Effect.gen(function* () {
 *   const network = yield* NetworkSockets.network({ seed: 1 })
 *   const [a, b] = [network.host("a", { addresses: ["10.0.0.1/24"] }), network.host("b", { addresses: ["10.0.0.2/24"] })]
 *   network.link(a, b, { delay: 50 })
 *   const at = { address: "10.0.0.1", port: 7 }
 *   const receiver = yield* Datagram.bind(Datagram.ipv4, at).pipe(Effect.provide(NetworkSockets.layer(a)))
 *   const sender = yield* Datagram.client(Datagram.ipv4).pipe(Effect.provide(NetworkSockets.layer(b)))
 *   yield* sender.send({ data: Uint8Array.of(1), to: at })
 *   yield* NetworkSockets.adjust(network, "50 millis")
 *   return (yield* receiver.receive).data // => Uint8Array [1]
 * })
 *
 * void Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(TestContext.TestContext)))
 * ```
 * @since 0.1.0
 */
import type { Capability } from "@ancillary/control"
import { DatagramSockets } from "@ancillary/effect3"
import { Duration, Effect, Fiber, type Layer, Runtime, TestClock } from "effect"
import * as Network from "./Network.ts"

/** Every JavaScript host has it, but none of the types that this package compiles with declares it. */
declare const setTimeout: (task: () => void, milliseconds: number) => unknown

/**
 * Makes a network whose time is the `Clock` of the effect that makes it.
 *
 * @category constructors
 * @since 0.1.0
 */
export const network = (options: Omit<Network.NetworkOptions, "clock"> = {}): Effect.Effect<Network.Network> =>
  Effect.map(clock, (clock) => Network.make({ ...options, clock }))

/**
 * Effect's `Clock`, as a network uses it.
 *
 * @category clocks
 * @since 0.1.0
 */
export const clock: Effect.Effect<Network.NetworkClock> = Effect.gen(function* () {
  const clock = yield* Effect.clock
  const run = Runtime.runFork(yield* Effect.runtime())
  const now = () => clock.unsafeCurrentTimeNanos()
  return {
    now,
    at: (time, wake) => {
      const left = time - now()
      const slept = run(Effect.zipRight(clock.sleep(Duration.nanos(left > 0n ? left : 0n)), Effect.sync(wake)))
      return () => void run(Fiber.interrupt(slept))
    }
  }
})

/**
 * The layer of a host.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (
  host: Network.Host
): Layer.Layer<DatagramSockets | Capability<(typeof Network.capabilities)[number]>> =>
  DatagramSockets.layer(Effect.succeed(host.driver), Network.capabilities)

/** Turns of the event loop without any report, after which programs are taken to wait. */
const quietTurns = 3

const turn = Effect.async<void>((resume) => void setTimeout(() => resume(Effect.void), 0))

/**
 * Waits until programs have read all datagrams that have arrived, at the present time of the network.
 *
 * @category time
 * @since 0.1.0
 */
export const settle = (network: Network.Network): Effect.Effect<void> =>
  Effect.gen(function* () {
    for (let quiet = 0, seen = network.turns(); quiet < quietTurns; quiet++) {
      yield* turn
      if (network.turns() === seen) continue
      seen = network.turns()
      quiet = -1
    }
  })

/**
 * Moves `TestClock`, and stops at each time that a link or a program waits for, until programs have read what arrived. A run is therefore the
 * same each time. `TestClock.adjust` does not wait for programs, so their datagrams may get later times.
 *
 * @category time
 * @since 0.1.0
 */
export const adjust = (network: Network.Network, duration: Duration.DurationInput): Effect.Effect<void> =>
  Effect.gen(function* () {
    yield* settle(network)
    const start = yield* TestClock.currentTimeMillis
    const end = start + Duration.toMillis(duration)
    for (let time = start; time < end;) {
      const present = time
      time = end
      for (const over of yield* TestClock.sleeps()) if (over > present && over < time) time = over
      yield* TestClock.setTime(time)
      yield* settle(network)
    }
  })
