/**
 * The compiler, used on the programs beside this file as an editor uses it. It has the options of the repository, and one program for all files
 * of a test. Sources may be changed in memory, to show the effect of a restriction of the types.
 */
import { readdirSync } from "node:fs"
import path from "node:path"
import { fileURLToPath } from "node:url"
import ts from "typescript"

/** The repository. */
export const root = path.resolve(fileURLToPath(new URL(".", import.meta.url)), "../../../..")

/** The options of every test in the repository: `tsconfig.base.json` with `customConditions`, so that sources are imported. */
export const options: ts.CompilerOptions = (() => {
  const config = path.join(root, "tsconfig.test.json")
  const { error, config: json } = ts.readConfigFile(config, ts.sys.readFile)
  if (error !== undefined) throw new Error(text(error))
  return ts.parseJsonConfigFileContent({ ...json, include: [], files: ["vitest.config.ts"] }, ts.sys, root).options
})()

/** The TypeScript files of a folder beside this one. */
export const filesOf = (folder: "programs" | "wrong"): ReadonlyArray<string> => {
  const directory = path.join(root, "packages/effect3/test/types", folder)
  return readdirSync(directory).map((name) => path.join(directory, name))
}

/** One change to a source of the repository. `from` must occur once, because a test without a change proves nothing. */
export interface Patch {
  readonly file: string
  readonly from: string
  readonly to: string
}

// Parsed files are shared by the programs of a test file, as editors share them: most of the time goes into Effect's and the library's own.
const parsed = new Map<string, ts.SourceFile | undefined>()

/** A program of `files`, with `patches` applied in memory; `before` is one with the same files, whose work is used again. */
export const compile = (
  files: ReadonlyArray<string>,
  {
    before,
    patches = [],
    texts = new Map<string, string>()
  }: {
    readonly before?: ts.Program
    readonly patches?: ReadonlyArray<Patch>
    /** Files that exist only here, by name. */
    readonly texts?: ReadonlyMap<string, string>
  } = {}
): ts.Program => {
  const host = ts.createCompilerHost(options)
  const parse = (file: string, content: string | undefined, target: ts.ScriptTarget | ts.CreateSourceFileOptions) =>
    content === undefined
      ? undefined
      : ts.createSourceFile(file, content.replace(/^\/\/ @ts-nocheck/, "//            "), target, true)
  const patched = new Map<string, string>(texts)
  for (const { file, from, to } of patches) {
    const name = path.join(root, file)
    const content = patched.get(name) ?? ts.sys.readFile(name) ?? ""
    const found = content.split(from).length - 1
    if (found !== 1) throw new Error(`${file} has ${found} places, not one, that read\n${from}`)
    patched.set(
      name,
      content.replace(from, () => to)
    )
  }
  host.getSourceFile = (file, target) => {
    const patch = patched.get(path.resolve(file))
    if (patch !== undefined) return parse(file, patch, target)
    if (!parsed.has(file)) parsed.set(file, parse(file, ts.sys.readFile(file), target))
    return parsed.get(file)
  }
  return ts.createProgram({ rootNames: files, options, host, ...(before === undefined ? {} : { oldProgram: before }) })
}

/** The errors of the compiler for a file. */
export const diagnostics = (program: ts.Program, file: string): ReadonlyArray<ts.Diagnostic> => {
  const source = program.getSourceFile(file)
  if (source === undefined) throw new Error(`${file} is not in the program`)
  return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)]
}

/** The text of a diagnostic, the innermost reason last. */
export function text(diagnostic: ts.Diagnostic): string {
  return ts.flattenDiagnosticMessageText(diagnostic.messageText, "\n")
}

/** `packages/effect3/test/types/wrong/reading.ts:12`, to be clicked. */
export const place = (source: ts.SourceFile, position: number): string =>
  `${path.relative(root, source.fileName)}:${source.getLineAndCharacterOfPosition(position).line + 1}`

/** A diagnostic as a test that fails shows it. */
export const located = (diagnostic: ts.Diagnostic): string =>
  `${diagnostic.file === undefined ? "" : place(diagnostic.file, diagnostic.start ?? 0)}: ${text(diagnostic)}`

/** A statement, or a property of an object literal, that must be rejected, with the comments above it. */
export interface Wrong {
  readonly place: string
  readonly code: string
  /** A part of the required error. */
  readonly error: string
  /** The restrictions (`restriction.types.test.ts`) of which each alone prevents that it compiles. */
  readonly heldBy: ReadonlyArray<string>
  readonly start: number
  readonly end: number
}

/** The wrong programs of a file. */
export const wrongOf = (source: ts.SourceFile): ReadonlyArray<Wrong> => {
  const found: Array<Wrong> = []
  const visit = (node: ts.Node): void => {
    if (ts.isStatement(node) || ts.isObjectLiteralElement(node)) {
      const comments = ts.getLeadingCommentRanges(source.text, node.pos) ?? []
      const marks = comments.map(({ pos, end }) => source.text.slice(pos, end))
      const errors = marks.flatMap((mark) => /^\/\/ error: (.*)$/.exec(mark)?.[1] ?? [])
      const heldBy = marks.flatMap((mark) => /^\/\/ held by: (.*)$/.exec(mark)?.[1] ?? [])
      for (const error of errors) {
        const start = node.getStart(source)
        const code = node.getText(source).replace(/\s+/g, " ")
        found.push({ place: place(source, start), code, error, heldBy, start, end: node.end })
      }
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  const written = source.text.split("// error: ").length - 1
  if (found.length !== written)
    throw new Error(`${source.fileName}: ${written} marks, ${found.length} of them above a statement`)
  return found
}

/** The errors of each wrong program of a file, and errors at other places. */
export const verdicts = (
  program: ts.Program,
  file: string
): {
  readonly wrong: ReadonlyArray<Wrong & { readonly reported: ReadonlyArray<string> }>
  readonly elsewhere: ReadonlyArray<string>
} => {
  const source = program.getSourceFile(file)
  if (source === undefined) throw new Error(`${file} is not in the program`)
  const all = diagnostics(program, file)
  const within = ({ start, end }: Wrong, { start: at }: ts.Diagnostic) => at !== undefined && at >= start && at < end
  const wrong = wrongOf(source).map((program) => ({
    ...program,
    reported: all.filter((d) => within(program, d)).map(text)
  }))
  return { wrong, elsewhere: all.filter((d) => !wrong.some((program) => within(program, d))).map(located) }
}
