/** The specs of sockets: what comes with each datagram, and what may go with one. */
import * as Spec from "@ancillary/engine/spec/Spec"
import {
  withDscp,
  withEcn,
  withHopLimit,
  withPktInfo,
  withTimestamp,
  withTrafficClass
} from "@ancillary/engine/spec/combinators/messages"
import { withTruncation } from "@ancillary/engine/spec/combinators/options"

const messages = Spec.combine(
  withPktInfo(),
  withHopLimit(),
  withTrafficClass(),
  withEcn({ only: "send" }),
  withDscp({ only: "send" }),
  Spec.withOptional(withTimestamp())
)

/** The spec of an IPv4 socket, of an IPv6 one, and of one that serves both. */
export const specs = {
  ipv4: Spec.make("ipv4").pipe(messages, withTruncation("deliver")),
  ipv6: Spec.make("ipv6").pipe(messages, withTruncation("deliver")),
  dual: Spec.make("dual").pipe(messages, withTruncation("deliver"))
} as const
