/**
 * Opens sockets from the values of a program: a spec, an address, a peer, a descriptor. The compiler may not have checked these values, so
 * each function returns an error record for a value that cannot be used.
 */
import {
  type Abi,
  Codec,
  type Endpoint,
  endpoint as toEndpoint,
  type Family,
  SocketAddress,
  UnixEndpoint
} from "@ancillary/control"
import type { Driver } from "../driver/Driver.ts"
import { inZone } from "../driver/zones.ts"
import { type DatagramBindError, type DatagramUnsupportedError, invalidBind } from "../errors/DatagramError.ts"
import * as Plan from "../plan/Plan.ts"
import { hostOf } from "../send/ping.ts"
import type { MaybeShape } from "../spec/Maybe.ts"
import type { Spec } from "../spec/Spec.ts"
import { open, openNew, openPair } from "./open.ts"
import type { OpenSocket } from "./openSocket.ts"

type Failure = DatagramBindError | DatagramUnsupportedError

/**
 * The driver that opens the sockets of a face, and the shape of a value that may be missing there.
 *
 * @category sockets
 * @since 0.1.0
 */
export interface Opener {
  readonly driver: Driver
  readonly maybe: MaybeShape
}

/**
 * Opens a socket that is bound to an address.
 *
 * @category sockets
 * @since 0.1.0
 */
export const openBound = ({ driver, maybe }: Opener, spec: Spec.Any, at: unknown): OpenSocket | Failure => {
  const plan = compileSpec(spec, driver.abi, maybe)
  if ("_tag" in plan) return plan
  const local = parse(spec, at, driver)
  return "_tag" in local ? local : open(driver, plan, { native: openNew, local, peer: undefined })
}

/**
 * Opens a socket that is bound to a free port of every address, or to a free name.
 *
 * @category sockets
 * @since 0.1.0
 */
export const openClient = ({ driver, maybe }: Opener, spec: Spec.Any): OpenSocket | Failure => {
  const plan = compileSpec(spec, driver.abi, maybe)
  if ("_tag" in plan) return plan
  const local = anywhere(spec, driver)
  return isError(local) ? local : open(driver, plan, { native: openNew, local, peer: undefined })
}

/**
 * Opens a socket that is connected to a peer. `options` may name the local address.
 *
 * @category sockets
 * @since 0.1.0
 */
export const openConnected = (
  { driver, maybe }: Opener,
  spec: Spec.Any,
  peer: unknown,
  options: unknown
): OpenSocket | Failure => {
  const plan = compileSpec(spec, driver.abi, maybe)
  if ("_tag" in plan) return plan
  const parsed = parse(spec, peer, driver)
  if ("_tag" in parsed) return parsed
  if (parsed.family === "unix" && parsed.path === undefined)
    return invalidBind("The address cannot be used: a socket without a name cannot be connected to.")
  const to = spec.protocol === "icmp" ? hostOf(parsed) : parsed
  const given = localOf(options)
  if (isError(given)) return given
  const local = given === undefined ? anywhere(spec, driver) : parse(spec, given.local, driver)
  if (isError(local)) return local
  return open(driver, plan, { native: openNew, local, peer: to })
}

/**
 * Takes over a bound socket that was made elsewhere, by its descriptor or SOCKET. If it fails, the descriptor stays open.
 *
 * @category sockets
 * @since 0.1.0
 */
export const openAdopted = ({ driver, maybe }: Opener, spec: Spec.Any, descriptor: unknown): OpenSocket | Failure => {
  // Linux: a descriptor is an int, and a larger number would be truncated to another one. A SOCKET is a handle of up
  // to 64 bits.
  const highest = driver.abi.platform === "winsock" ? Number.MAX_SAFE_INTEGER : 0x7fffffff
  if (!Codec.isInteger(descriptor, 0, highest))
    return invalidBind(
      `${Codec.format(descriptor)} is not the descriptor of a socket: an integer from 0 to ${highest}. Give the number of a bound socket.`
    )
  const compiled = compileSpec(spec, driver.abi, maybe)
  if ("_tag" in compiled) return compiled
  const plan = withSpareRoom(compiled)
  const native = () => driver.adopt(descriptor, plan.kind)
  return open(driver, plan, { native, adopted: `Adopting descriptor ${descriptor}`, local: undefined, peer: undefined })
}

/**
 * Opens two Unix sockets that are connected to each other.
 *
 * @category sockets
 * @since 0.1.0
 */
export const openPairOf = ({ driver, maybe }: Opener, spec: Spec.Any): readonly [OpenSocket, OpenSocket] | Failure => {
  const plan = compileSpec(spec, driver.abi, maybe)
  return "_tag" in plan ? plan : openPair(driver, plan)
}

const isError = (given: object | undefined): given is DatagramBindError => given !== undefined && "_tag" in given

/**
 * The creator of the socket may have enabled messages that the spec does not declare. The buffer has space for all
 * messages, so that they do not truncate the declared ones.
 */
const withSpareRoom = (plan: Plan.Plan): Plan.Plan => ({
  ...plan,
  receive: { ...plan.receive, bytes: plan.receive.bytes + 1024 }
})

/**
 * Compiles a spec to a plan, or returns the error. The value of a program may not be a spec, and its definitions may throw.
 *
 * @category sockets
 * @since 0.1.0
 */
export const compileSpec = (spec: Spec.Any, abi: Abi, maybe: MaybeShape): Plan.Plan | DatagramBindError => {
  try {
    return Plan.compile(spec, abi, maybe)
  } catch (cause) {
    return invalidBind(
      `spec: it cannot be compiled (${Codec.format(cause)}). Begin with one of Datagram, such as Datagram.ipv4.`
    )
  }
}

/** Reads the local address of the options. Absent if they have none. */
const localOf = (options: unknown): { readonly local: unknown } | DatagramBindError | undefined => {
  try {
    const local: unknown =
      options === undefined || options === null ? undefined : Reflect.get(Object(options) as object, "local")
    return local === undefined ? undefined : { local }
  } catch (cause) {
    return invalidBind(`options: they cannot be read (${Codec.format(cause)}). Give { local } as plain values.`)
  }
}

/** A free port of every address, or a free name of a Unix socket. Absent if the system does not choose names. */
const anywhere = (spec: Spec.Any, driver: Driver): Endpoint<Family> | DatagramBindError | undefined => {
  if (spec.family !== "unix")
    return parse(spec, { address: spec.family === "ipv4" ? "0.0.0.0" : "::", port: 0 }, driver)
  return driver.abi.platform === "linux" ? parse(spec, new UnixEndpoint(undefined), driver) : undefined
}

const parse = (spec: Spec.Any, input: unknown, driver: Driver): Endpoint<Family> | DatagramBindError => {
  // Replaces the interface name by its index. The result is an endpoint, or the reason for a failure.
  const given: unknown = inZone(driver, input)
  const parsed = Codec.isMalformed(given) ? given : toEndpoint(spec.family as Family, given as Endpoint<Family>)
  if (Codec.isMalformed(parsed)) return invalidBind(`The address cannot be used: ${parsed.malformed}.`)
  const why = parsed.family === "unix" ? SocketAddress.validateUnixPath(driver.abi, parsed.path ?? "") : undefined
  return why === undefined ? parsed : invalidBind(`The address cannot be used: ${why}.`)
}
