/** The network in memory passes the suite of drivers, as Linux. */
import { Network } from "@ancillary/testing"
import { conformance, linux } from "@ancillary/testing/conformance"
import { Effect } from "effect"

const network = Network.make({ seed: 1, trace: false })
const host = network.host("here", { addresses: ["10.9.0.1/24", "fd00:9::1/64"], guarded: true })

conformance({ ...linux, name: "the network in memory", unixSockets: "absent" }, Effect.succeed(host.driver))
