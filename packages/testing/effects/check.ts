/**
 * `npm run effects`: the diagnostics of Effect's language service for every source of the projects. Its own command loads the projects anew for each
 * 50 files, which takes three times the processor time. One program has all files here.
 */
import { createRequire } from "node:module"
import { dirname, join, relative } from "node:path"
import { fileURLToPath } from "node:url"
import ts from "typescript"

type Plugin = (modules: { readonly typescript: typeof ts }) => {
  readonly create: (info: {
    readonly languageService: ts.LanguageService
    readonly config: object
    readonly project: { readonly log: (text: string) => void }
  }) => ts.LanguageService
}
const plugin = createRequire(import.meta.url)("@effect/language-service/index.js") as Plugin

const root = fileURLToPath(new URL("../../..", import.meta.url))

const configured = (file: string): ts.ParsedCommandLine => {
  const parsed = ts.readConfigFile(file, (path) => ts.sys.readFile(path))
  if (parsed.error !== undefined) throw new Error(ts.flattenDiagnosticMessageText(parsed.error.messageText, "\n"))
  return ts.parseJsonConfigFileContent(parsed.config, ts.sys, dirname(file))
}

/** The files of a project and of those that it refers to. */
const filesOf = (file: string): ReadonlyArray<string> => {
  const { fileNames, projectReferences = [] } = configured(file)
  return [...fileNames, ...projectReferences.flatMap((each) => filesOf(ts.resolveProjectReferencePath(each)))]
}

/** Returns the diagnostics of files, in the order of the files. `texts` replaces files. */
export const diagnosticsOf = (
  files: ReadonlyArray<string>,
  texts: ReadonlyMap<string, string> = new Map()
): ReadonlyArray<ts.Diagnostic> => {
  const { options } = configured(join(root, "tsconfig.test.json"))
  const read = (file: string) => texts.get(file) ?? ts.sys.readFile(file)
  const service = ts.createLanguageService({
    getCompilationSettings: () => options,
    getCurrentDirectory: () => root,
    getDefaultLibFileName: (options) => ts.getDefaultLibFilePath(options),
    getScriptFileNames: () => [...files],
    getScriptVersion: () => "0",
    getScriptSnapshot: (file) => {
      const text = read(file)
      return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text)
    },
    fileExists: (file) => ts.sys.fileExists(file),
    readFile: read,
    directoryExists: (folder) => ts.sys.directoryExists(folder),
    getDirectories: (folder) => ts.sys.getDirectories(folder),
    realpath: (path) => ts.sys.realpath?.(path) ?? path
  })
  const config = (options["plugins"] as ReadonlyArray<{ readonly name: string }>).find(
    ({ name }) => name === "@effect/language-service"
  )
  if (config === undefined) throw new Error("tsconfig.base.json has no plugin of Effect.")
  const checked = plugin({ typescript: ts }).create({
    // The compiler reports its own errors.
    languageService: { ...service, getSemanticDiagnostics: () => [] },
    config,
    project: { log: () => {} }
  })
  return files.flatMap((file) => checked.getSemanticDiagnostics(file))
}

/** True for the face of Effect 4 and the packages that use it. */
const usesEffect4 = (folder: string): boolean =>
  /"@ancillary\/effect"/.test(ts.sys.readFile(join(folder, "package.json")) ?? "")

const isProblem = ({ category }: ts.Diagnostic): boolean =>
  category === ts.DiagnosticCategory.Error || category === ts.DiagnosticCategory.Warning

/** A diagnostic on one line, after its place. */
const shown = ({ file, messageText, start = 0 }: ts.Diagnostic): string => {
  const text = ts.flattenDiagnosticMessageText(messageText, "\n")
  if (file === undefined) return text
  return `${relative(root, file.fileName)}:${file.getLineAndCharacterOfPosition(start).line + 1}: ${text}`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const files = [...new Set(filesOf(join(root, "tsconfig.json")))]
  // A program with both versions of Effect would have a warning about that for each file.
  const ofEffect4 = files.filter((file) => usesEffect4(join(root, ...relative(root, file).split("/").slice(0, 2))))
  const others = files.filter((file) => !ofEffect4.includes(file))
  const problems = [others, ofEffect4].flatMap((each) => diagnosticsOf(each)).filter(isProblem)
  for (const each of problems) console.error(shown(each))
  console.log(`Checked ${files.length} files: ${problems.length} errors and warnings.`)
  if (files.length < 300 || problems.length > 0) process.exitCode = 1
}
