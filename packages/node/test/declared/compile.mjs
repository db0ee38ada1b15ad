// A process that compiles programs with one TypeScript: `fork("compile.mjs", [folder of typescript])`. A request names a folder and
// configurations in it. The answer has the errors for each of them, in the program and in the declarations of @ancillary, and the program's
// declarations. Configurations of one request share the files that they parse, and all requests share those of the compiler.
import { existsSync, readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { join } from "node:path"

const [, , compiler] = process.argv
const ts = createRequire(import.meta.url)(compiler)
const libraries = new Map()

const compile = (folder, configuration, installed) => {
  const { config, error } = ts.readConfigFile(join(folder, configuration), ts.sys.readFile)
  const { errors, fileNames, options } = ts.parseJsonConfigFileContent(config, ts.sys, folder)
  const host = ts.createCompilerHost(options)
  const parse = host.getSourceFile
  host.getSourceFile = (file, target, ...more) => {
    const shared = file.startsWith(compiler) ? libraries : file.includes("/node_modules/") ? installed : new Map()
    const key = `${file} ${JSON.stringify(target)}`
    if (!shared.has(key)) shared.set(key, parse(file, target, ...more))
    return shared.get(key)
  }
  const program = ts.createProgram({ rootNames: fileNames, options, host })
  // Errors in declarations of other packages are not ours.
  const ours = program.getSourceFiles().filter(({ fileName }) => !/\/node_modules\/(?!.*@ancillary\/)/.test(fileName))
  const said = [
    ...(error === undefined ? [] : [error]),
    ...errors,
    ...program.getConfigFileParsingDiagnostics(),
    ...program.getOptionsDiagnostics(),
    ...program.getGlobalDiagnostics(),
    ...ours.flatMap((file) => [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)]),
    ...program.emit().diagnostics
  ].map(({ file, messageText, start }) => {
    const line = file === undefined ? "" : file.getLineAndCharacterOfPosition(start).line + 1
    return `${file?.fileName.slice(folder.length) ?? ""}:${line} ${ts.flattenDiagnosticMessageText(messageText, "\n")}`
  })
  const [root] = fileNames
  const emitted = join(options.outDir ?? folder, root.slice(folder.length).replace(/\.ts$/, ".d.ts"))
  return { version: ts.version, said, declarations: existsSync(emitted) ? readFileSync(emitted, "utf8") : "" }
}

process.on("message", ({ configurations, folder, id }) => {
  const installed = new Map()
  process.send({ id, seen: configurations.map((each) => compile(folder, each, installed)) })
})
