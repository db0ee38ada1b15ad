/** The names that the suite imports, with the promise face in place of the sockets of effects: `replacing` gives it to the suite. */
import * as suite from "@ancillary/effect3"
import { kitOf } from "./promiseKit.ts"

const kit = kitOf(suite)

export * from "@ancillary/effect3"
export const Datagram: unknown = kit["Datagram"]
export const Descriptor: unknown = kit["Descriptor"]
