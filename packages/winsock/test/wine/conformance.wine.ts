import { conformance, wine } from "@ancillary/testing/conformance"
import { WinsockSockets } from "@ancillary/node"

conformance(wine, WinsockSockets.driver({ guarded: true }))
