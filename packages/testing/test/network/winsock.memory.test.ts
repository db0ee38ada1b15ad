/** The network in memory passes the suite of drivers, as Winsock. */
import { Network } from "@ancillary/testing"
import { conformance, type PlatformFacts, wine } from "@ancillary/testing/conformance"
import { Effect } from "effect"

const network = Network.make({ seed: 1, trace: false })
const host = network.host("here", { addresses: ["10.9.0.1/24", "fd00:9::1/64"], guarded: true, system: "winsock" })

/** Windows as its documentation has it, without the gaps of Wine. */
const facts: PlatformFacts = {
  ...wine,
  name: "the network in memory, as Winsock",
  sentControl: "honoured",
  refuses: {},
  hopLimit: { ipv4: 128, ipv6: 128 },
  options: { ...wine.options, refuses: {} },
  memberships: { calls: { ipv4: [["0/41"], "0/42"], ipv6: [["41/41"], "41/42"] }, sources: undefined }
}

conformance(facts, Effect.succeed(host.driver))
