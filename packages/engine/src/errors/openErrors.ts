/** Errors of opening a socket that only opening knows the reason of. */
import type { Endpoint, Family } from "@ancillary/control"
import { Option } from "effect"
import { DatagramBindError } from "./DatagramError.ts"
import type { Fault } from "../driver/Driver.ts"
import { described, told } from "./format.ts"

const failure = (
  fault: Fault,
  what: string,
  reason: DatagramBindError["reason"],
  option: Option.Option<string>,
  remedy: string
): DatagramBindError =>
  new DatagramBindError({
    ...described(fault),
    reason,
    option,
    message: `${what} failed ${told(fault)}. ${remedy}.`
  })

/** No port is left that a socket could have alone. */
export const noPortError = (fault: Fault, local: Endpoint<Family>): DatagramBindError =>
  failure(
    fault,
    `Binding to ${local}`,
    "AddressInUse",
    Option.none(),
    "Every port that the system gives out is in use: close sockets, bind to a port of your choice, or widen the range (Linux: sysctl net.ipv4.ip_local_port_range)"
  )

/** A port that the system chose cannot be shared afterwards. Shared before, it could be one that another socket has. */
export const unsharedPort = (fault: Fault, feature: string): DatagramBindError =>
  failure(
    fault,
    `Setting ${feature}`,
    "InvalidArgument",
    Option.some(feature),
    "This system does not share a port that it chose itself: bind to a port other than 0, or leave the option out"
  )

/** An adopted socket serves other families than the spec, and that cannot be changed once it is bound. */
export const otherFamilies = (fault: Fault, what: string, family: Family): DatagramBindError =>
  failure(
    fault,
    what,
    "InvalidArgument",
    Option.none(),
    family === "dual"
      ? "The socket serves IPv6 only, and a bound socket cannot change that: adopt it with Datagram.ipv6"
      : "The socket serves IPv4 peers, too, and a bound socket cannot change that: adopt it with Datagram.dual"
  )
