import { LinuxSockets } from "@ancillary/posix"
import { conformance, linux } from "@ancillary/testing/conformance"

conformance(linux, LinuxSockets.driver({ guarded: true }))
