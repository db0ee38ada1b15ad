/**
 * The language service of an editor, on a source in memory that has a path beside this file. `/*^*\/` before a name marks a place whose hover is
 * read.
 */
import path from "node:path"
import ts from "typescript"
import { options, root } from "./compiler.ts"

const file = path.join(root, "packages/effect3/test/types/hovered.ts")
let source = ""
let version = 0
const read = (name: string) => (name === file ? source : ts.sys.readFile(name))

const service = ts.createLanguageService({
  getCompilationSettings: () => options,
  getCurrentDirectory: () => root,
  getDefaultLibFileName: ts.getDefaultLibFilePath,
  getScriptFileNames: () => [file],
  getScriptVersion: (name) => (name === file ? String(version) : "0"),
  getScriptSnapshot: (name) => {
    const content = read(name)
    return content === undefined ? undefined : ts.ScriptSnapshot.fromString(content)
  },
  fileExists: (name) => name === file || ts.sys.fileExists(name),
  readFile: read,
  directoryExists: ts.sys.directoryExists,
  getDirectories: ts.sys.getDirectories,
  realpath: (name) => (name === file ? name : (ts.sys.realpath?.(name) ?? name))
})

const write = (text: string) => {
  source = text
  version++
}

/** The display and the documentation at every mark, in order. */
export const quickInfo = (
  text: string
): ReadonlyArray<{ readonly display: string; readonly documentation: string }> => {
  write(text)
  return [...text.matchAll(/\/\*\^\*\//g)].map(({ index }) => {
    const info = service.getQuickInfoAtPosition(file, index + "/*^*/".length)
    if (info === undefined) throw new Error(`an editor shows nothing at\n${text.slice(index, index + 80)}`)
    return {
      display: ts.displayPartsToString(info.displayParts),
      documentation: ts.displayPartsToString(info.documentation)
    }
  })
}

/** The errors of the compiler, each a list of lines, the innermost reason last. */
export const errors = (text: string): ReadonlyArray<ReadonlyArray<string>> => {
  write(text)
  return [...service.getSyntacticDiagnostics(file), ...service.getSemanticDiagnostics(file)].map(({ messageText }) =>
    ts
      .flattenDiagnosticMessageText(messageText, "\n")
      .split("\n")
      .map((line) => line.trim())
  )
}

/** The names that an editor offers at the mark. */
export const completions = (text: string): ReadonlyArray<string> => {
  write(text)
  const info = service.getCompletionsAtPosition(file, text.indexOf("/*^*/"), undefined)
  return (info?.entries ?? []).map(({ name }) => name)
}

/** The number of types that the compiler made to check only this source. */
export const cost = (text: string): number => {
  write(text)
  const program = service.getProgram()
  program?.getSemanticDiagnostics(program.getSourceFile(file))
  return program?.getInstantiationCount() ?? Infinity
}
