/** Programs that use the installed packages are compiled with declarations, for each method of module resolution. */
import { execFile } from "node:child_process"
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { onPath, requirement } from "../../testing/machine.ts"
import { layOutFlat, layOutStrictly, pack, root } from "./packing.ts"

const folder = mkdtempSync(join(tmpdir(), "ancillary-declared-"))
const folderOf = (layout: "npm" | "pnpm") => join(folder, layout)
const foreign = ["effect", "@effect/platform", "koffi", "@koromix", "@types/node"]

/** Runs in another process, because the compiler works for seconds and vitest requires answers meanwhile. */
const compile = async (layout: "npm" | "pnpm", way: "NodeNext" | "Bundler") => {
  const program = join(root, "packages/node/test/declared/compile.mjs")
  const args = [program, join(root, "node_modules/typescript"), folderOf(layout), way]
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 2 ** 26 })
  return JSON.parse(stdout) as { readonly said: ReadonlyArray<string>; readonly declarations: string }
}

describe.runIf(requirement("the packed packages", onPath("tar"), "apt-get install tar"))("declarations", () => {
  beforeAll(async () => {
    const tarballs = await pack(folder)
    for (const layout of ["npm", "pnpm"] as const) {
      mkdirSync(folderOf(layout))
      writeFileSync(join(folderOf(layout), "package.json"), `{ "type": "module" }`)
      cpSync(join(root, "packages/node/test/declared/inferred.ts"), join(folderOf(layout), "inferred.ts"))
    }
    layOutFlat(folderOf("npm"), tarballs, foreign)
    layOutStrictly(folderOf("pnpm"), tarballs, ["effect3", "node", "posix", "winsock", "testing"], foreign)
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  it.each([
    ["npm", "Bundler"],
    ["pnpm", "NodeNext"]
  ] as const)("%s, %s: every inferred type has a name in the installed packages", async (layout, way) => {
    const { declarations, said } = await compile(layout, way)
    expect(said).toEqual([])
    // No type has become `any`, and no import leads into the folder of another package.
    expect(declarations).not.toMatch(/\bany\b|\.pnpm|\/dist\/|\/internal\//)
    if (layout === "pnpm") expect(declarations).not.toContain("@ancillary/control")
  })
})
