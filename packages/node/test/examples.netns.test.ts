/**
 * Every block of TypeScript in the documents, the README files and the docstrings runs unchanged, on real sockets, in
 * its own network namespace.
 */
import { spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import ts from "typescript"
import { afterAll, describe, expect, it } from "vitest"
import { blocks, ownerOf } from "../../effect3/test/types/blocks.ts"
import { build } from "../../testing/built.ts"
import { onPath, requirement } from "../../testing/machine.ts"
import { ended } from "../../testing/program.ts"
import { root } from "./packing.ts"

/** These blocks require something that the namespace lacks. They fail as they would for a reader. */
const expected: { readonly [name: string]: RegExp } = {
  // Requires Windows.
  "packages/effect3/src/node/WsaMsg.ts 1": /DatagramUnsupportedError/,
  "packages/effect/src/node/WsaMsg.ts 1": /DatagramUnsupportedError/,
  // Requires a socket of another program as descriptor 3.
  "packages/effect3/src/DatagramServer.ts 4": /DatagramBindError|DatagramUnsupportedError/,
  "packages/effect/src/DatagramServer.ts 4": /DatagramBindError|DatagramUnsupportedError/,
  "packages/socket/src/DatagramServer.ts 3": /DatagramBindError/,
  // Requires the process that `serve` starts: `examples/all-cores` runs both programs.
  "docs/workers.md 1": /DatagramUnsupportedError/,
  "packages/effect3/src/node/DatagramWorkers.ts 2": /DatagramUnsupportedError/,
  "packages/effect/src/node/DatagramWorkers.ts 2": /DatagramUnsupportedError/,
  "packages/socket/src/DatagramWorkers.ts 2": /DatagramUnsupportedError/,
  "packages/socket/README.md 6": /DatagramUnsupportedError/,
  // The program of the worker is left to the reader.
  "docs/workers.md 2": /^$|DatagramWorkerError/,
  "docs/workers.md 3": /^$|DatagramWorkerError/,
  "packages/effect3/src/node/DatagramWorkers.ts 1": /^$|DatagramWorkerError/,
  "packages/effect/src/node/DatagramWorkers.ts 1": /^$|DatagramWorkerError/,
  "packages/socket/src/DatagramWorkers.ts 1": /^$|DatagramWorkerError/,
  "packages/socket/README.md 7": /^$|DatagramWorkerError/,
  // No datagram arrives before the signal aborts.
  "packages/socket/src/DatagramSocket.ts 1": /^$|TimeoutError/
}
/** Registers tests with vitest, as `conformance.test.ts` does. */
const elsewhere = ["packages/testing/src/conformance.ts 1", "docs/testing.md 1"]

const runnable = requirement(
  "the examples",
  onPath("ip") && spawnSync("unshare", ["-n", "true"]).status === 0,
  "apt-get install iproute2, and run as root, which may have a network of its own"
)

/** Runs the words after it in a network of its own. */
const network = [
  "ip link set lo up",
  "ip link add eth0 type veth peer name eth1",
  "ip link set eth1 up",
  "ip addr add 198.18.0.1/24 dev eth0",
  "ip link set eth0 up",
  "ip route add default dev eth0",
  `sysctl -qw "net.ipv4.ping_group_range=0 2147483647"`,
  `exec "$@"`
].join(" && ")

/** Milliseconds in which a program without Effect may fail, after it was loaded. A server never ends by itself. */
const life = 1500

describe.runIf(runnable)("examples run", async () => {
  /** Makes a folder below a package, so that the blocks in it import the version of Effect that the package has. */
  const folderOf = (owner: string): string => {
    mkdirSync(join(root, owner, "node_modules/.cache"), { recursive: true })
    const folder = mkdtempSync(join(root, owner, "node_modules/.cache/ancillary-examples-"))
    afterAll(() => rmSync(folder, { recursive: true }))
    return folder
  }

  /** Writes a block as a module that exports its declarations, and whose programs end. */
  const write = (folder: string, name: string, code: string): string => {
    const file = join(folder, `${name.replaceAll(/\W+/g, "-")}.mjs`)
    const declared = Array.from(code.matchAll(/^const (\w+)\b/gm), ([, each]) => each ?? "")
    const runs = /\bEffect\.runPromise\(|NodeRuntime\.runMain/.test(code)
    const bounded = code
      .replaceAll("Effect.runPromise(", "globalThis.boundedRun(")
      .replaceAll("NodeRuntime.runMain", "globalThis.boundedRun")
    const { outputText } = ts.transpileModule(bounded, {
      compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 }
    })
    writeFileSync(file, `${outputText}\n${runs ? "" : `export { ${declared.join(", ")} }\n`}`)
    return file
  }

  /** Runs blocks with the runtime of a package, and returns the failures by name. */
  const failuresOf = async (owner: string, all: typeof blocks): Promise<{ readonly [name: string]: string }> => {
    if (!runnable) return {}
    const folder = folderOf(owner)
    const list = join(folder, "list.json")
    writeFileSync(list, JSON.stringify(all.map(([name, code]) => [name, write(folder, name, code)])))
    const program = join(root, owner, "test/children/examples.mjs")
    const node = [process.execPath, program, list]
    const { stderr, stdout } = await ended(["unshare", "-n", "sh", "-c", network, "sh", ...node], {
      cwd: join(root, owner)
    })
    try {
      return JSON.parse(stdout.slice(stdout.lastIndexOf("\n"))) as { readonly [name: string]: string }
    } catch {
      throw new Error(`the examples ended early: ${stdout.slice(-2000)}${stderr.slice(-2000)}`)
    }
  }
  /** Runs programs without Effect, each in a process and a network of its own, and returns the failures by name. */
  const failuresOfPrograms = async (all: typeof blocks): Promise<{ readonly [name: string]: string }> => {
    const failures: { [name: string]: string } = {}
    if (!runnable) return failures
    const folder = folderOf("packages/socket")
    const waiting = [...all]
    const runNext = async (): Promise<void> => {
      for (let block = waiting.shift(); block !== undefined; block = waiting.shift()) {
        const file = write(folder, ...block)
        const start = `await import("@ancillary/socket"); process.stdout.write("loaded"); await import("${file}")`
        const node = [process.execPath, "--input-type=module", "-e", start]
        const child = spawn("unshare", ["-n", "sh", "-c", network, "sh", ...node], {
          cwd: join(root, "packages/socket"),
          stdio: ["ignore", "pipe", "pipe"]
        })
        let output = ""
        let timer: NodeJS.Timeout | undefined
        child.stderr.on("data", (chunk) => (output += String(chunk)))
        const failure = expected[block[0]]
        // A program that must fail ends by itself.
        const ends = failure !== undefined && !failure.test("")
        if (!ends) child.stdout.on("data", () => (timer ??= setTimeout(() => child.kill("SIGKILL"), life)))
        const [code] = (await once(child, "close")) as [number | null]
        clearTimeout(timer)
        if (code !== null && code !== 0) failures[block[0]] = output
        // A Unix socket that is not closed leaves its file.
        for (const [path] of block[1].matchAll(/\/tmp\/\w+\.sock/g)) rmSync(path, { force: true })
      }
    }
    await Promise.all([runNext(), runNext(), runNext()])
    return failures
  }

  // Plain Node loads the built packages, which is a tenth of the work of compiling their sources in each process.
  if (runnable) await build()
  const run = blocks.filter(([name]) => !elsewhere.includes(name))
  const seen: { readonly [name: string]: string } = {
    ...(await failuresOf(
      "packages/node",
      run.filter((block) => ownerOf(block) === "node")
    )),
    ...(await failuresOf(
      "packages/effect",
      run.filter((block) => ownerOf(block) === "effect")
    )),
    ...(await failuresOfPrograms(run.filter((block) => ownerOf(block) === "socket")))
  }

  it.each(blocks.map(([name]) => name).filter((name) => !elsewhere.includes(name)))("%s", (name) => {
    const failure = seen[name]
    if (expected[name] === undefined) expect(failure).toBeUndefined()
    else expect(failure ?? "").toMatch(expected[name])
  })
})

it("a program of the documents runs itself, with the layers that it requires", () => {
  const idle = blocks.filter(
    ([name, code]) =>
      /\.md \d+$/.test(name) &&
      !elsewhere.includes(name) &&
      /Effect\.gen/.test(code) &&
      !/runPromise|runMain/.test(code)
  )
  expect(idle.map(([name]) => name)).toEqual([])
})
