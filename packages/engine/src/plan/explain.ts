import type { AbiName } from "@ancillary/control"
import { columns } from "./formatTable.ts"
import type { ControlLayout, Plan, PlannedOption } from "./Plan.ts"

/**
 * A plan as data for inspection. It is plain data, and prints as a table.
 *
 * @category models
 * @since 0.1.0
 */
export interface Explanation {
  readonly abi: AbiName
  readonly family: string
  /** Options in the order in which they are set, before `bind`. The call of an option that is set after it ends with `after bind`. */
  readonly options: ReadonlyArray<{ readonly feature: string; readonly call: string; readonly value: string }>
  readonly receive: ControlLayout
  readonly send: ControlLayout
  /** Empty if no event of the error queue is declared. */
  readonly errors: ControlLayout
  readonly declined: Plan["declined"]
  readonly refused: Plan["refused"]
  readonly toString: () => string
}

/**
 * Explains a plan.
 *
 * @category inspection
 * @since 0.1.0
 */
export const explain = (plan: Plan): Explanation => {
  const explanation = {
    abi: plan.abi.name,
    family: plan.family,
    options: plan.options.map(explainOption),
    receive: plan.receive,
    send: plan.send,
    errors: plan.errors,
    declined: plan.declined,
    refused: plan.refused
  }
  return { ...explanation, toString: () => print(plan, explanation.options) }
}

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ")

const explainOption = (planned: PlannedOption): Explanation["options"][number] => {
  const feature = planned.requestedBy.map((asker) => asker.feature).join(", ")
  return "option" in planned
    ? { feature, call: setting(planned), value: hex(planned.value) }
    : { feature, call: `ioctl(0x${planned.ioctl.toString(16)})`, value: hex(planned.input) }
}

const setting = ({
  afterBind,
  instead,
  level,
  option
}: Extract<PlannedOption, { readonly option: number }>): string => {
  const first = `setsockopt(${level}, ${option})${afterBind === true ? ", after bind" : ""}`
  return instead === undefined ? first : `${first}, or (${level}, ${instead}) if the system lacks it`
}

const print = (plan: Plan, options: Explanation["options"]): string => {
  const { cmsghdr, name } = plan.abi
  const section = (title: string, lines: ReadonlyArray<string>) =>
    lines.length === 0 ? [] : ["", title, ...lines.map((line) => `  ${line}`)]
  return [
    `${plan.family} on ${name}: cmsg_len of ${cmsghdr.length.bytes} bytes, headers of ${cmsghdr.size}, aligned to ${cmsghdr.align}`,
    ...section("options, before bind", columns(options.map(({ call, feature, value }) => [feature, call, value]))),
    ...section(`receive control buffer, ${plan.receive.bytes} bytes`, byteMap(plan, plan.receive)),
    ...section(`send control buffer, ${plan.send.bytes} bytes`, byteMap(plan, plan.send)),
    ...section(`error queue control buffer, ${plan.errors.bytes} bytes`, byteMap(plan, plan.errors)),
    ...section(
      "declined",
      plan.declined.map(({ key, why }) => `${key}: ${why}`)
    ),
    ...section(
      "refused: bind would fail",
      plan.refused.map(({ feature, remedy, why }) => `${feature}: ${why}. ${remedy}.`)
    )
  ].join("\n")
}

/** Header, payload and padding of each message, with their offsets. */
const byteMap = ({ abi, family }: Plan, layout: ControlLayout): ReadonlyArray<string> =>
  columns(
    layout.messages.flatMap((place) => {
      const { at, keys, length, level, payload, space, type } = place
      const data = at + length - payload
      const title = family === "dual" ? `${keys.join(" ")} (${place.family})` : keys.join(" ")
      return [
        [range(at, at + abi.cmsghdr.size), "header", `${title}: cmsg_len ${length}, level ${level}, type ${type}`],
        [range(data, data + payload), "payload", count(payload)],
        ...(space === length ? [] : [[range(at + length, at + space), "padding", count(space - length)]])
      ]
    })
  )

const range = (from: number, to: number): string => `${from}..${to - 1}`
const count = (bytes: number): string => (bytes === 1 ? "1 byte" : `${bytes} bytes`)
