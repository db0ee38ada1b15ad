/**
 * Finds the proof of a row: a test that ran it on a system, vectors that a compiler made with the system's headers, or
 * only documentation. Each proof is read from the tests or vectors. None is written by hand.
 */
import { readdirSync } from "node:fs"
import { join } from "node:path"
import * as Linux from "@ancillary/control/platform/linux"
import { runs } from "./runs.ts"
import { constantOf, root, textOf } from "./sources.ts"
import { fits, type Mark, rowOf, type Way } from "./ways.ts"

export const worths = ["run", "headers", "documentation"] as const

export interface Proof {
  readonly worth: (typeof worths)[number]
  /** The test, or the golden buffers with their ABIs. Absent for a number that is in the headers. */
  readonly by: ReadonlyArray<string>
}

interface Golden {
  readonly abi: string
  readonly constants: { readonly [name: string]: number | string }
  readonly buffers: ReadonlyArray<{
    readonly name: string
    readonly messages: ReadonlyArray<{ readonly level: number; readonly type: number; readonly payload: string }>
  }>
}

const folder = "packages/control/golden"
const golden: ReadonlyArray<Golden> = readdirSync(join(root, folder))
  .filter((name) => name.endsWith(".json"))
  .toSorted((a, b) => (a < b ? -1 : 1))
  .map((name) => JSON.parse(textOf(`${folder}/${name}`)) as Golden)

/** The first words in the name of a buffer: `ipv4 received: pktInfo hopLimit`. */
const golds: { readonly [D in Way["direction"]]: string } = {
  received: "received",
  event: "told",
  sent: "sent",
  set: ""
}

/** The smallest buffer that contains a message of the mark. Below the level of a family the bytes are equal in all families. */
const bufferOf = ({ direction, family, platform }: Way, mark: Mark): ReadonlyArray<string> => {
  const own = mark.level === Linux.IPPROTO_IP || mark.level === Linux.IPPROTO_IPV6
  const holding = golden
    .filter(({ abi }) => abi.startsWith(platform))
    .flatMap(({ abi, buffers }) =>
      buffers
        .filter(({ messages, name }) => {
          const [of, way] = name.split(/[: ]/)
          return (
            (of === family || !own) &&
            way === golds[direction] &&
            messages.some(
              ({ level, payload, type }) =>
                level === mark.level && type === mark.type && fits(mark.size, payload.length / 2)
            )
          )
        })
        .map(({ messages, name }) => ({ abi, name, size: messages.length }))
    )
    .toSorted((a, b) => a.size - b.size || (a.name < b.name ? -1 : 1))
  const abis = holding.filter(({ name }) => name === holding[0]?.name).map(({ abi }) => abi)
  return abis.length === 0 ? [] : [`\`${holding[0]?.name}\`: ${abis.join(", ")}`]
}

const known = runs()

/** The proofs, best first. There is always at least one. */
export const proofsOf = (way: Way): ReadonlyArray<Proof> => {
  const { direction, marks, platform, subject } = way
  const run = known.get(rowOf(way))
  const ran: ReadonlyArray<Proof> = run === undefined ? [] : [{ worth: "run", by: [run] }]
  if (direction === "set") {
    const inHeaders = marks.every(({ level, type }) => {
      const constant = constantOf(subject, platform, level, type, "asks")
      return golden.some(
        ({ abi, constants }) => abi.startsWith(platform) && constant !== undefined && constant in constants
      )
    })
    return orDocumentation(inHeaders ? [...ran, { worth: "headers", by: [] }] : ran)
  }
  const buffers = marks.map((mark) => bufferOf(way, mark))
  const made = buffers.every(({ length }) => length > 0)
  return orDocumentation(made ? [...ran, { worth: "headers", by: [...new Set(buffers.flat())] }] : ran)
}

const orDocumentation = (proofs: ReadonlyArray<Proof>): ReadonlyArray<Proof> =>
  proofs.length === 0 ? [{ worth: "documentation", by: [] }] : proofs
