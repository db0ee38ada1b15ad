/** The check of the English finds each problem that it looks for, and the whole repository passes it. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { describe, expect, it, onTestFinished } from "vitest"
import { check, everything } from "../prose/check.ts"
import { countsOf, limitsPassed } from "../prose/counts.ts"
import { problemsOf } from "../prose/rules.ts"
import { type Kind, ofMarkdown, ofTypeScript } from "../prose/texts.ts"

const rulesOf = (text: string, kind: Kind = "comment") => problemsOf({ kind, line: 1, text }).map(({ rule }) => rule)

describe("a rule", () => {
  it.each([
    "What the kernel returns.",
    "Who sends it.",
    "Whose each slot is.",
    "Where nothing is there, it waits.",
    "The same, but without a fiber.",
    "It reads. What was read is kept."
  ])("of openers rejects: %s", (text) => expect(rulesOf(text)).toEqual(["opener"]))

  it.each([
    "Nobody listens there.",
    "A port that somebody uses.",
    "One batch at the most.",
    "The socket there is none for datagrams.",
    "It is sent there and then.",
    "A buffer of one's own."
  ])("of phrases rejects: %s", (text) => expect(rulesOf(text)).toEqual(["phrase"]))

  it.each([
    "The kernel says how many bytes there are.",
    "Linux also tells the interface.",
    "`recvmsg` says that it was cut.".replaceAll(/`\w+`/g, "⟨code⟩"),
    "An error that says so.",
    "The peer is told at once.",
    "Winsock has never told it."
  ])("of speech rejects: %s", (text) => expect(rulesOf(text)).toEqual(["speech"]))

  it("of sentence length rejects 31 words, and not 30", () => {
    expect(rulesOf(`${"word ".repeat(31).trim()}.`)).toEqual(["sentence length"])
    expect(rulesOf(`${"word ".repeat(30).trim()}. ${"word ".repeat(30).trim()}.`)).toEqual([])
  })

  it("of title length rejects 81 characters, and not 80", () => {
    expect(rulesOf("a".repeat(81), "title")).toEqual(["title length"])
    expect(rulesOf("a".repeat(80), "title")).toEqual([])
  })

  it("of openers applies to a title, which begins with a small letter", () => {
    expect(rulesOf("what is sent arrives", "title")).toEqual(["opener"])
  })

  it.each([
    "Returns the datagrams that the kernel delivered.",
    "If the queue is empty, the reader waits.",
    "The documentation says that it is set.",
    "What can a socket do?",
    "A link, `says`, and one call."
  ])("lets pass: %s", (text) => expect(rulesOf(text)).toEqual([]))
})

describe("texts", () => {
  it("of TypeScript are comments, docstrings, titles and sentences, each with its line", () => {
    const text = [
      "/** Sends one datagram. */",
      "export const a = 'https://a // none'",
      "// Linux: one",
      "// comment.",
      "it.each([1])(`title ${a} of ${a}`, () => {})",
      "throw new Error('the socket there is none')"
    ].join("\n")
    expect(ofTypeScript("a.ts", text, true)).toEqual(
      expect.arrayContaining([
        { kind: "docstring", line: 1, text: "Sends one datagram." },
        { kind: "comment", line: 3, text: "Linux: one comment." },
        { kind: "title", line: 5, text: "title … of …" },
        { kind: "string", line: 6, text: "the socket there is none" }
      ])
    )
    expect(ofTypeScript("a.ts", text, true)).toHaveLength(4)
    expect(ofTypeScript("a.ts", text, false)).toHaveLength(3)
  })

  it("of a docstring leave out examples and references, and keep parameters", () => {
    const text =
      "/**\n * Opens it.\n * @param a - A port.\n * @see What else.\n * @example\n * // Who runs.\n * open()\n */"
    expect(ofTypeScript("a.ts", text, true).map((each) => each.text)).toEqual(["Opens it.", "A port."])
  })

  it("of Markdown leave out code, and take each cell and item alone", () => {
    const text = "# Title\n\nOne\n`two`.\n\n```ts\n// Who.\n```\n\n| a | b |\n| --- | --- |\n- item [link](x.md)\n"
    expect(ofMarkdown(text).map((each) => each.text)).toEqual(["Title", "One ⟨code⟩.", "a", "b", "item link"])
  })
})

it("the limits of the counts are passed by too many 'what' and too few 'if'", () => {
  const words = (what: number, of: number) => [
    `${"what ".repeat(what)}${"if ".repeat(of)}${"word ".repeat(1000 - what - of)}`
  ]
  expect(limitsPassed(countsOf(words(2, 3)))).toEqual([])
  expect(limitsPassed(countsOf(words(3, 3)))).toEqual([expect.stringContaining("'what'")])
  expect(limitsPassed(countsOf(words(2, 2)))).toEqual([expect.stringContaining("'if'")])
})

it("the check names file, line and sentence, of the chosen paths only", () => {
  const root = mkdtempSync(join(tmpdir(), "ancillary-prose-"))
  onTestFinished(() => rmSync(root, { recursive: true }))
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  write("packages/a/src/a.ts", "export const a = 1\n// Nobody listens.\n")
  write("packages/b/src/b.ts", "// Nobody listens.\n")
  write("packages/a/node_modules/c.ts", "// Nobody listens.\n")
  expect(check(root, ["packages/a"], true).problems).toEqual(["packages/a/src/a.ts:2 phrase: Nobody listens."])
  expect(check(root, ["."], true).problems).toHaveLength(2)
})

it("every file of the repository keeps the rules", () => {
  const root = fileURLToPath(new URL("../../..", import.meta.url))
  expect(check(root, everything, true).problems).toEqual([])
})
