// Golden vectors: what C compilers make of the real headers, one JSON document an ABI.
//
//   node generate.mjs [abi…]           writes <abi>.json of each ABI that this machine has a compiler for
//   node generate.mjs --check [abi…]   compares instead, prints each difference, and exits with 1 if there is one
//   node generate.mjs --print abi      prints the document that the compiler makes
//
// Runs on x86-64 Linux. An ABI that is named must have its compiler; of the others, those without one are told and left alone.

import { execFileSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { build, targets } from "./compilers.mjs"

export { targets }

const here = fileURLToPath(new URL(".", import.meta.url))
const c = (unit) => join(here, "c", `${unit}.c`)
const source = {
  units: ["text", "layout", "macros", "buffers", "groups", "headers", "extensions", "steering"].map(c),
  main: c("run"),
  entry: "golden"
}

const constants = () =>
  readFileSync(join(here, "constants.txt"), "utf8")
    .split(/\s+/)
    .filter((name) => name !== "")
    .map((name) => `#ifdef ${name}\nput_number("${name}", ${name});\n#endif\n`)
    .join("")

/** The document of an ABI, from its compiler. */
const generate = (name) => {
  const cwd = mkdtempSync(join(tmpdir(), `golden-${name}-`))
  try {
    writeFileSync(join(cwd, "constants.h"), constants())
    const [program, ...args] = build(name, source, cwd)
    return { abi: name, ...JSON.parse(execFileSync(program, args, { cwd, encoding: "utf8" })) }
  } finally {
    rmSync(cwd, { recursive: true })
  }
}

const file = (name) => join(here, `${name}.json`)

/** JSON by 2 spaces, but an object of a few scalars and an array of numbers take one line. */
const render = (document) =>
  JSON.stringify(document, null, 2).replace(/[[{]\n[^[\]{}]+[\]}]/g, (leaf) => {
    const line = leaf.replace(/\n\s*/g, " ")
    if (line.startsWith("[")) return line.replace("[ ", "[").replace(" ]", "]")
    return line.length <= 120 ? line : leaf
  }) + "\n"

const isObject = (value) => typeof value === "object" && value !== null

const differences = (path, golden, compiled) => {
  if (isObject(golden) && isObject(compiled)) {
    const keys = new Set([...Object.keys(golden), ...Object.keys(compiled)])
    return [...keys].flatMap((key) => differences(`${path}.${key}`, golden[key], compiled[key]))
  }
  const shown = (value) => (value === undefined ? "nothing" : JSON.stringify(value))
  return golden === compiled ? [] : [`${path}: ${shown(golden)} in the file, ${shown(compiled)} compiled`]
}

/** Writes or compares one document and says whether all is well. */
const serve = ({ name, available, package: debian }, { check, named }) => {
  if (!available) {
    console.log(`${name}: no compiler here (apt-get install ${debian})`)
    return !named
  }
  const document = generate(name)
  if (!check) writeFileSync(file(name), render(document))
  const different = check ? differences(name, JSON.parse(readFileSync(file(name), "utf8")), document) : []
  console.log(different.length > 0 ? different.join("\n") : `${name}: ${check ? "as in the file" : "written"}`)
  return different.length === 0
}

const main = (args) => {
  const check = args.includes("--check")
  const names = args.filter((arg) => arg !== "--check")
  const known = targets()
  const unknown = names.filter((name) => known.every((target) => target.name !== name))
  for (const name of unknown)
    console.log(`${name}: no such ABI; there are ${known.map((target) => target.name).join(", ")}`)
  const served = known
    .filter((target) => names.length === 0 || names.includes(target.name))
    .map((target) => serve(target, { check, named: names.length > 0 }))
  return unknown.length === 0 && served.every((well) => well)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [option, name, ...rest] = process.argv.slice(2)
  if (option === "--print" && rest.length === 0) console.log(JSON.stringify(generate(name)))
  else process.exitCode = main(process.argv.slice(2)) ? 0 : 1
}
