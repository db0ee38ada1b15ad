/** The options of the command line. */
import { parseArgs } from "node:util"
import { problemOf } from "./problem.ts"

const counts = {
  differential: 1_000_000,
  echo: 10_000,
  hostile: 20_000,
  soak: 10_000,
  extensions: 200_000,
  reentrance: 20_000,
  examples: 15_625,
  network: 10_000
}

export type PartName = keyof typeof counts

export const help = `npm run fuzz -- [options]

Runs random cases until one fails. It prints that case in full, with the command that repeats it, and exits with 1.

  differential   Our code and the C macros of each ABI write and walk the same corrupted lists of messages, byte for byte.
  echo           Datagrams with random control messages arrive over loopback as they were sent (Linux). A case: two sockets of
                 random specs, up to 16 datagrams.
  hostile        Randomly corrupted slots become declared datagrams or named faults, and the counters balance. A case: a socket
                 of a random spec, up to 100 datagrams.
  soak           Random actions on real sockets against a model. Every datagram arrives once, as it was sent, or its loss is
                 announced (Linux). A case: 200 actions.
  extensions     Randomly corrupted extensions of ICMP messages are decoded by their frame, or rejected.
  reentrance     Programs call the engine again at every call out. Each datagram and event is delivered once, and the counters
                 balance. A case: 120 actions on three sockets in memory.
  examples       Mutated datagrams and control buffers at the servers of the examples: none stops, and steps grow with the size.
                 A case: 64 datagrams.
  network        Random programs of system calls have the same results on the kernel and on the network in memory (Linux, in a
                 network namespace of its own). A case: 18 to 42 calls on four sockets.

  --only <part>  only that part; may be repeated
  --abi <name>   differential: only that ABI; may be repeated. By default every ABI that this machine has a compiler for
  --count <n>    cases of each part, and of each ABI. By default ${Object.entries(counts)
    .map(([part, count]) => `${count} (${part})`)
    .join(", ")}
  --seed <n>     0 to 4294967295. By default a new one, which is printed
  --first <n>    index of the first case. The seed and the index determine a case. By default 0
  --help         this
`

export interface Options {
  readonly only: ReadonlyArray<PartName>
  readonly abis: ReadonlyArray<string> | undefined
  readonly seed: number
  readonly first: number
  readonly count: (part: PartName) => number
}

const isPart = (name: string): name is PartName => name in counts

/** Returns the options, or the problem with them. */
export const parse = (args: ReadonlyArray<string>): Options | "help" | { readonly wrong: string } => {
  const string = { type: "string" } as const
  let values
  try {
    ;({ values } = parseArgs({
      args: [...args],
      options: {
        only: { ...string, multiple: true },
        abi: { ...string, multiple: true },
        count: string,
        seed: string,
        first: string,
        help: { type: "boolean" }
      }
    }))
  } catch (error) {
    return { wrong: problemOf(error) }
  }
  if (values.help === true) return "help"
  const only = values.only ?? Object.keys(counts)
  const stranger = only.find((name) => !isPart(name))
  if (stranger !== undefined) return { wrong: `--only ${stranger}: there are ${Object.keys(counts).join(", ")}` }
  const { count, first = "0", seed = String(Math.floor(Math.random() * 2 ** 32)) } = values
  for (const [name, value] of Object.entries({ count, first, seed }))
    if (value !== undefined && !(/^\d+$/.test(value) && Number(value) < 2 ** 32))
      return { wrong: `--${name} ${value}: an integer from 0 to 4294967295` }
  return {
    only: only.filter(isPart),
    abis: values.abi,
    seed: Number(seed),
    first: Number(first),
    count: (part) => (count === undefined ? counts[part] : Number(count))
  }
}
