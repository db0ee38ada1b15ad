/** Sockets of the system at hand. */
import { systemDriver } from "@ancillary/node"
import { Opening } from "./opening.ts"

export const system: Opening = new Opening(systemDriver)
