/**
 * The public declarations of every package: no `any`, and a docstring each. A declaration is public if an entry point of `exports` has it.
 */
import { readdirSync, readFileSync } from "node:fs"
import path from "node:path"
import ts from "typescript"
import { expect, it } from "vitest"
import { build } from "../../../testing/built.ts"
import { compile, place, root } from "./compiler.ts"

const packages = path.join(root, "packages")
const isPrivate = (name: string) =>
  /"private": true/.test(ts.sys.readFile(path.join(packages, name, "package.json")) ?? '"private": true')

type Exports = { readonly [entry in string]: { readonly "@ancillary/source"?: string } | string | null }

/** The sources of the entry points of a package. A `*` stands for each file outside of the folders that are closed with `null`. */
const entriesOf = (name: string): ReadonlyArray<string> => {
  const folder = path.join(packages, name)
  const { exports } = JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8")) as {
    readonly exports: Exports
  }
  const closed = Object.entries(exports).flatMap(([entry, target]) =>
    target === null ? [path.join(folder, "src", entry.replace("*", ""))] : []
  )
  return Object.values(exports).flatMap((target) => {
    const source = typeof target === "object" ? target?.["@ancillary/source"] : undefined
    if (source === undefined) return []
    return source.includes("*")
      ? ts.sys
          .readDirectory(path.join(folder, "src"), [".ts"], undefined, ["**/*"])
          .filter((file) => closed.every((each) => !file.startsWith(each)))
      : [path.join(folder, source)]
  })
}

const entries = [
  ...new Set(
    readdirSync(packages)
      .filter((name) => !isPrivate(name))
      .flatMap(entriesOf)
  )
]
const program = compile(entries)

/** The statements that declare what the entry points export, wherever they are. */
const exported = (): ReadonlySet<ts.Statement> => {
  const checker = program.getTypeChecker()
  const statements = new Set<ts.Statement>()
  const seen = new Set<ts.Symbol>()
  const add = (module: ts.SourceFile | undefined): void => {
    const symbol = module === undefined ? undefined : checker.getSymbolAtLocation(module)
    if (symbol === undefined || seen.has(symbol)) return
    seen.add(symbol)
    for (const each of checker.getExportsOfModule(symbol)) {
      const target = (each.flags & ts.SymbolFlags.Alias) === 0 ? each : checker.getAliasedSymbol(each)
      for (const declaration of target.declarations ?? []) {
        // `export * as Plan`
        if (ts.isSourceFile(declaration)) add(declaration)
        else if (declaration.getSourceFile().fileName.startsWith(packages)) statements.add(statementOf(declaration))
      }
    }
  }
  for (const entry of entries) add(program.getSourceFile(entry))
  return statements
}

const statementOf = (node: ts.Node): ts.Statement =>
  ts.isSourceFile(node.parent) ? (node as ts.Statement) : statementOf(node.parent)

const statements = exported()
const sources = [...new Set([...statements].map((statement) => statement.getSourceFile().fileName))]

/** The built declarations, by the source. */
const declarations = async (): Promise<ReadonlyMap<string, ts.SourceFile>> => {
  await build()
  return new Map(
    sources.map((source) => {
      const file = source.replace(/^(.*\/packages\/[^/]+)\/src\/(.*)\.ts$/, "$1/dist/$2.d.ts")
      return [source, ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.ES2022, true)]
    })
  )
}

/** The declaration that a node belongs to, with what it is nested in: `Spec.Any`. */
const nameOf = (node: ts.Node): string => {
  const outer = node.parent === undefined ? "" : nameOf(node.parent)
  const named =
    ts.isVariableDeclaration(node) ||
    ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node) ||
    ts.isModuleDeclaration(node) ||
    ts.isClassDeclaration(node) ||
    ts.isFunctionDeclaration(node)
  return named && node.name !== undefined ? [outer, node.name.getText()].filter(Boolean).join(".") : outer
}

it("no declaration has an `any`, except as a bound that must be one", async () => {
  const files = await declarations()
  expect(files.size).toBe(sources.length)
  const found = new Set<string>()
  for (const file of files.values()) {
    const visit = (node: ts.Node): void => {
      if (node.kind === ts.SyntaxKind.AnyKeyword) found.add(`${nameOf(node)}: ${node.parent.getText()}`)
      ts.forEachChild(node, visit)
    }
    visit(file)
  }
  // Effect's own types: the result of `Data.TaggedError`, which a tagged error extends.
  const effects = /^\w+_base: Record<string, any>$/
  expect([...found].filter((any) => !effects.test(any)).toSorted()).toEqual([
    // Specs and combinators are invariant, so only this bound accepts all of them, and `infer` recovers the types.
    "AnyPart: Configure<any, any>",
    "AnyPart: With<any>",
    "Spec.Any: Spec<any, any, any>"
  ])
})

const isExported = (statement: ts.Statement): boolean =>
  ts.canHaveModifiers(statement) &&
  (ts.getModifiers(statement) ?? []).some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)

/** A number under its name in the headers of a platform. Its module names the headers. */
const isHeadersConstant = (name: string, { fileName }: ts.SourceFile): boolean =>
  fileName.includes("/platform/") && /^[A-Z][A-Z0-9_]*$/.test(name)

const lacks = (doc: ts.JSDoc | undefined): ReadonlyArray<string> => {
  const says = /\w.*[.!?…]/s.test(ts.getTextOfJSDocComment(doc?.comment) ?? "")
  const since = doc?.tags?.some(({ tagName }) => tagName.text === "since") ?? false
  return [...(says ? [] : ["a sentence"]), ...(since ? [] : ["@since"])]
}

it("every export has a docstring: a sentence, and since when", () => {
  const bare: Array<string> = []
  const visit = (statement: ts.Statement): void => {
    const source = statement.getSourceFile()
    const declaration = ts.isVariableStatement(statement) ? statement.declarationList.declarations[0] : statement
    const name = nameOf(declaration ?? statement)
    const missing = lacks(ts.getJSDocCommentsAndTags(statement).filter(ts.isJSDoc).at(-1))
    if (missing.length > 0 && !isHeadersConstant(name, source)) {
      bare.push(`${place(source, statement.getStart())} ${name} lacks ${missing.join(" and ")}`)
    }
    if (ts.isModuleDeclaration(statement) && statement.body !== undefined && ts.isModuleBlock(statement.body)) {
      statement.body.statements.filter(isExported).forEach(visit)
    }
  }
  expect(statements.size).toBeGreaterThan(600)
  statements.forEach(visit)
  expect(bare).toEqual([])
})
