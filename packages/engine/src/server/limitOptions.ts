/** The options of a server's limits, with their defaults. */
import { Codec } from "@ancillary/control"
import type { Limits } from "./guard.ts"
import { type InvalidOption, invalidOption } from "./invalidOption.ts"
import type { Rate } from "./responseRate.ts"

/**
 * Settings of a response-rate limit.
 *
 * @category servers
 * @since 0.1.0
 */
export interface ResponseRateOptions {
  /** Responses per second to one prefix, above 0, by default 200. A quarter of a second's responses may be sent at once. */
  readonly perSecond?: number | undefined
  /**
   * Of so many requests above the rate, one is handled, by default 2. Its response is sent if it is not longer than the request, so it
   * amplifies nothing. A client that is limited because of a forged flood learns from it that the server works. 0 handles none.
   */
  readonly slip?: number | undefined
  /** Length of an IPv4 prefix in bits, 1 to 32, by default 24. */
  readonly ipv4Prefix?: number | undefined
  /** Length of an IPv6 prefix in bits, 1 to 64, by default 56. */
  readonly ipv6Prefix?: number | undefined
}

/**
 * Limits of a server's answers, because anyone can forge the source of a datagram. They do not apply to peers that
 * `Datagram.validate` named, nor to loopback addresses, which no other host can forge.
 *
 * @category servers
 * @since 0.1.0
 */
export interface LimitOptions {
  /**
   * Bytes that may be sent to a peer per byte that it sent, 1 or more, by default 3 (RFC 9000 section 8.1). A longer message fails with
   * `Limited`. `Infinity` has no limit, for protocols whose answers are longer, such as DNS. Then `responseRate` is on by default.
   */
  readonly amplification?: number | undefined
  /**
   * Limit of the responses per second to each prefix. By default it is off, or on with its defaults if `amplification` is `Infinity`. Requests
   * above it are not handled, and responses above it are dropped; `stats.limits` counts both. `false` turns it off.
   */
  readonly responseRate?: ResponseRateOptions | false | undefined
  /**
   * Treatment of loops: two servers that answer each other without end, after one forged datagram. With `"break"`, the default, a datagram of a
   * loop is not handled, and `"allow"` handles it. A loop has a port of a server: below 1024, or served by this process. Its payloads repeat,
   * for more than 16 answers without a pause of a second.
   */
  readonly loops?: "break" | "allow" | undefined
}

const defaultRate: Rate = { perSecond: 200, slip: 2, ipv4Prefix: 24, ipv6Prefix: 56 }
/** Higher rates are a mistake in their computation. */
const highest = 2 ** 31

/**
 * Reads the limits of a server, each option once. Returns the first invalid one with the reason. Getters may throw.
 *
 * @category servers
 * @since 0.1.0
 */
export const readLimits = (given: {
  readonly amplification?: unknown
  readonly responseRate?: unknown
  readonly loops?: unknown
}): Limits | InvalidOption => {
  const { amplification = 3, loops = "break", responseRate } = given
  if (typeof amplification !== "number" || !(amplification >= 1))
    return invalidOption("amplification", amplification, "a number of 1 or more", "3")
  if (loops !== "break" && loops !== "allow") return invalidOption("loops", loops, '"break" or "allow"', '"break"')
  const breaksLoops = loops === "break"
  if (responseRate === undefined)
    return { amplification, breaksLoops, responseRate: amplification === Infinity ? defaultRate : undefined }
  if (responseRate === false) return { amplification, breaksLoops, responseRate: undefined }
  if (typeof responseRate !== "object" || responseRate === null)
    return invalidOption("responseRate", responseRate, "a record of settings or false", "the default")
  const {
    ipv4Prefix = defaultRate.ipv4Prefix,
    ipv6Prefix = defaultRate.ipv6Prefix,
    perSecond = defaultRate.perSecond,
    slip = defaultRate.slip
  } = responseRate as { readonly [K in keyof Rate]?: unknown }
  if (typeof perSecond !== "number" || !(perSecond > 0 && perSecond <= highest))
    return invalidOption("responseRate.perSecond", perSecond, `a number above 0, at most ${highest}`, "200")
  if (!Codec.isInteger(slip, 0, highest))
    return invalidOption("responseRate.slip", slip, "an integer of 0 or more", "2")
  if (!Codec.isInteger(ipv4Prefix, 1, 32))
    return invalidOption("responseRate.ipv4Prefix", ipv4Prefix, "an integer from 1 to 32", "24")
  if (!Codec.isInteger(ipv6Prefix, 1, 64))
    return invalidOption("responseRate.ipv6Prefix", ipv6Prefix, "an integer from 1 to 64", "56")
  return { amplification, breaksLoops, responseRate: { perSecond, slip, ipv4Prefix, ipv6Prefix } }
}
