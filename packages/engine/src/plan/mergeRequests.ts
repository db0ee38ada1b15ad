/**
 * Merges the requests of a spec's messages, so that each call is made once. Views of one message make the same request, and switches of one
 * option are set together.
 */
import type { Request } from "@ancillary/control"
import type { Requester, PlannedOption } from "./parts.ts"

/** Adds the request of a message. Returns the reason if it conflicts with the request of another message. */
export const ask = (options: Array<PlannedOption>, asker: Requester, request: Request): string | undefined => {
  const call = toCall(request)
  // If the program itself set the option to another value, that does not meet the request of a message.
  const at = options.findIndex(
    (other) => other.requestedBy.some(({ key }) => key !== undefined) && sameCall(other, call)
  )
  const before = older(stricter(options[at], call), call)
  if (before === undefined) {
    options.push({ requestedBy: [asker], ...call })
    return undefined
  }
  const requestedBy = before.requestedBy.some(({ key }) => key === asker.key)
    ? before.requestedBy
    : [...before.requestedBy, asker]
  // Both have an `input` or both have a `value`, because they are the same call.
  const [one, two] = "ioctl" in before ? [before.input, inputOf(call)] : [before.value, inputOf(call)]
  if ("flags" in request && request.flags === true && "value" in before) {
    const length = Math.max(one.length, two.length)
    const value = Uint8Array.from({ length }, (_, i) => (one[i] ?? 0) | (two[i] ?? 0))
    options[at] = { ...before, requestedBy: requestedBy, value }
    return undefined
  }
  options[at] = { ...before, requestedBy: requestedBy }
  return sameBytes(one, two)
    ? undefined
    : `it wants of the socket what ${before.requestedBy.map(({ feature }) => feature).join(" and ")} sets to another value`
}

type Call =
  | {
      readonly level: number
      readonly option: number
      readonly value: Uint8Array
      readonly privilege?: string | undefined
      readonly dispensable?: true | undefined
      readonly instead?: number | undefined
    }
  | { readonly ioctl: number; readonly input: Uint8Array }

const toCall = (request: Request): Call =>
  "ioctl" in request
    ? request
    : {
        level: request.level,
        option: request.option,
        privilege: request.privilege,
        ...(request.dispensable === true ? { dispensable: true as const } : {}),
        ...(request.instead === undefined ? {} : { instead: request.instead }),
        value: typeof request.value === "number" ? int32(request.value) : request.value
      }

/** One message that requires an option makes the option required. */
const stricter = (before: PlannedOption | undefined, call: Call): PlannedOption | undefined =>
  before === undefined || !("dispensable" in before) || "dispensable" in call
    ? before
    : { ...before, dispensable: undefined }

/** Keeps the number of an older system if either request has one. */
const older = (before: PlannedOption | undefined, call: Call): PlannedOption | undefined =>
  before === undefined || !("option" in before) || "instead" in before || !("instead" in call)
    ? before
    : { ...before, instead: call.instead }

const inputOf = (call: Call): Uint8Array => ("ioctl" in call ? call.input : call.value)

const int32 = (value: number): Uint8Array => {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setInt32(0, value, true)
  return bytes
}

const sameCall = (a: Call, b: Call): boolean =>
  "ioctl" in a ? "ioctl" in b && a.ioctl === b.ioctl : "option" in b && a.level === b.level && a.option === b.option

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, index) => byte === b[index])
