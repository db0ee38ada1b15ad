/** What the sources say of a subject: the file that defines it, the combinator that declares it, what its numbers are called. */
import { readdirSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import type { Platform } from "@ancillary/control"
import * as Darwin from "@ancillary/control/platform/darwin"
import * as Linux from "@ancillary/control/platform/linux"
import * as Winsock from "@ancillary/control/platform/winsock"
import type { Subject } from "./ways.ts"

export const root: string = fileURLToPath(new URL("../../..", import.meta.url))

export const textOf = (path: string): string => readFileSync(join(root, path), "utf8")

/** Something that a file exports. */
interface Declaration {
  readonly name: string
  /** From the root of the repository. */
  readonly path: string
  /** The first sentence of its docstring. */
  readonly about: string
  readonly body: string
}

const declarationsIn = (folder: string): ReadonlyArray<Declaration> =>
  readdirSync(join(root, folder))
    .toSorted((a, b) => (a < b ? -1 : 1))
    .map((file) => `${folder}/${file}`)
    .flatMap((path) =>
      Array.from(
        textOf(path).matchAll(/\/\*\*((?:(?!\*\/)[^])*)\*\/\nexport const (\w+)((?:(?!\n\n)[^])*)/g),
        ([, comment = "", name = "", body = ""]) => ({ name, path, about: sentenceOf(comment), body })
      )
    )

const sentenceOf = (comment: string): string => {
  const plain = comment.replaceAll(/\n \* ?/g, " ").trim()
  return /^.*?\.(?= |$)/.exec(plain)?.[0] ?? plain
}

const definitions = [
  ...declarationsIn("packages/control/src/message"),
  ...declarationsIn("packages/engine/src/spec/option")
]
const combinators = declarationsIn("packages/engine/src/spec/combinators").filter(({ name }) => /^with[A-Z]/.test(name))

export const definitionOf = ({ name }: Subject): Declaration => {
  const found = definitions.find((each) => each.name === name)
  if (found === undefined) throw new Error(`no file exports '${name}' with a docstring`)
  return found
}

/** Nothing for an option that the family of a spec sets. */
export const combinatorOf = ({ name }: Subject): Declaration | undefined =>
  combinators.find(({ body }) => new RegExp(`\\b${name}\\b`).test(body))

/** What a message shares with others stands in files that it imports. */
const withShared = (path: string): string => {
  const text = textOf(path)
  const shared = Array.from(text.matchAll(/from "(\.[^"]*internal\/[^"]+)"/g), ([, to = ""]) =>
    textOf(join(dirname(path), to))
  )
  return [text, ...shared].join("\n")
}

const constants: { readonly [P in Platform]: { readonly [name: string]: number } } = {
  linux: Linux,
  winsock: Winsock,
  darwin: Darwin
}

/** How names of a level begin; a membership is of either family. */
const prefixes: { readonly [level: string]: RegExp } = {
  IPPROTO_IP: /^(IP|MCAST)_/,
  IPPROTO_IPV6: /^(IPV6|MCAST)_/,
  SOL_SOCKET: /^(SO|SCM)_/,
  IPPROTO_UDP: /^UDP_/
}

/** What a definition calls a number of a level, where it calls it by a name: of an option that asks, or of a message, where one number is both. */
export const constantOf = (
  subject: Subject,
  platform: Platform,
  level: number,
  number: number,
  what: "asks" | "marks"
): string | undefined => {
  const known = constants[platform]
  const [, prefix] = Object.entries(prefixes).find(([name]) => known[name] === level) ?? []
  const text = withShared(definitionOf(subject).path)
  const names = Object.keys(known).filter(
    (name) => known[name] === number && prefix?.test(name) === true && new RegExp(`\\b${name}\\b`).test(text)
  )
  return names.find((name) => /^SO_|RECV/.test(name) === (what === "asks")) ?? names[0]
}
