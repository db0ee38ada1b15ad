/** The conformance suite through this face, with Effect 4 alone, on the driver of Linux. */
import { LinuxSockets } from "@ancillary/effect/node"
import { conformance, linux } from "@ancillary/testing/conformance"
import { hasIpv6, hasRawPrivilege } from "../../testing/machine.ts"

const families: typeof linux.families = hasIpv6() ? linux.families : ["ipv4"]
const extensionHeaders = hasRawPrivilege() ? linux.extensionHeaders : "not permitted"
// The types of the suite are those of Effect 3; its values here are those of Effect 4.
conformance({ ...linux, families, extensionHeaders }, LinuxSockets.driver({ guarded: true }) as never)
