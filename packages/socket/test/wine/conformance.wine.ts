import { WinsockSockets } from "@ancillary/effect3/node"
import { conformance, wine } from "@ancillary/testing/conformance"
import { hasPart } from "../conformance/exceptions.ts"

conformance(wine, WinsockSockets.driver({ guarded: true }), hasPart)
