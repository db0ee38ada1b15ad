/**
 * The C half, compiled for an ABI with the real headers in a folder of its own. It runs natively, under qemu-user or under Wine.
 */
import { execFile } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { type Abi, abis } from "@ancillary/control"
import { build, buildForWindows, targets as compilers } from "../../control/golden/compilers.mjs"
import { runProgram, wineAvailable } from "../../winsock/wine/prepare.mjs"

const c = (unit: string) => fileURLToPath(new URL(`../c/${unit}.c`, import.meta.url))
const source = { units: ["random", "case", "observe"].map(c), main: c("main"), entry: "observe" }

/** Wine runs only x64 programs. Those of the other Windows ABIs are loaded into a process of this machine. */
const underWine = "winsock-x64"

/** The ABIs whose macros can run: true if this machine can run them, and the packages that it requires. */
export const targets = (): ReadonlyArray<{
  readonly name: string
  readonly available: boolean
  readonly how: string
}> =>
  compilers().map(({ available, name, package: debian }) => {
    const packages = name === underWine ? `${debian} wine wine64` : debian
    return {
      name,
      available: available && (name !== underWine || wineAvailable()),
      how: `apt-get install -y --no-install-recommends ${packages}`
    }
  })

export class Program {
  readonly abi: Abi
  #folder: string
  #run: (args: ReadonlyArray<string>) => Promise<void>

  constructor(name: string) {
    const abi = abis.find((each) => each.name === name)
    if (abi === undefined) throw new Error(`There is no ABI '${name}'`)
    this.abi = abi
    this.#folder = mkdtempSync(join(tmpdir(), `fuzz-${name}-`))
    const cwd = this.#folder
    if (name === underWine) {
      const program = buildForWindows(name, source, cwd)
      this.#run = async (args) => {
        const { status, stderr, stdout } = await runProgram(program, { args, cwd, timeoutMs: 600_000 })
        if (status !== 0) throw new Error(`The program of ${name} ended with ${status}. ${stdout}${stderr}`)
      }
    } else {
      const [program = "", ...first] = build(name, source, cwd)
      this.#run = async (args) => void (await promisify(execFile)(program, [...first, ...args], { cwd }))
    }
  }

  /** Returns the digest of each of `count` cases from `first` on. */
  digests(seed: number, first: number, count: number): Promise<Uint32Array> {
    return this.#answer(["digests", String(seed), String(first), String(count)])
  }

  /** Returns the observable results of one case. */
  words(seed: number, index: number): Promise<Uint32Array> {
    return this.#answer(["words", String(seed), String(index)])
  }

  async #answer(args: ReadonlyArray<string>): Promise<Uint32Array> {
    await this.#run([...args, "answer"])
    const bytes = readFileSync(join(this.#folder, "answer"))
    return new Uint32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength))
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true })
  }
}
