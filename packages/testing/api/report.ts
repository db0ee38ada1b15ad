/** The public surface of a package as text: every export of every entry point, with its type on one line. */
import { execFile } from "node:child_process"
import { readFileSync } from "node:fs"
import { join, relative } from "node:path"
import { promisify } from "node:util"
import ts from "typescript"
import { root } from "../catalogue/sources.ts"

/** The packages with a frozen surface. The report of each is `packages/<name>/api.txt`. */
export const reported = ["effect3", "effect", "socket", "dgram", "testing"] as const
export type Reported = (typeof reported)[number]

/** Returns the path of a report, from the root of the repository. */
export const pathOf = (name: Reported): string => `packages/${name}/api.txt`

const run = promisify(execFile)

interface Manifest {
  readonly exports: { readonly [entry: string]: string | { readonly types: string; readonly default: string } }
}

interface Entry {
  /** The name that a program imports. */
  readonly name: string
  readonly declarations: string
  /** The names that exist when a program runs. The others are only types. Absent if only vitest can run the module. */
  readonly values: ReadonlyArray<string> | undefined
}

const entriesOf = async (name: Reported): Promise<ReadonlyArray<Entry>> => {
  const folder = join(root, "packages", name)
  const { exports } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest
  const entries = Object.entries(exports).flatMap(([entry, target]) =>
    typeof target === "string" ? [] : [[`@ancillary/${name}${entry.slice(1)}`, target] as const]
  )
  // Another process, because the loader of the tests would take the sources.
  const program = `const names = (file) => import(file).then(Object.keys, () => undefined)
    console.log(JSON.stringify(await Promise.all(process.argv.slice(1).map(names))))`
  const files = entries.map(([, target]) => join(folder, target.default))
  const { stdout } = await run(process.execPath, ["--input-type=module", "-e", program, ...files])
  const values = JSON.parse(stdout) as ReadonlyArray<ReadonlyArray<string> | null>
  return entries.map(([name, target], index) => ({
    name,
    declarations: join(folder, target.types),
    values: values[index] ?? undefined
  }))
}

const printer = ts.createPrinter({ removeComments: true })

/** Returns a declaration on one line, without its comments. */
const lineOf = (node: ts.Node): string => {
  const keyword = ts.isVariableDeclaration(node) ? "const " : ""
  const text = printer.printNode(ts.EmitHint.Unspecified, node, node.getSourceFile())
  return keyword + text.replaceAll(/\s+/g, " ").replace(/^(?:export |declare |default )+/, "")
}

/** Returns the members of a declaration that has a line for each. */
const membersOf = (node: ts.Node): ts.NodeArray<ts.Node> | undefined => {
  if (ts.isInterfaceDeclaration(node) || ts.isClassDeclaration(node)) return node.members
  if (!ts.isModuleDeclaration(node) || node.body === undefined) return undefined
  return ts.isModuleBlock(node.body) ? node.body.statements : undefined
}

const indented = (line: string): string => `  ${line}`

/** Returns the line of a declaration, and one line for each of its members. */
const linesOf = (node: ts.Node): ReadonlyArray<string> => {
  const members = membersOf(node)
  if (members === undefined) return [lineOf(node)]
  const head = node.getSourceFile().text.slice(node.getStart(), members.pos - 1)
  const line = head.replaceAll(/\s+/g, " ").replace(/^(?:export |declare |default )+/, "")
  return [line.trimEnd(), ...members.flatMap(linesOf).map(indented)]
}

/** Returns the report of a package, from its built declarations. */
export const render = async (name: Reported): Promise<string> => {
  const entries = await entriesOf(name)
  const names = new Map(entries.map((entry) => [entry.declarations, entry.name]))
  const options: ts.CompilerOptions = {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2022,
    types: []
  }
  const program = ts.createProgram([...names.keys()], options)
  const checker = program.getTypeChecker()

  /** The first place that shows a declaration. Later places refer to it. */
  const shown = new Map<ts.Symbol, string>()

  const exportsOf = (entry: string, module: ts.Symbol): ReadonlyArray<string> => {
    const exports = new Map(checker.getExportsOfModule(module).map((each) => [each.name, each]))
    return [...exports.keys()].toSorted().flatMap((each) => {
      const symbol = exports.get(each)
      return symbol === undefined ? [] : describe(`${entry}#${each}`, symbol)
    })
  }

  const describe = (at: string, each: ts.Symbol): ReadonlyArray<string> => {
    const target = (each.flags & ts.SymbolFlags.Alias) === 0 ? each : checker.getAliasedSymbol(each)
    const declarations = target.declarations ?? []
    const [declaration] = declarations
    if (declaration === undefined) throw new Error(`${at} has no declaration. Run: npm run build`)
    if (ts.isSourceFile(declaration)) {
      const entry = names.get(declaration.fileName)
      if (entry !== undefined) return [`${each.name} = ${entry}`]
      return [`${each.name}: namespace`, ...exportsOf(at, target).map(indented)]
    }
    const file = relative(root, declaration.getSourceFile().fileName)
    if (!file.startsWith("packages/")) return [`${each.name} = ${file.replace(/^.*node_modules\//, "")}`]
    const before = shown.get(target)
    if (before !== undefined) return [`${each.name} = ${before}`]
    shown.set(target, at)
    const lines = declarations.flatMap(linesOf)
    return target.name === each.name ? lines : [`${each.name}: ${target.name}`, ...lines.map(indented)]
  }

  /** The exports of a module that no program has run. */
  const valuesOf = (module: ts.Symbol): ReadonlyArray<string> =>
    checker
      .getExportsOfModule(module)
      .filter((each) => {
        const target = (each.flags & ts.SymbolFlags.Alias) === 0 ? each : checker.getAliasedSymbol(each)
        return (target.flags & ts.SymbolFlags.Value) !== 0
      })
      .map(({ name }) => name)

  const sections = entries.map(({ declarations, name, values }) => {
    const source = program.getSourceFile(declarations)
    const module = source === undefined ? undefined : checker.getSymbolAtLocation(source)
    if (module === undefined) throw new Error(`${declarations} has no exports. Run: npm run build`)
    return [
      `## ${name}`,
      "",
      `Values: ${(values ?? valuesOf(module)).toSorted().join(", ") || "none"}.`,
      "",
      ...exportsOf(name, module),
      ""
    ].join("\n")
  })
  return [
    `The public surface of @ancillary/${name}. Made by \`npm run api\` from the built declarations.\n`,
    ...sections
  ].join("\n")
}
