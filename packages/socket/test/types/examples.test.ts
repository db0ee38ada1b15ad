/** Every example that a person may copy compiles: of the docstrings, the README and the documents. */
import { readdirSync } from "node:fs"
import path from "node:path"
import ts from "typescript"
import { describe, expect, it } from "vitest"
import { compile, diagnostics, located, root } from "./compiler.ts"

const read = (file: string): string => ts.sys.readFile(path.join(root, file)) ?? ""
const under = (folder: string, ending: RegExp): ReadonlyArray<string> =>
  readdirSync(path.join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => ending.test(name) && !/node_modules|dist\//.test(name))
    .map((name) => path.join(folder, name))

const packages = readdirSync(path.join(root, "packages")).filter((name) => name !== "bench")
const sources = packages.flatMap((name) => under(`packages/${name}/src`, /\.ts$/))
const documents = ["README.md", ...["docs", "examples", "packages"].flatMap((folder) => under(folder, /\.md$/))]

/** Each block of TypeScript of a file, without the stars of its comment. */
const blocksOf = (file: string): ReadonlyArray<readonly [string, string]> => {
  const text = read(file).replaceAll(/^ *\* ?/gm, file.endsWith(".ts") ? "" : "$&")
  return Array.from(text.matchAll(/```ts\n(.*?)```/gs), ([, code = ""], i) => [`${file} ${i + 1}`, code] as const)
}

const blocks = [...sources, ...documents].flatMap(blocksOf)
// Where the packages are found as they are by any test of the repository.
const fileOf = (name: string) => path.join(root, "packages/node/test", `${name.replaceAll(/\W+/g, "-")}.example.ts`)
const texts = new Map(blocks.map(([name, code]) => [fileOf(name), `${code}\nexport {}\n`]))
const unused = new Set([6133, 6192, 6196, 6198])

describe("examples compile", () => {
  const program = compile([...texts.keys()], { texts })
  it.each(blocks.map(([name]) => name))("%s", (name) => {
    const said = diagnostics(program, fileOf(name)).filter(({ code }) => !unused.has(code))
    expect(said.map(located)).toEqual([])
  })
})

it("there are examples", () => {
  expect(blocks.length).toBeGreaterThan(20)
})
