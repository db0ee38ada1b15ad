import { conformance, wine } from "@ancillary/testing/conformance"
import { WinsockSockets } from "@ancillary/effect3/node"

conformance(wine, WinsockSockets.driver({ guarded: true }))
