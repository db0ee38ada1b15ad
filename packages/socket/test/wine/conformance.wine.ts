import { WinsockSockets } from "@ancillary/effect3/node"
import { conformance, wine } from "@ancillary/testing/conformance"

// Handlers of effects differ from those of promises, which serving.test.ts has.
conformance(wine, WinsockSockets.driver({ guarded: true }), (part) => part !== "servers")
