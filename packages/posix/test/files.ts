/** Open files to send, the state of their descriptors, and a count of all open descriptors. */
import { closeSync, fstatSync, mkdtempSync, openSync, readFileSync, readSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { LinuxSockets } from "@ancillary/effect3/node"
import { Datagram, DatagramSockets } from "@ancillary/effect3"
import type { Driver } from "@ancillary/engine/driver/Driver"
import { Effect, type Layer, type Scope } from "effect"
import { openDescriptors, openDescriptorsAre } from "./process.ts"

export const unixLayer = DatagramSockets.layer(LinuxSockets.driver({ guarded: true }), LinuxSockets.capabilities)
/** The layer of Unix sockets with a changed driver. */
export const unixLayerOver = (bend: (driver: Driver) => Driver): typeof unixLayer =>
  DatagramSockets.layer(Effect.map(LinuxSockets.driver({ guarded: true }), bend), LinuxSockets.capabilities)

/** Files that contain their index in the array, open as long as the scope. */
export const files = (count: number): Effect.Effect<ReadonlyArray<number>, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const folder = mkdtempSync(join(tmpdir(), "ancillary-"))
      const numbers = Array.from({ length: count }, (_, i) => {
        writeFileSync(join(folder, String(i)), String(i))
        return openSync(join(folder, String(i)), "r")
      })
      rmSync(folder, { recursive: true })
      return numbers
    }),
    (numbers) => Effect.sync(() => numbers.forEach((number) => closeSync(number)))
  )
export const contentOf = (number: number): string => {
  const bytes = Buffer.alloc(8)
  return bytes.toString("utf8", 0, readSync(number, bytes, 0, 8, 0))
}
export const isOpen = (number: number): boolean => {
  try {
    return fstatSync(number) !== undefined
  } catch {
    return false
  }
}
/** Runs the effect, and fails if more descriptors are open afterwards than before. */
export const leakingNothing = <A, E>(
  effect: Effect.Effect<A, E, Layer.Layer.Success<typeof unixLayer> | Scope.Scope>,
  layer: typeof unixLayer = unixLayer
): Effect.Effect<A, unknown> =>
  Effect.gen(function* () {
    // The first socket of a process opens descriptors of the event loop, which stay open.
    yield* Effect.scoped(Effect.flatMap(Datagram.pair(Datagram.unix), ([first]) => first.receiveWithin("1 millis")))
    const before = openDescriptors()
    const answer = yield* Effect.scoped(effect)
    yield* openDescriptorsAre(before)
    return answer
  }).pipe(Effect.provide(layer))

/** True if a descriptor is closed when another program starts. */
export const isClosedOnExec = (number: number): boolean => {
  const flags = /^flags:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${number}`, "utf8"))
  return (parseInt(flags?.[1] ?? "0", 8) & 0o2000000) !== 0
}
