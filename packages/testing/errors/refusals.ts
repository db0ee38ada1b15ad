/** The texts of refused arguments, read from the sources: each states a rule and mostly a remedy. */
import { existsSync, readdirSync } from "node:fs"
import { join } from "node:path"
import ts from "typescript"
import { root, textOf } from "../catalogue/sources.ts"

/** A refusal. `…` stands for a value that the message has in this place. */
export interface Refusal {
  /** The module that refuses, without `packages/` and `src/`. */
  readonly module: string
  readonly rule: string
  /** Empty if the rule says it. */
  readonly remedy: string
}

// A text that other packages repeat is listed once, under the first.
const rooms = ["control", "engine", "native", "node", "posix", "winsock", "socket", "effect", "effect3", "dgram"]

const imperatives =
  "begin|bind|choose|correct|declare|drop|give|join|leave|make|return|send|take|transfer|use|wait".split("|")
const imperative = imperatives.flatMap((word) => [word, (word[0] ?? "").toUpperCase() + word.slice(1)]).join("|")
const withRemedy = new RegExp(`^([^(]*?|.*\\).*?)(?:: |\\. )((?:${imperative}) .*?)\\.?$`, "s")
const isRefusal = (text: string): boolean =>
  /\b(?:is|are|do) (?:not|no) | cannot /.test(text) || (text.includes(" ") && withRemedy.test(text))

const textOfNode = (node: ts.Node): string | undefined => {
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) return node.text
  return ts.isTemplateExpression(node)
    ? node.head.text + node.templateSpans.map(({ literal }) => `…${literal.text}`).join("")
    : undefined
}

const textsIn = (path: string): ReadonlyArray<string> => {
  const texts: Array<string> = []
  const visit = (node: ts.Node): void => {
    const text = textOfNode(node)
    if (text !== undefined && isRefusal(text)) texts.push(text.trim())
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile(path, textOf(path), ts.ScriptTarget.ES2022, true))
  return texts
}

/** Returns the refusals of the library in the order of its packages and modules. */
export const refusals = (): ReadonlyArray<Refusal> => {
  const first = new Map<string, string>()
  for (const room of rooms.filter((room) => existsSync(join(root, "packages", room, "src"))))
    for (const file of readdirSync(join(root, "packages", room, "src"), {
      recursive: true,
      encoding: "utf8"
    }).toSorted()) {
      const path = `packages/${room}/src/${file}`
      // The causes of failed calls have tables of their own, and the texts of a plan are no errors.
      if (!file.endsWith(".ts") || /\/(?:errors\/causes|plan\/explain)\.ts$/.test(path)) continue
      for (const text of textsIn(path)) if (!first.has(text)) first.set(text, `${room}/${file.slice(0, -3)}`)
    }
  return [...first].flatMap(([text, module]) => {
    const [, rule = text.replace(/\.$/, ""), remedy = ""] = withRemedy.exec(text) ?? []
    // A rule that another text completes has no words of its own.
    return /[a-z]{3}/.test(rule) ? [{ module, rule, remedy }] : []
  })
}
