/** The golden vectors, made again by the compilers of this machine. The committed ones must be equal. */
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"
import { requirement } from "../../testing/machine.ts"
import { ended } from "../../testing/program.ts"
import { type Vectors, vectors } from "./vectors.ts"

const generator = new URL("../golden/generate.mjs", import.meta.url)

interface Generator {
  readonly targets: () => ReadonlyArray<{
    readonly name: string
    readonly available: boolean
    readonly package: string
  }>
}

describe("compiled again", async () => {
  const { targets } = (await import(generator.href)) as Generator

  /** The document that the compiler of an ABI makes. */
  const generated = async (name: string): Promise<Vectors> => {
    const { stderr, stdout } = await ended([process.execPath, fileURLToPath(generator), "--print", name])
    expect(stderr).toBe("")
    return JSON.parse(stdout) as Vectors
  }

  // Other compilers and C libraries than those of Debian 12 may know more constants and walk differently (`../golden/README.md`).
  const sameVersions = /^VERSION_ID="12"$/m.test(systemRelease())
  const comparable = (document: Vectors, golden: Vectors) =>
    sameVersions
      ? document
      : {
          ...document,
          macros: { ...document.macros, next: [] },
          constants: Object.fromEntries(
            Object.entries(document.constants).filter(([name]) => golden.constants[name] !== undefined)
          )
        }

  const known = targets()
  it("every document has a command that compiles it", () => {
    expect(known.map(({ name }) => name).toSorted()).toEqual(vectors.map(({ abi }) => abi).toSorted())
  })

  for (const { available, name, package: debian } of known) {
    const here = process.platform === "linux" && process.arch === "x64"
    const present = requirement(
      `golden vectors of ${name}, compiled afresh`,
      here && available,
      here ? `apt-get install ${debian}` : "The compilers run on x86-64 Linux."
    )
    it.runIf(present)(`the document of ${name} equals the committed one`, async () => {
      const golden = vectors.find(({ abi }) => abi === name)
      if (golden === undefined) throw new Error(`${name}.json is not there`)
      expect(comparable(await generated(name), golden)).toEqual(comparable(golden, golden))
    })
  }
})

function systemRelease(): string {
  try {
    return readFileSync("/etc/os-release", "utf8")
  } catch {
    return ""
  }
}
