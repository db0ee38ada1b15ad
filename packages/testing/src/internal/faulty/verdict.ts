/** Decisions about single datagrams, and how a test writes them. `FaultyDriver` exports all of this. */

/**
 * Decides the outcome of one datagram. `lose`, `duplicate`, `delay` and `reorder` make verdicts.
 *
 * @category verdicts
 * @since 0.1.0
 */
export type Verdict =
  | { readonly _tag: "Lose" }
  | { readonly _tag: "Duplicate"; readonly copies: number }
  | { readonly _tag: "Delay"; readonly milliseconds: number }
  | { readonly _tag: "Reorder"; readonly by: number }

/**
 * Decides the outcome of one datagram that is sent: a `Verdict`, or an outcome that only a send has. `wouldBlock`,
 * `refuse` and `icmpError` make the latter.
 *
 * @category verdicts
 * @since 0.1.0
 */
export type SendVerdict =
  | Verdict
  | { readonly _tag: "WouldBlock" }
  | {
      readonly _tag: "Refuse"
      readonly fault: { readonly syscall: string; readonly code: string; readonly errno: number }
    }
  | { readonly _tag: "IcmpError"; readonly error: IcmpName | IcmpNumbers; readonly options: IcmpOptions }

/**
 * ICMP errors by name. Each stands for the type and code of the destination's family.
 *
 * | name                  | ICMP | ICMPv6 |
 * | --------------------- | ---- | ------ |
 * | `portUnreachable`     | 3/3  | 1/4    |
 * | `hostUnreachable`     | 3/1  | 1/3    |
 * | `networkUnreachable`  | 3/0  | 1/0    |
 * | `prohibited`          | 3/13 | 1/1    |
 * | `tooLarge`            | 3/4  | 2/0    |
 * | `hopLimitExceeded`    | 11/0 | 3/0    |
 *
 * @category verdicts
 * @since 0.1.0
 */
export type IcmpName =
  | "portUnreachable"
  | "hostUnreachable"
  | "networkUnreachable"
  | "prohibited"
  | "tooLarge"
  | "hopLimitExceeded"

/**
 * An ICMP error by its numbers, 0 to 255 each, in the numbering of the destination's family.
 *
 * @category verdicts
 * @since 0.1.0
 */
export interface IcmpNumbers {
  readonly type: number
  readonly code: number
}

/**
 * Details of a forged ICMP error.
 *
 * @category verdicts
 * @since 0.1.0
 */
export interface IcmpOptions {
  /** Address of the router or host that sends the error, in the destination's family. Default: the destination. */
  readonly from?: string | undefined
  /** Path MTU in bytes that the error reports. Default: 1,280 with `tooLarge`, else 0. */
  readonly mtu?: number | undefined
}

/**
 * Loses the datagram. A send succeeds and the datagram does not leave the host. A received datagram is discarded, and
 * its descriptors are closed.
 *
 * @category verdicts
 * @since 0.1.0
 */
export const lose: Verdict = { _tag: "Lose" }

/**
 * Delivers the datagram several times in a row, 2 to 1,000; default 2. Only the first received copy has its
 * descriptors.
 *
 * @category verdicts
 * @since 0.1.0
 */
export const duplicate = (copies = 2): Verdict => {
  if (!Number.isInteger(copies) || copies < 2 || copies > 1000)
    throw new RangeError(`duplicate(${copies}): give a whole number of copies, 2 to 1,000`)
  return { _tag: "Duplicate", copies }
}

/**
 * Delivers the datagram so many milliseconds later, by the timers of the host: a `TestClock` does not move them.
 *
 * **Gotchas**
 *
 * A send succeeds at once. The datagram is lost if the socket closes first or if the later send fails.
 *
 * @category verdicts
 * @since 0.1.0
 */
export const delay = (milliseconds: number): Verdict => {
  if (!(milliseconds >= 0 && milliseconds < 2 ** 31))
    throw new RangeError(`delay(${milliseconds} ms): give a number of milliseconds up to 24 days`)
  return { _tag: "Delay", milliseconds }
}

/**
 * Delivers the datagram after the next `by` datagrams of the same socket and direction; default 1. It does not depend
 * on time.
 *
 * **Gotchas**
 *
 * If fewer follow, the datagram is held, and is lost when the socket closes.
 *
 * @category verdicts
 * @since 0.1.0
 */
export const reorder = (by = 1): Verdict => {
  if (!Number.isInteger(by) || by < 1)
    throw new RangeError(`reorder(${by}): give a whole number of datagrams, 1 and up`)
  return { _tag: "Reorder", by }
}

/**
 * Reports a full send buffer once. The sender keeps the datagram, and sends it again if its spec requires it.
 *
 * @category verdicts
 * @since 0.1.0
 */
export const wouldBlock: SendVerdict = { _tag: "WouldBlock" }

/**
 * Fails the send with a fault: `refuse({ syscall: "sendmsg", code: "EPERM", errno: 1 })`.
 *
 * @category verdicts
 * @since 0.1.0
 */
export const refuse = (fault: {
  readonly syscall: string
  readonly code: string
  readonly errno: number
}): SendVerdict => ({
  _tag: "Refuse",
  fault
})

/**
 * Loses the datagram and forges the ICMP error that a peer or router answers with.
 *
 * **Details**
 *
 * The socket reports it as an error of its own system. Linux: an entry of the error queue if the spec has
 * `withErrorReports`, and the pending error of a connected socket. Winsock and macOS: only the pending error of a
 * connected socket. Otherwise it is not reported, like a real one.
 *
 * @example
 * ```ts
 * import { LinuxSockets } from "@ancillary/effect3/node"
 * import { Datagram, DatagramSockets, withErrorReports } from "@ancillary/effect3"
 * import { FaultyDriver } from "@ancillary/testing"
 * import { Effect, Stream } from "effect"
 *
 * const layer = DatagramSockets.layer(
 *   Effect.map(LinuxSockets.driver(), (driver) =>
 *     FaultyDriver.wrap(driver, { decideSend: () => FaultyDriver.icmpError("hopLimitExceeded", { from: "192.0.2.1" }) })
 *   ),
 *   LinuxSockets.capabilities
 * )
 *
 * const program = Effect.gen(function* () {
 *   const socket = yield* Datagram.client(Datagram.ipv4.pipe(withErrorReports()))
 *   yield* socket.send({ data: Uint8Array.of(1), to: { address: "198.51.100.7", port: 33434 } })
 *   return yield* Stream.runHead(socket.events)
 * })
 *
 * void Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(layer)))
 * ```
 *
 * @category verdicts
 * @since 0.1.0
 */
export const icmpError = (error: IcmpName | IcmpNumbers, options: IcmpOptions = {}): SendVerdict => {
  if (typeof error === "object" && ![error.type, error.code].every((n) => Number.isInteger(n) && n >= 0 && n <= 255))
    throw new RangeError(`icmpError({ type: ${error.type}, code: ${error.code} }): give whole numbers, 0 to 255`)
  return { _tag: "IcmpError", error, options }
}

const tags = new Set(["Lose", "Duplicate", "Delay", "Reorder", "WouldBlock", "Refuse", "IcmpError"])

/** Checks the return value of a test's function: 0, `true` or an effect would otherwise mean "deliver". */
export const checked = <V extends SendVerdict>(verdict: V | undefined, hook: string): V | undefined => {
  if (verdict === undefined || tags.has(verdict?._tag)) return verdict
  const given: unknown = verdict
  throw new TypeError(
    `${hook} returned ${typeof given === "number" ? given : `a ${typeof given} that is no verdict`}: return nothing to deliver, or a verdict such as FaultyDriver.lose`
  )
}
