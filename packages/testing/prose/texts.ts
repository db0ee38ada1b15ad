/** Finds the English in a file: comments, docstrings, documents, test titles, and the sentences that a program prints. */
import ts from "typescript"

/** Docstrings, comments and documents are prose and are counted; titles and strings are only checked. */
export type Kind = "docstring" | "comment" | "document" | "title" | "string"

export interface Text {
  readonly kind: Kind
  /** Starts at 1. */
  readonly line: number
  /** One paragraph. Inline code is the word `⟨code⟩`. */
  readonly text: string
}

export const code = "⟨code⟩"

/** Replaces inline code and links, and joins lines. */
const plain = (text: string): string =>
  text
    .replaceAll(/\{@link\s+[^}]*\}/g, code)
    .replaceAll(/``[^`]+``|`[^`]+`/g, code)
    .replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replaceAll(/https?:\/\/\S+/g, code)
    .replaceAll(/\*\*|(?<=\s|^)[_*](?=\w)|(?<=\w)[_*](?=[\s.,:;]|$)/g, "")
    .replaceAll(/\s+/g, " ")
    .trim()

/** Joins lines to paragraphs, each with the number of its first line. A list item, a heading and a table's cell stand alone. */
const paragraphs = (kind: Kind, lines: ReadonlyArray<string>, first: number): ReadonlyArray<Text> => {
  const found: Array<Text> = []
  let open: { line: number; text: string } | undefined
  let fenced = false
  const close = () => {
    const text = plain(open?.text ?? "")
    if (open !== undefined && text !== "") found.push({ kind, line: open.line, text })
    open = undefined
  }
  lines.forEach((raw, index) => {
    const line = first + index
    const text = raw.trim()
    if (text.startsWith("```")) {
      fenced = !fenced
      close()
    } else if (fenced) return
    else if (text === "") close()
    else if (text.startsWith("|")) {
      close()
      for (const cell of text.split("|")) {
        open = { line, text: cell.replaceAll(/:?-{3,}:?/g, "") }
        close()
      }
    } else if (text.startsWith("#")) {
      close()
      open = { line, text: text.replace(/^#+\s*/, "") }
      close()
    } else if (/^(?:[-*]|\d+\.|>)\s/.test(text)) {
      close()
      open = { line, text: text.replace(/^(?:[-*]|\d+\.|>)\s+/, "") }
    } else open = { line: open?.line ?? line, text: `${open?.text ?? ""} ${text}` }
  })
  close()
  return found
}

export const ofMarkdown = (text: string): ReadonlyArray<Text> => paragraphs("document", text.split("\n"), 1)

/** Tags whose text is English. The text of any other tag (`@example`, `@see`, `@since`, `@category`) is left out. */
const spoken = /^@(?:param\s+\S+|returns|throws|remarks|privateRemarks)\s*-?\s*/

const ofDocstring = (comment: string, first: number): ReadonlyArray<Text> => {
  const lines = comment
    .slice(3, -2)
    .split("\n")
    .map((line) => line.replace(/^\s*\*? ?/, ""))
  let silent = false
  const kept = lines.flatMap((line) => {
    if (!/^@\w/.test(line)) return silent ? [""] : [line]
    silent = !spoken.test(line)
    // A tag ends the paragraph before it, which takes the place of a line break.
    return silent ? [""] : [`- ${line.replace(spoken, "")}`]
  })
  return paragraphs("docstring", kept, first)
}

const ofComment = (comment: string, first: number): ReadonlyArray<Text> => {
  const lines = comment
    .split("\n")
    .map((line) => line.replace(/^\s*(?:\/\/+|\/\*|\*)?\s?/, "").replace(/\*\/$/, ""))
    // A value that an example prints; an error of the compiler and a name, which tests of types read; a directive, of which only the reason is English.
    .map((line) =>
      /^\s*(?:=>|error: |held by: )/.test(line) ? "" : line.replace(/^\s*(?:oxlint-\S+ .*?(?:-- |$)|@ts-\S+\s*)/, "")
    )
  return paragraphs("comment", lines, first)
}

const isTest = (node: ts.Expression): boolean => {
  if (ts.isIdentifier(node)) return /^(?:it|test|describe|suite)$/.test(node.text)
  if (ts.isPropertyAccessExpression(node) || ts.isCallExpression(node)) return isTest(node.expression)
  return ts.isTaggedTemplateExpression(node) && isTest(node.tag)
}

/** The text of a literal, `…` for each value that is put into it. */
const literal = (node: ts.Node): string | undefined => {
  if (ts.isStringLiteralLike(node)) return node.text
  if (ts.isTemplateExpression(node))
    return [node.head.text, ...node.templateSpans.map((span) => span.literal.text)].join("…")
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken) {
    return `${literal(node.left) ?? "…"}${literal(node.right) ?? "…"}`
  }
  return undefined
}

/** With `strings`, also each literal of four words or more. */
export const ofTypeScript = (name: string, text: string, strings: boolean): ReadonlyArray<Text> => {
  const source = ts.createSourceFile(name, text, ts.ScriptTarget.Latest)
  const lineAt = (position: number) => source.getLineAndCharacterOfPosition(position).line + 1
  const found: Array<Text> = []
  /** Literals, in which `//` opens no comment. */
  const opaque: Array<readonly [start: number, end: number]> = []
  const titles = new Set<ts.Node>()

  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) {
      if (node.moduleSpecifier) opaque.push([node.moduleSpecifier.getStart(source), node.moduleSpecifier.end])
      return
    }
    if (ts.isCallExpression(node) && isTest(node.expression)) {
      const [title] = node.arguments
      const words = title === undefined ? undefined : literal(title)
      if (title !== undefined && words !== undefined) {
        titles.add(title)
        found.push({ kind: "title", line: lineAt(title.getStart(source)), text: words })
      }
    }
    if (ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node))
      opaque.push([node.getStart(source), node.end])
    if (ts.isStringLiteralLike(node) || ts.isRegularExpressionLiteral(node))
      opaque.push([node.getStart(source), node.end])
    const words = strings && !titles.has(node) ? literal(node) : undefined
    if (words !== undefined && (words.match(/[A-Za-z]{2,}/g) ?? []).length >= 4) {
      found.push({ kind: "string", line: lineAt(node.getStart(source)), text: plain(words) })
    }
    ts.forEachChild(node, visit)
  }
  visit(source)

  opaque.sort(([a], [b]) => a - b)
  // Lines of `//` that follow each other are one comment.
  const comment = /\/\*[^]*?\*\/|\/\/[^\n]*(?:\n[ \t]*\/\/[^\n]*)*/g
  let next = 0
  for (let match = comment.exec(text); match !== null; match = comment.exec(text)) {
    while (next < opaque.length && (opaque[next]?.[1] ?? 0) <= match.index) next++
    const [start, end] = opaque[next] ?? [text.length, text.length]
    if (start <= match.index) comment.lastIndex = end
    else if (match[0].startsWith("/**")) found.push(...ofDocstring(match[0], lineAt(match.index)))
    else found.push(...ofComment(match[0], lineAt(match.index)))
  }
  return found
}
