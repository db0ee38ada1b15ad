/** Lists the files of the repository that hold English, and reads them. */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { ofMarkdown, ofTypeScript, type Text } from "./texts.ts"

const skipped = /(?:^|\/)(?:node_modules|dist|\.cache|\.git)$/

const under = (root: string, folder: string): ReadonlyArray<string> =>
  readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`
    if (entry.isDirectory()) return skipped.test(path) ? [] : under(root, path)
    return /\.(?:md|m?ts)$/.test(path) && !path.endsWith(".d.ts") ? [path] : []
  })

/** Paths from the root, with `/`. */
export const filesOf = (root: string): ReadonlyArray<string> =>
  under(root, "")
    .filter((path) => !path.startsWith("."))
    .toSorted()

export const textsOf = (root: string, path: string): ReadonlyArray<Text> => {
  const text = readFileSync(join(root, path), "utf8")
  // Tests hold texts of other programs; what a user reads comes from `src`.
  return path.endsWith(".md") ? ofMarkdown(text) : ofTypeScript(path, text, /(?:^|\/)src\//.test(path))
}
