/** The options of the command line. */
import { parseArgs } from "node:util"

export const help = `npm run bench -- [options]

Measures the cost of a datagram beside \`node:dgram\`, C and Go, in ratios of the same round. Linux.

  --quick               runs each workload once, small, and checks that it counts what it claims.
  --only <workload>     only that workload; may be repeated.
  --candidate <name>    only that candidate and \`node:dgram\`; may be repeated.
  --rounds <n>          rounds, by default 14.
  --against <checkout>  compares this checkout with another one, round by round.
  --write               writes the tables into \`docs\`.
  --help                this.
`

export interface Options {
  readonly quick: boolean
  readonly write: boolean
  /** Names of workloads; absent for all. */
  readonly only: ReadonlyArray<string> | undefined
  readonly candidates: ReadonlyArray<string> | undefined
  readonly rounds: number
  readonly against: string | undefined
  /** True in the other process of `--against`. */
  readonly serve: boolean
}

/** Returns the options, or the problem with them. */
export const parse = (
  args: ReadonlyArray<string>,
  workloads: ReadonlyArray<string>
): Options | "help" | { readonly wrong: string } => {
  let values
  try {
    ;({ values } = parseArgs({
      args: [...args],
      options: {
        quick: { type: "boolean", default: false },
        write: { type: "boolean", default: false },
        only: { type: "string", multiple: true },
        candidate: { type: "string", multiple: true },
        rounds: { type: "string", default: "14" },
        against: { type: "string" },
        serve: { type: "boolean", default: false },
        help: { type: "boolean", default: false }
      }
    }))
  } catch (error) {
    // Node's second sentence is about arguments that no command here takes.
    return { wrong: error instanceof Error ? error.message.replace(/\.\s[^]*/, ".") : String(error) }
  }
  if (values.help) return "help"
  const stranger = values.only?.find((name) => !workloads.includes(name))
  if (stranger !== undefined) return { wrong: `--only ${stranger}: there are ${workloads.join(", ")}` }
  if (!/^[1-9]\d*$/.test(values.rounds)) return { wrong: `--rounds ${values.rounds}: an integer of at least 1` }
  return {
    quick: values.quick,
    write: values.write,
    only: values.only,
    candidates: values.candidate,
    rounds: values.quick ? 1 : Number(values.rounds),
    against: values.against,
    serve: values.serve
  }
}
