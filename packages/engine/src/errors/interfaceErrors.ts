/** Errors about the host's interfaces. */
import { Codec } from "@ancillary/control"
import { DatagramInterfaceError } from "./DatagramError.ts"
import type { Fault } from "../driver/Driver.ts"
import { described, remedyOfOthers, told, unmade } from "./format.ts"

/** The refusal of the system to list its interfaces. */
export const interfaceError = (fault: Fault): DatagramInterfaceError =>
  new DatagramInterfaceError({
    ...described(fault),
    reason: "Other",
    message: `Asking for the interfaces failed ${told(fault)}. ${remedyOfOthers}.`
  })

/** No interface of the host has that name or index; `names` are those that there are. */
export const unknownInterface = (asked: string | number, names: ReadonlyArray<string>): DatagramInterfaceError =>
  new DatagramInterfaceError({
    ...unmade("interfaces"),
    reason: typeof asked === "string" ? "UnknownName" : "UnknownIndex",
    message: `No interface of this host has the ${typeof asked === "string" ? `name '${asked}'` : `index ${asked}`}. There are ${names.join(", ")}: choose one of them, or wait until it is there.`
  })

/** A name that is not a text, or an index that is not a number. Refused before any system call. */
export const invalidInterface = (asked: unknown, what: "name" | "index"): DatagramInterfaceError =>
  new DatagramInterfaceError({
    ...unmade("interfaces"),
    reason: "InvalidArgument",
    message: `${what}: ${Codec.format(asked)} is not ${what === "name" ? 'a text. Give the name of an interface, such as "eth0"' : "a number. Give the index of an interface, 1 or more"}.`
  })

/** An interval of `Interfaces.changes` that is not a duration above zero, refused before any system call. */
export const invalidInterval = (given: string): DatagramInterfaceError =>
  new DatagramInterfaceError({
    ...unmade("interfaces"),
    reason: "InvalidArgument",
    message: `interval: ${given} is not a finite duration above zero. Give one, such as "1 second", or leave it out.`
  })
