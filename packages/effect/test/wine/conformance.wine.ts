import { WinsockSockets } from "@ancillary/effect/node"
import { conformance, wine } from "@ancillary/testing/conformance"

// The types of the suite are those of Effect 3; its values here are those of Effect 4.
conformance(wine, WinsockSockets.driver({ guarded: true }) as never)
