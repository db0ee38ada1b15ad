import { LinuxSockets } from "@ancillary/posix"
import { conformance, linux } from "@ancillary/testing/conformance"
import { hasIpv6 } from "../../testing/machine.ts"

const families: typeof linux.families = hasIpv6() ? linux.families : ["ipv4"]
conformance({ ...linux, families }, LinuxSockets.driver({ guarded: true }))
