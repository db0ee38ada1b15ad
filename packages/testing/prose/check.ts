/**
 * `npm run prose`: checks the English of the whole repository, prints the counts of each folder, and exits with 1 if a rule is broken.
 * `npm run prose -- <path>...` checks only these files or folders, and prints their counts without limits.
 */
import { fileURLToPath } from "node:url"
import { countsOf, limitsPassed, table } from "./counts.ts"
import { filesOf, textsOf } from "./files.ts"
import { problemsOf } from "./rules.ts"
import type { Text } from "./texts.ts"

export interface Report {
  /** One line each: file, line, rule, sentence. */
  readonly problems: ReadonlyArray<string>
  readonly table: string
}

/** The first three folders of a path: `packages/posix/test`. */
const folderOf = (path: string) => path.split("/").slice(0, -1).slice(0, 3).join("/") || "."

const isProse = ({ kind }: Text) => kind === "docstring" || kind === "comment" || kind === "document"

/** The path of the whole repository. */
export const everything: ReadonlyArray<string> = ["."]

export const check = (root: string, paths: ReadonlyArray<string>, limits: boolean): Report => {
  const chosen = filesOf(root).filter((file) =>
    paths.some((path) => path === "." || file === path || file.startsWith(`${path}/`))
  )
  const read = chosen.map((file) => [file, textsOf(root, file)] as const)
  const problems = read.flatMap(([file, texts]) =>
    texts.flatMap(problemsOf).map(({ line, rule, text }) => `${file}:${line} ${rule}: ${text}`)
  )
  const proseOf = (texts: ReadonlyArray<Text>) => texts.filter(isProse).map(({ text }) => text)
  const folders = [...new Set(chosen.map(folderOf))].map((folder) => {
    const texts = read.filter(([file]) => folderOf(file) === folder).flatMap(([, each]) => proseOf(each))
    return [folder, countsOf(texts)] as const
  })
  const total = countsOf(read.flatMap(([, texts]) => proseOf(texts)))
  return {
    problems: [...problems, ...(limits ? limitsPassed(total) : [])],
    table: table([...folders, ["total", total]])
  }
}

const program = fileURLToPath(import.meta.url)
if (process.argv[1] === program) {
  const given = process.argv.slice(2).map((path) => path.replace(/\/$/, ""))
  const { problems, table: counts } = check(
    fileURLToPath(new URL("../../..", import.meta.url)),
    given.length === 0 ? everything : given,
    given.length === 0
  )
  console.log(counts)
  for (const problem of problems) console.error(problem)
  if (problems.length > 0) process.exitCode = 1
}
