/** Every block of TypeScript that a person may copy: of the docstrings, the README files and the documents. */
import { readdirSync, readFileSync } from "node:fs"
import path from "node:path"
import { fileURLToPath } from "node:url"

const root = path.resolve(fileURLToPath(new URL(".", import.meta.url)), "../../../..")
const under = (folder: string, ending: RegExp): ReadonlyArray<string> =>
  readdirSync(path.join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => ending.test(name) && !/node_modules|dist\/|\.cache/.test(name))
    .map((name) => path.join(folder, name))

const packages = readdirSync(path.join(root, "packages")).filter((name) => name !== "bench")
const sources = packages.flatMap((name) => under(`packages/${name}/src`, /\.ts$/))
const documents = ["README.md", ...["docs", "examples", "packages"].flatMap((folder) => under(folder, /\.md$/))]

/** Each block of TypeScript of a file, without the stars of its comment. */
const blocksOf = (file: string): ReadonlyArray<readonly [string, string]> => {
  const text = readFileSync(path.join(root, file), "utf8").replaceAll(/^ *\* ?/gm, file.endsWith(".ts") ? "" : "$&")
  return Array.from(text.matchAll(/```ts\n(.*?)```/gs), ([, code = ""], i) => [`${file} ${i + 1}`, code] as const)
}

/** By the file and the block's place in it. */
export const blocks: ReadonlyArray<readonly [string, string]> = [...sources, ...documents].flatMap(blocksOf)

/** The package in whose folder a block finds its version of Effect, or that it runs without Effect (`socket`). */
export const ownerOf = ([name, code]: (typeof blocks)[number]): "effect" | "node" | "socket" => {
  if (/from "@ancillary\/socket["/]/.test(code)) return "socket"
  return name.startsWith("packages/effect/") || /from "@ancillary\/effect["/]/.test(code) ? "effect" : "node"
}
