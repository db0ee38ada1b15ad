// Compiles a program with declarations: `node compile.mjs <folder of typescript> <folder of the program> <NodeNext or
// Bundler>`. Prints the diagnostics of the program and of the declarations of @ancillary, and the declarations of the
// program.
import { existsSync, readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { join } from "node:path"

const [, , compiler, folder, way] = process.argv
const ts = createRequire(import.meta.url)(compiler)
const out = join(folder, `out-${ts.versionMajorMinor}-${way}`)
const program = ts.createProgram({
  rootNames: [join(folder, "inferred.ts")],
  options: {
    module: way === "NodeNext" ? ts.ModuleKind.NodeNext : ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind[way],
    target: ts.ScriptTarget.ES2022,
    lib: ["lib.es2023.d.ts"],
    types: ["node"],
    strict: true,
    exactOptionalPropertyTypes: true,
    declaration: true,
    emitDeclarationOnly: true,
    outDir: out
  }
})
// Diagnostics in declarations of other packages are not ours.
const ours = program.getSourceFiles().filter(({ fileName }) => /inferred\.ts$|[@/]ancillary[/+]/.test(fileName))
const said = [
  ...program.getConfigFileParsingDiagnostics(),
  ...program.getOptionsDiagnostics(),
  ...ours.flatMap((file) => [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)]),
  ...program.emit().diagnostics
].map(({ file, messageText, start }) => {
  const line = file === undefined ? "" : file.getLineAndCharacterOfPosition(start).line + 1
  return `${file?.fileName.slice(folder.length) ?? ""}:${line} ${ts.flattenDiagnosticMessageText(messageText, "\n")}`
})
const emitted = join(out, "inferred.d.ts")
process.stdout.write(
  JSON.stringify({ version: ts.version, said, declarations: existsSync(emitted) ? readFileSync(emitted, "utf8") : "" })
)
