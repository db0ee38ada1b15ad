/**
 * Takes received descriptors (`withRights`, `withPidFd`) into a scope.
 *
 * @since 0.1.0
 */
import { Codec, Descriptor as Received } from "@ancillary/control"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { DescriptorUnavailableError } from "./DatagramError.ts"
import { takeDescriptor } from "@ancillary/engine/socket"

export type { Descriptor } from "@ancillary/control"

/**
 * Takes a received descriptor from its socket. Its number is valid until the scope closes, which closes the descriptor.
 *
 * **Details**
 *
 * Fails with `DescriptorUnavailableError` if it was taken before or is closed. It is closed when the socket is read again or
 * closed, or when the callback of a `forEach` or `forEachBorrowed` returns.
 *
 * **Gotchas**
 *
 * Take it before any fiber reads the socket again, and in `forEach` and `forEachBorrowed` before the callback returns.
 * If there are several readers, use `serve` or `serveSessions`. A handler has the descriptors of its datagram until it
 * ends, and a session until it takes its next datagram or ends. Do not pass the number to code that also closes it
 * (`net.Socket`), because a later file may have the same number.
 *
 * @example
 * ```ts
 * import { Datagram, Descriptor, withRights } from "@ancillary/effect3"
 * import { Effect } from "effect"
 * import { readFileSync } from "node:fs"
 *
 * const textOf = Effect.gen(function* () {
 *   const socket = yield* Datagram.bind(Datagram.unix.pipe(withRights({ maximum: 1 })), { path: "/tmp/texts.sock" })
 *   const { control } = yield* socket.receive
 *   const numbers = yield* Effect.forEach(control.rights, Descriptor.take)
 *   return numbers.map((number) => readFileSync(number, "utf8"))
 * }).pipe(Effect.scoped)
 * ```
 * @category resources
 * @since 0.1.0
 */
export const take = (descriptor: Received): Effect.Effect<number, DescriptorUnavailableError, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.suspend(() => {
      if (!isDescriptor(descriptor)) return Effect.fail(notOne(descriptor))
      const close = takeDescriptor(descriptor)
      return close === undefined ? Effect.fail(gone(descriptor)) : Effect.succeed({ number: descriptor.number, close })
    }),
    ({ close }) => Effect.sync(close)
  ).pipe(Effect.map(({ number }) => number))

const isDescriptor = (value: unknown): boolean => {
  try {
    return value instanceof Received && typeof value.number === "number"
  } catch {
    return false
  }
}

const notOne = (given: unknown): DescriptorUnavailableError =>
  new DescriptorUnavailableError({
    reason: "Foreign",
    message: `${Codec.format(given)} is not a descriptor: take one of those that came with a datagram.`
  })

const gone = ({ number, state }: Received): DescriptorUnavailableError =>
  state === "taken"
    ? new DescriptorUnavailableError({
        reason: "Taken",
        message: `Descriptor ${number} was taken before, and is its taker's: take it once, and share the number.`
      })
    : state === "closed"
      ? new DescriptorUnavailableError({
          reason: "Closed",
          message: `Descriptor ${number} is closed: its socket was read again or closed, or the callback of its loop returned. Take it before that.`
        })
      : new DescriptorUnavailableError({
          reason: "Foreign",
          message: `Descriptor ${number} did not come with a datagram: there is nothing to take.`
        })
