/** Programs that use the installed packages are compiled with declarations, for each method of module resolution. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { onPath, requirement } from "../../testing/machine.ts"
import { type Compiler, compilerIn, configure, declaring } from "./compiling.ts"
import { layOutFlat, layOutStrictly, pack, root } from "./packing.ts"

const folder = mkdtempSync(join(tmpdir(), "ancillary-declared-"))
const folderOf = (layout: "npm" | "pnpm") => join(folder, layout)
const foreign = ["effect", "@effect/platform", "koffi", "@koromix", "@types/node"]

describe.runIf(requirement("the packed packages", onPath("tar"), "apt-get install tar"))("declarations", () => {
  let compiler: Compiler
  beforeAll(async () => {
    compiler = compilerIn(join(root, "node_modules/typescript"))
    const tarballs = await pack(folder)
    for (const layout of ["npm", "pnpm"] as const) {
      mkdirSync(folderOf(layout))
      writeFileSync(join(folderOf(layout), "package.json"), `{ "type": "module" }`)
      cpSync(join(root, "packages/node/test/declared/inferred.ts"), join(folderOf(layout), "inferred.ts"))
    }
    layOutFlat(folderOf("npm"), tarballs, foreign)
    layOutStrictly(folderOf("pnpm"), tarballs, ["effect3", "node", "posix", "winsock", "testing"], foreign)
  })
  afterAll(() => {
    compiler.end()
    rmSync(folder, { recursive: true })
  })

  it.each([
    ["npm", "bundler"],
    ["pnpm", "nodenext"]
  ] as const)("%s, %s: every inferred type has a name in the installed packages", async (layout, way) => {
    const file = configure(folderOf(layout), way, declaring(way))
    const [seen] = await compiler.compile(folderOf(layout), [file])
    const declarations = seen?.declarations ?? ""
    expect(seen?.said).toEqual([])
    expect(declarations).toContain("export declare const")
    // No type has become `any`, and no import leads into the folder of another package.
    expect(declarations).not.toMatch(/\bany\b|\.pnpm|\/dist\/|\/internal\//)
    if (layout === "pnpm") expect(declarations).not.toContain("@ancillary/control")
  })
})
