/** Splits payloads that the kernel merged (GRO, URO). The datagrams are views of one copy, and each has the control messages of all. */
import { Coalescing } from "@ancillary/control"
import type { NativeSocket } from "../driver/Driver.ts"
import type { Plan } from "../plan/Plan.ts"
import { DatagramFault, faultOf, tooLarge } from "./DatagramFault.ts"
import { type Outcome, ReceivedDatagram, split } from "./incoming.ts"

/** True for a payload that cannot be split, because its segment size is missing. Merging should be turned off. */
export const isSizeless = (outcome: Outcome | undefined): boolean =>
  outcome instanceof DatagramFault && outcome.reason === "ControlMissing"

/** Returns the datagrams of a merged payload in order, with `undefined` for each that the spec drops. */
export const partsOf = (plan: Plan, merged: ReceivedDatagram): ReadonlyArray<Outcome | undefined> => {
  const { [Coalescing.key]: size, ...control } = merged.control
  const given = plan.maybe.get(size)
  const { length } = merged.data
  const why = "a payload of several datagrams came without their size: withCoalescing is switched off"
  // Winsock: some machines do not report the segment size. On other platforms, or if merging was declined, a payload without it is one
  // datagram.
  if (given === undefined && length > plan.datagramBytes && plan.abi.platform === "winsock" && merges(plan))
    return [faultOf(plan.maybe, "ControlMissing", Coalescing.key, merged.from, why)]
  const each = typeof given === "number" ? given : Math.max(length, 1)
  const outcomes: Array<Outcome | undefined> = []
  for (let at = 0; at === 0 || at < length; at += each)
    outcomes.push(one(plan, merged, control, merged.data.subarray(at, at + each)))
  return outcomes
}

/** Turns merging (GRO, URO) off. If the system refuses, each such payload is a fault. */
export const stopMerging = ({ options }: Plan, native: Pick<NativeSocket, "setOption">): void => {
  for (const { requestedBy, ...call } of options)
    if ("level" in call && requestedBy.some(({ key }) => key === Coalescing.key))
      native.setOption(call.level, call.option, new Uint8Array(call.value.length))
}

const merges = ({ declined }: Plan): boolean => declined.every(({ key }) => key !== Coalescing.key)

const one = (
  { datagramBytes, maybe, scatter, truncation }: Plan,
  { delivery, from, truncated }: ReceivedDatagram,
  control: ReceivedDatagram["control"],
  whole: Uint8Array
): Outcome | undefined => {
  const cut = whole.length > datagramBytes
  if (cut && truncation === "drop") return undefined
  if (cut && truncation === "fail") return tooLarge(maybe, from, whole.length, datagramBytes)
  const data = cut ? whole.subarray(0, datagramBytes) : whole
  return new ReceivedDatagram(
    data,
    from,
    scatter === undefined ? control : { ...control, parts: split(data, scatter) },
    delivery,
    cut ? maybe.some({ size: maybe.some(whole.length) }) : truncated
  )
}
