import { conformance, wine } from "@ancillary/testing/conformance"
import { WinsockSockets } from "@ancillary/winsock"

conformance(wine, WinsockSockets.driver({ guarded: true }))
