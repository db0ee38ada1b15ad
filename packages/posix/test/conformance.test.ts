import { LinuxSockets } from "@ancillary/effect3/node"
import { conformance, linux } from "@ancillary/testing/conformance"
import { hasIpv6, hasRawPrivilege } from "../../testing/machine.ts"

const families: typeof linux.families = hasIpv6() ? linux.families : ["ipv4"]
const extensionHeaders = hasRawPrivilege() ? linux.extensionHeaders : "not permitted"
conformance({ ...linux, families, extensionHeaders }, LinuxSockets.driver({ guarded: true }))
