/** A trace as a sequence chart in text: a column for each host, an arrow for each packet. */
import { contents } from "./describe.ts"
import type { TraceEvent } from "./recorder.ts"

const columnWidth = 40
const timeWidth = 12

/** Milliseconds since the first event. */
const elapsed = (time: bigint, start: bigint): string => {
  const nanoseconds = time - start
  return `${nanoseconds / 1_000_000n}.${String(nanoseconds % 1_000_000n)
    .padStart(6, "0")
    .slice(0, 3)}`
}

/**
 * Draws the packets of a trace. Arrivals have no line of their own: the time of an arrival that is later, and the fate of a packet, stand behind the last column.
 */
export const chart = (events: ReadonlyArray<TraceEvent>, hosts: ReadonlyArray<string>): string => {
  const start = events[0]?.time ?? 0n
  const arrivals = new Map(events.flatMap(({ of, time }) => (of === undefined ? [] : [[of, time] as const])))
  const column = (host: string) => timeWidth + hosts.indexOf(host) * columnWidth
  const lines = [
    row(
      "ms",
      hosts.map((host) => [column(host), host])
    )
  ]
  for (const event of events) {
    if (event.kind === "arrive") continue
    const marks: Array<readonly [number, string]> = hosts.map((host) => [column(host), "|"])
    const arrival = arrivals.get(event.number)
    const isLater = arrival !== undefined && arrival !== event.time
    const why = [event.why ?? "", isLater ? `arrives at ${elapsed(arrival, start)}` : ""].filter((each) => each !== "")
    const [from, to] = [column(event.at), event.to === undefined ? undefined : column(event.to)]
    const notes = (to === undefined ? [contents(event.packet), ...why] : why).join(", ")
    const drawn = arrow(from, to, event.kind === "drop", contents(event.packet))
    lines.push(row(elapsed(event.time, start), [...marks, ...drawn, [column(hosts.at(-1) ?? "") + 2, notes]]))
  }
  return `${lines.join("\n")}\n`
}

/** An arrow that ends at the receiver, or in an `x` if the packet was lost. A packet that ended in a host is an `x` on its line. */
const arrow = (
  from: number,
  to: number | undefined,
  isLost: boolean,
  label: string
): ReadonlyArray<readonly [number, string]> => {
  if (to === undefined) return [[from, "x"]]
  const length = Math.abs(to - from) - 1
  const text = ` ${label} `.slice(0, length - 4)
  const filled = `--${text}`.padEnd(length - 1, "-")
  const end = isLost ? "x" : to > from ? ">" : "<"
  return to > from ? [[from + 1, `${filled}${end}`]] : [[to + 1, `${end}${filled}`]]
}

/** Puts texts at their places. A later text covers an earlier one. */
const row = (time: string, marks: ReadonlyArray<readonly [number, string]>): string => {
  let line = time
  for (const [at, text] of marks) line = `${line.padEnd(at).slice(0, at)}${text}${line.slice(at + text.length)}`
  return line.trimEnd()
}
