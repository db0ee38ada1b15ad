// From C to a program that runs on this machine, for each ABI that has golden vectors: `generate.mjs` and `packages/fuzz` build by it.

import { execFileSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

// -O0: the walks over impossible lengths compute impossible pointers, and an optimiser may conclude from them. -I.: for what is made
// beside the program.
const flags = ["-std=gnu11", "-O0", "-Wall", "-Werror", "-I.", `-I${fileURLToPath(new URL("c", import.meta.url))}`]

// Three ways from a compiler to `./program`, as commands that run in a folder of their own; then the command that runs it.

const native = ({ compiler }, { main, units }) => ({
  commands: [[...compiler, ...flags, ...units, main, "-o", "program"]],
  program: ["./program"]
})

// A Windows program is not run but loaded (see image.h): without libraries, so that the linker refuses whatever would need Windows, and below
// 2^31, where code of both widths reaches and nothing of a Linux process is.
const address = "0x10000000"
const loaded = ({ compiler, host, underscore }, { entry, main, units }) => ({
  commands: [
    [
      ...compiler,
      ...flags,
      ...units,
      "-nostdlib",
      `-Wl,--entry=${underscore}${entry},--image-base=${address}`,
      "-o",
      "program.exe"
    ],
    [...host, ...flags, `-DIMAGE=${address}`, main, "-o", "program"]
  ],
  program: ["./program", "program.exe"]
})

// No gcc of Debian's compiles for arm64 Windows, and nothing here runs its code. But clang's intermediate code has every size and offset
// decided already: made for arm64 Windows, then finished for this machine, it computes as arm64 Windows does.
const finishedHere = ({ compiler, host }, { main, units }) => ({
  commands: [
    [...compiler, ...flags, "-emit-llvm", "-c", ...units],
    [
      ...host,
      ...flags,
      "-Wno-override-module",
      ...units.map((unit) => unit.replace(/^.*\/(\w+)\.c$/, "$1.bc")),
      main,
      "-o",
      "program"
    ]
  ],
  program: ["./program"]
})

/** `host`: what compiles for this machine, where the target's own compiler does not. */
const table = [
  { name: "linux-glibc-64", compiler: ["gcc"], package: "gcc libc6-dev", how: native },
  { name: "linux-glibc-32", compiler: ["gcc", "-m32"], package: "gcc-multilib qemu-user", how: native },
  { name: "linux-musl-64", compiler: ["musl-gcc"], package: "musl-tools", how: native },
  {
    name: "winsock-x64",
    compiler: ["x86_64-w64-mingw32-gcc"],
    host: ["gcc"],
    underscore: "",
    package: "gcc-mingw-w64-x86-64",
    how: loaded
  },
  {
    name: "winsock-ia32",
    compiler: ["i686-w64-mingw32-gcc"],
    host: ["gcc", "-m32"],
    underscore: "_",
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

const targetNamed = (name) => {
  const target = table.find((each) => each.name === name)
  if (target !== undefined) return target
  throw new Error(`${name}: no such ABI. There are ${table.map((each) => each.name).join(", ")}.`)
}

/**
 * Builds a program in the folder `cwd` and answers the command that runs it there. `units` see the headers of the ABI and need nothing of a
 * C library; `main` is code of this machine, which calls their function `entry`, or finds it by `image.h`.
 */
export const build = (name, { entry, main, units }, cwd) => {
  const target = targetNamed(name)
  const { commands, program } = target.how(target, { entry, main, units })
  for (const command of commands) run(command, { cwd })
  return isNarrow(target) ? [...(emulator() ?? []), ...program] : program
}

/** Builds an ordinary Windows program in the folder `cwd`, libraries and all, to be run under Wine. */
export const buildForWindows = (name, { main, units }, cwd) => {
  run([...targetNamed(name).compiler, ...flags, ...units, main, "-o", "program.exe"], { cwd })
  return "program.exe"
}
