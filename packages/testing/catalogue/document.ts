/** The catalogue as a document: a section a message, the options, and the tests that the proofs name. */
import type { Platform, Presence, Request } from "@ancillary/control"
import { type Proof, proofsOf } from "./proofs.ts"
import { combinatorOf, constantOf, definitionOf } from "./sources.ts"
import { type Direction, isWay, type Lack, type Mark, messages, options, type RowFamily, type Way } from "./ways.ts"

const platformTitles: { readonly [P in Platform]: string } = { linux: "Linux", winsock: "Windows", darwin: "macOS" }
const familyTitles: { readonly [F in RowFamily]: string } = { ipv4: "IPv4", ipv6: "IPv6", unix: "Unix" }
const lackTitles: { readonly [L in Lack["lacks"]]: string } = {
  received: "not received",
  sent: "not sent",
  both: "absent"
}
const present: { readonly [P in Presence]: string } = {
  always: "with every datagram",
  perhaps: "with some datagrams: an `Option`",
  repeated: "any number of times: an array"
}

/** L: tests on Linux; W: under Wine; G: golden buffers. */
type List = "L" | "W" | "G"

/** Tests and buffers get a short name where they are first named, and stand in a list at the end. */
class References {
  readonly #lists: { readonly [L in List]: Array<string> } = { L: [], W: [], G: [] }

  of({ by, worth }: Proof): string {
    const names = by.map((entry) => {
      const list: List = worth === "headers" ? "G" : entry.includes(".wine.ts") ? "W" : "L"
      const entries = this.#lists[list]
      if (!entries.includes(entry)) entries.push(entry)
      return `${list}${entries.indexOf(entry) + 1}`
    })
    return names.length === 0 ? worth : `${worth} (${names.join(", ")})`
  }
  table(list: List, what: string): ReadonlyArray<string> {
    return table(
      ["", what],
      this.#lists[list].map((entry, index) => [`${list}${index + 1}`, entry])
    )
  }
}

/** Columns as wide as their widest cell, as the formatter leaves them. */
const table = (head: ReadonlyArray<string>, body: ReadonlyArray<ReadonlyArray<string>>): ReadonlyArray<string> => {
  const rows = [head, ...body.map((row) => row.map((cell) => cell.replaceAll("|", "\\|")))]
  const widths = head.map((_, column) => Math.max(3, ...rows.map((row) => row[column]?.length ?? 0)))
  const line = (row: ReadonlyArray<string>) =>
    `| ${widths.map((width, column) => (row[column] ?? "").padEnd(width)).join(" | ")} |`
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.slice(1).map(line), ""]
}

const numbered = (name: string | undefined, level: number, number: number): string =>
  `${name === undefined ? "" : `\`${name}\` `}(${level}, ${number})`

const asked = ({ platform, subject }: Way, request: Request): string => {
  if ("ioctl" in request) return `ioctl 0x${request.ioctl.toString(16)}`
  const { flags, instead, level, option, value } = request
  const set = typeof value !== "number" ? "" : flags === true ? ` with 0x${value.toString(16)}` : ` = ${value}`
  const call = (option: number) => numbered(constantOf(subject, platform, level, option, "asks"), level, option)
  return `${call(option)}${set}${instead === undefined ? "" : ` or, if the system lacks it, ${call(instead)}`}`
}

const numberText = (way: Way): string => {
  const { asks, direction, marks, platform, privilege, subject } = way
  const kind = direction === "set" ? "asks" : "marks"
  // Messages of one level stand in for each other; an event's may come in several parts, each of a level of its own.
  const levels = [...new Set(marks.map(({ level }) => level))]
  const names = levels.map((of) =>
    marks
      .filter(({ level }) => level === of)
      .map(({ level, type }) => numbered(constantOf(subject, platform, level, type, kind), level, type))
      .join(" or ")
  )
  const asking = asks.length === 0 ? "" : `; asked by ${asks.map((each) => asked(way, each)).join(", ")}`
  const wants = privilege === undefined ? "" : `; may want ${privilege}`
  return `${names.join(direction === "event" ? " and " : " or ")}${asking}${wants}`
}

const sizeText = ({ size }: Mark): string => {
  const { maximum, minimum = 0 } = typeof size === "number" ? { maximum: size, minimum: size } : size
  return minimum === maximum ? String(maximum) : `${minimum} to ${maximum}`
}

/** What buffers that a compiler made do not show, and only a system does. */
const unseen: { readonly [D in Direction]: string } = {
  received: "what asks for it: documentation",
  event: "what asks for it: documentation",
  sent: "that it is heeded: documentation",
  set: ""
}

const proofText = (references: References, way: Way): string => {
  const proofs = proofsOf(way)
  const rest = proofs[0]?.worth === "headers" ? [unseen[way.direction]].filter(Boolean) : []
  return [proofs.map((proof) => references.of(proof)).join(", "), ...rest].join("; ")
}

/** Platform, families, what, number, bytes, proof; families that have the same of a platform in one row. */
const rowsOf = (references: References, entries: ReadonlyArray<Way | Lack>): ReadonlyArray<ReadonlyArray<string>> => {
  const rows = new Map<string, { readonly of: Array<string>; readonly rest: ReadonlyArray<string> }>()
  for (const entry of entries) {
    const rest = isWay(entry)
      ? [
          entry.direction,
          numberText(entry),
          [...new Set(entry.marks.map(sizeText))].join(" or "),
          proofText(references, entry)
        ]
      : [lackTitles[entry.lacks], entry.why, "", ""]
    const same = [entry.platform, ...rest].join("|")
    const row = rows.get(same) ?? { of: [platformTitles[entry.platform]], rest }
    row.of.push(familyTitles[entry.family])
    rows.set(same, row)
  }
  return [...rows.values()].map(({ of: [platform = "", ...families], rest }) => [
    platform,
    families.join(", "),
    ...rest
  ])
}

const columns = ["platform", "family", "what", "number, or why there is none", "bytes", "proof"]

const subjectOf = ([entry]: ReadonlyArray<Way | Lack>) => {
  if (entry === undefined) throw new Error("a message or an option without a row")
  return entry.subject
}

const section = (references: References, entries: ReadonlyArray<Way | Lack>): ReadonlyArray<string> => {
  const subject = subjectOf(entries)
  const { key, presence } = subject
  const { about, name } = combinatorOf(subject) ?? { about: "", name: key }
  const comes = presence === undefined ? "" : ` \`control.${key}\` comes ${present[presence]}.`
  return [
    `### ${name}`,
    "",
    `${about}${comes} [Definition](../${definitionOf(subject).path}).`,
    "",
    ...table(columns, rowsOf(references, entries))
  ]
}

const optionRows = (references: References, entries: ReadonlyArray<Way | Lack>) => {
  const subject = subjectOf(entries)
  const link = `[\`${combinatorOf(subject)?.name ?? subject.key}\`](../${definitionOf(subject).path})`
  return rowsOf(references, entries).map((row) => [link, ...row])
}

const introduction = `# The catalogue

Every control message and socket option that the library defines, as each platform does it, and what shows that the row is true. This document
is made from the definitions and the tests by \`npm run catalogue\`; a test compares it, and fails where a row says more than a test gives.

How to read the numbers: \`IP_PKTINFO (0, 8)\` is type 8 of level 0. _Asked by_ is the option that makes the kernel deliver or take a message; what
follows \`=\` is its value, what follows \`with\` the bits that are switched on in it. _Bytes_ are those of the payload, without the header.

What a proof is:

- **run**: a test ran it on a real socket of that system, and the test is named: L on Linux, W in a Windows Node under Wine. _received_, _event_:
  all that asks for it was asked, and the kernel delivered a message of that level and type, which its codec read. _sent_: the kernel took a datagram
  with it. Wine takes any control data that is sent and looks at none, so nothing that is sent counts as run there. _set_: the kernel took the option.
- **headers**: the bytes are equal to those that a C compiler makes with the system's own headers (G); of an option, its number stands in them.
- **documentation**: nothing else is known. Nothing here has run on a Mac or on Windows itself.

What this machine says is told by \`Capabilities.probe()\`, which asks its sockets.
`

export const render = (): string => {
  const references = new References()
  return [
    introduction,
    "## Messages",
    "",
    ...messages.flatMap((entries) => section(references, entries)),
    "## Options",
    "",
    ...table(
      ["option", ...columns],
      options.flatMap((entries) => optionRows(references, entries))
    ),
    "## The tests",
    "",
    ...references.table("L", "on Linux"),
    ...references.table("W", "under Wine"),
    ...references.table("G", "golden buffers, by `packages/control/test/golden.test.ts`")
  ].join("\n")
}
