// Golden vectors: what C compilers make of the real headers, one JSON document an ABI.
//
//   node generate.mjs [abi…]           writes <abi>.json of each ABI that this machine has a compiler for
//   node generate.mjs --check [abi…]   compares instead, prints each difference, and exits with 1 if there is one
//
// Runs on x86-64 Linux. An ABI that is named must have its compiler; of the others, those without one are told and left alone.

import { execFileSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const here = fileURLToPath(new URL(".", import.meta.url))
const units = ["text", "layout", "macros", "buffers", "groups", "headers"]
const c = (unit) => join(here, "c", `${unit}.c`)

// -O0: the walks over impossible lengths compute impossible pointers, and an optimiser may conclude from them. -I.: for constants.h.
const flags = ["-std=gnu11", "-O0", "-Wall", "-Werror", "-I."]

// Three ways from a compiler to a document: commands, run in a folder of their own, of which the last one prints.

const native = ({ compiler }) => [[...compiler, ...flags, ...units.map(c), c("run"), "-o", "golden"], ["./golden"]]

// A Windows program is not run but loaded (see run.c): without libraries, so that the linker refuses whatever would need Windows, and below
// 2^31, where code of both widths reaches and nothing of a Linux process is.
const address = "0x10000000"
const loaded = ({ compiler, host, entry }) => [
  [
    ...compiler,
    ...flags,
    ...units.map(c),
    "-nostdlib",
    `-Wl,--entry=${entry},--image-base=${address}`,
    "-o",
    "golden.exe"
  ],
  [...host, ...flags, `-DIMAGE=${address}`, c("run"), "-o", "run"],
  ["./run", "golden.exe"]
]

// No gcc of Debian's compiles for arm64 Windows, and nothing here runs its code. But clang's intermediate code has every size and offset
// decided already: made for arm64 Windows, then finished for this machine, it computes the document of arm64 Windows.
const finishedHere = ({ compiler, host }) => [
  [...compiler, ...flags, "-emit-llvm", "-c", ...units.map(c)],
  [...host, ...flags, "-Wno-override-module", ...units.map((unit) => `${unit}.bc`), c("run"), "-o", "golden"],
  ["./golden"]
]

/** `host`: what compiles for this machine, where the target's own compiler does not. */
const table = [
  { name: "linux-glibc-64", compiler: ["gcc"], package: "gcc libc6-dev", how: native },
  { name: "linux-glibc-32", compiler: ["gcc", "-m32"], package: "gcc-multilib qemu-user", how: native },
  { name: "linux-musl-64", compiler: ["musl-gcc"], package: "musl-tools", how: native },
  {
    name: "winsock-x64",
    compiler: ["x86_64-w64-mingw32-gcc"],
    host: ["gcc"],
    entry: "golden",
    package: "gcc-mingw-w64-x86-64",
    how: loaded
  },
  {
    name: "winsock-ia32",
    compiler: ["i686-w64-mingw32-gcc"],
    host: ["gcc", "-m32"],
    entry: "_golden",
    package: "gcc-mingw-w64-i686 gcc-multilib qemu-user",
    how: loaded
  },
  {
    name: "winsock-arm64",
    compiler: ["clang", "-target", "aarch64-w64-mingw32", "-isystem", "/usr/share/mingw-w64/include"],
    host: ["clang"],
    package: "clang mingw-w64-common",
    how: finishedHere
  }
]

const run = ([program, ...args], options) =>
  execFileSync(program, args, { encoding: "utf8", stdio: "pipe", ...options })

/** What runs programs of 32 bits: the kernel itself, or an emulator where it was built without them (ENOEXEC, which a shell then reads as text). */
const emulator = (() => {
  let found
  return () => {
    if (found !== undefined) return found
    const cwd = mkdtempSync(join(tmpdir(), "golden-width-"))
    const works = (command) => {
      try {
        run(command, { cwd })
        return true
      } catch {
        return false
      }
    }
    try {
      writeFileSync(join(cwd, "nothing.c"), "int main(void) { return 0; }\n")
      const compiled = works(["gcc", "-m32", "nothing.c", "-o", "nothing"])
      found = compiled ? [[], ["qemu-i386"]].find((prefix) => works([...prefix, "./nothing"])) : undefined
    } finally {
      rmSync(cwd, { recursive: true })
    }
    return found
  }
})()

const isNarrow = ({ compiler, host = [] }) => [...compiler, ...host].includes("-m32")

/** Finding a program is not enough: gcc is there long before its 32-bit headers are, clang before those of Windows. */
const compiles = (command, header) => {
  try {
    run([...command, "-fsyntax-only", "-x", "c", "-"], { input: `#include <${header}>\n` })
    return true
  } catch {
    return false
  }
}

/** Each ABI with vectors: the command that compiles for it, whether that works on this machine, and the Debian packages that bring it. */
export const targets = () =>
  table.map(({ name, compiler, host, package: debian }) => ({
    name,
    compiler: compiler.join(" "),
    available:
      compiles(compiler, name.startsWith("winsock") ? "winsock2.h" : "sys/socket.h") &&
      (host === undefined || compiles(host, "sys/mman.h")) &&
      (!isNarrow({ compiler, host }) || emulator() !== undefined),
    package: debian
  }))

const constants = () =>
  readFileSync(join(here, "constants.txt"), "utf8")
    .split(/\s+/)
    .filter((name) => name !== "")
    .map((name) => `#ifdef ${name}\nput_number("${name}", ${name});\n#endif\n`)
    .join("")

/** The document of an ABI, from its compiler. */
export const generate = (name) => {
  const target = table.find((each) => each.name === name)
  if (target === undefined)
    throw new Error(`${name}: no such ABI. There are ${table.map((each) => each.name).join(", ")}.`)
  const cwd = mkdtempSync(join(tmpdir(), `golden-${name}-`))
  try {
    writeFileSync(join(cwd, "constants.h"), constants())
    const prefix = isNarrow(target) ? (emulator() ?? []) : []
    const printed = target
      .how(target)
      .map((command) => run(command[0].startsWith("./") ? [...prefix, ...command] : command, { cwd }))
    return { abi: name, ...JSON.parse(printed.at(-1)) }
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

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = main(process.argv.slice(2)) ? 0 : 1
