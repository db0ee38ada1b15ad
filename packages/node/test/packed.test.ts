/** The packages as they are published: built, packed, unpacked next to nothing but their dependencies, and used by plain Node. */
import { execFileSync, spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { onPath, requirement } from "../../testing/machine.ts"

const root = fileURLToPath(new URL("../../..", import.meta.url))
const packages = ["control", "socket", "posix", "winsock", "node"]
const folder = mkdtempSync(join(tmpdir(), "ancillary-packed-"))

describe.runIf(requirement("the packed packages", onPath("tar"), "apt-get install tar"))("packed", () => {
  beforeAll(() => {
    execFileSync("npm", ["run", "--silent", "build"], { cwd: root })
    const modules = join(folder, "node_modules")
    mkdirSync(join(modules, "@ancillary"), { recursive: true })
    for (const name of packages) {
      const packed = execFileSync("npm", ["pack", "--silent", "--pack-destination", folder], {
        cwd: join(root, "packages", name),
        encoding: "utf8"
      })
      mkdirSync(join(modules, "@ancillary", name))
      execFileSync("tar", [
        "-xzf",
        join(folder, packed.trim()),
        "-C",
        join(modules, "@ancillary", name),
        "--strip-components=1"
      ])
    }
    for (const name of ["effect", "koffi", "@koromix", "@effect"])
      symlinkSync(join(root, "node_modules", name), join(modules, name))
  }, 120_000)
  afterAll(() => rmSync(folder, { recursive: true }))

  const run = (program: string) => {
    writeFileSync(join(folder, "program.mjs"), program)
    return spawnSync(process.execPath, ["program.mjs"], { cwd: folder, encoding: "utf8" })
  }

  it("plain Node runs a program on them", () => {
    const { stderr, stdout } = run(`
    import { NodeSockets } from "@ancillary/node"
    import { Datagram, withHopLimit } from "@ancillary/socket"
    import { Effect } from "effect"
    const program = Effect.gen(function* () {
      const socket = yield* Datagram.bind(Datagram.ipv4.pipe(withHopLimit()), { address: "127.0.0.1", port: 0 })
      yield* socket.send({ data: new Uint8Array(1), to: socket.localAddress, control: { hopLimit: 9 } })
      console.log((yield* socket.receive).control.hopLimit)
    })
    await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(NodeSockets.layer)))`)
    expect([stderr, stdout]).toEqual(["", "9\n"])
  }, 30_000)

  it("what is internal cannot be imported", () => {
    const { stderr } = run(`import "@ancillary/socket/internal/core"`)
    expect(stderr).toContain("ERR_PACKAGE_PATH_NOT_EXPORTED")
  })
})
