/** Reads facts about a subject from the sources: its defining file, its combinator, and the names of its numbers. */
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

/** An exported declaration of a file. */
interface Declaration {
  readonly name: string
  /** Path from the root of the repository. */
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

/** Absent for an option that the family of a spec sets. */
export const combinatorOf = ({ name }: Subject): Declaration | undefined =>
  combinators.find(({ body }) => new RegExp(`\\b${name}\\b`).test(body))

/** Definitions that several messages share are in files that the message imports. */
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

/** Prefixes of the names of a level. A membership belongs to either family. */
const prefixes: { readonly [level: string]: RegExp } = {
  IPPROTO_IP: /^(IP|MCAST)_/,
  IPPROTO_IPV6: /^(IPV6|MCAST)_/,
  SOL_SOCKET: /^(SO|SCM)_/,
  IPPROTO_UDP: /^UDP_/
}

/**
 * The name of a number of a level in a definition, if it has one. `asks` is a number of an option, and `marks` one of a
 * message, because one number may be both.
 */
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
