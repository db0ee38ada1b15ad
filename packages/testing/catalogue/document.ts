/** Renders the catalogue: a section per message, the options, and the tests that the proofs name. */
import type { Platform, Presence, Request } from "@ancillary/control"
import { table } from "./table.ts"
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
  required: "with every datagram",
  optional: "with some datagrams: an `Option`",
  repeated: "any number of times: an array"
}

/** L: tests on Linux; W: under Wine; G: golden buffers. */
type List = "L" | "W" | "G"

/** Short names for tests and buffers, and the lists at the end that explain them. */
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
  // Messages of one level replace each other. An event may consist of several parts, each of its own level.
  const levels = [...new Set(marks.map(({ level }) => level))]
  const names = levels.map((of) =>
    marks
      .filter(({ level }) => level === of)
      .map(({ level, type }) => numbered(constantOf(subject, platform, level, type, kind), level, type))
      .join(" or ")
  )
  const asking = asks.length === 0 ? "" : `; requested by ${asks.map((each) => asked(way, each)).join(", ")}`
  const wants = privilege === undefined ? "" : `; may require ${privilege}`
  return `${names.join(direction === "event" ? " and " : " or ")}${asking}${wants}`
}

const sizeText = ({ size }: Mark): string => {
  const { maximum, minimum = 0 } = typeof size === "number" ? { maximum: size, minimum: size } : size
  return minimum === maximum ? String(maximum) : `${minimum} to ${maximum}`
}

/** Statements that only a running system can prove, and buffers of a compiler cannot. */
const unseen: { readonly [D in Direction]: string } = {
  received: "its request: documentation",
  event: "its request: documentation",
  sent: "its effect: documentation",
  set: ""
}

const proofText = (references: References, way: Way): string => {
  const proofs = proofsOf(way)
  const rest = proofs[0]?.worth === "headers" ? [unseen[way.direction]].filter(Boolean) : []
  return [proofs.map((proof) => references.of(proof)).join(", "), ...rest].join("; ")
}

/** Platform, families, direction, number, bytes, proof. Families with equal cells on a platform share a row. */
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

const columns = ["platform", "family", "direction", "number, or the reason for its absence", "bytes", "proof"]

const subjectOf = ([entry]: ReadonlyArray<Way | Lack>) => {
  if (entry === undefined) throw new Error("a message or an option without a row")
  return entry.subject
}

const section = (references: References, entries: ReadonlyArray<Way | Lack>): ReadonlyArray<string> => {
  const subject = subjectOf(entries)
  const { key, presence } = subject
  const { about, name } = combinatorOf(subject) ?? { about: "", name: key }
  const comes = presence === undefined ? "" : ` \`control.${key}\` arrives ${present[presence]}.`
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

This document lists every control message and socket option that the library defines, with its support on each platform and the proof of each row.
\`npm run catalogue\` writes it from the definitions and the tests. A test compares it, and fails if a row claims more than a test proves.

How to read the numbers: \`IP_PKTINFO (0, 8)\` is type 8 of level 0. _Requested by_ is the option that makes the kernel deliver or accept a message. The
number after \`=\` is its value, and the number after \`with\` are the bits that are set in it. _Bytes_ is the size of the payload without the header.

The kinds of proof:

- **run**: a test ran the row on a real socket of that system. The row names the test: L on Linux, W in a Windows Node under Wine.
  - _received_, _event_: all requests of the row were made, the kernel delivered a message of that level and type, and its codec read the payload.
  - _sent_: the kernel accepted a datagram with the message. Wine accepts any control data that is sent and ignores it, so no sent row counts as run there.
  - _set_: the kernel accepted the option.
- **headers**: the bytes are equal to those that a C compiler makes with the system's own headers (G). For an option, the headers have its number.
- **documentation**: only the documentation supports the row. No test has run on a Mac or on Windows itself.

\`Capabilities.probe()\` reports the support of the current machine, from its sockets.
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
