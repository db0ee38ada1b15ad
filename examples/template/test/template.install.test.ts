/** The folder, copied out of the repository, with the packages that npm has installed from tarballs. */
import { execFile, spawn, spawnSync } from "node:child_process"
import { createSocket } from "node:dgram"
import { once } from "node:events"
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest"
import { pack, packages } from "../../../packages/node/test/packing.ts"
import { requirement } from "../../../packages/testing/machine.ts"

const able = requirement(
  "the template",
  spawnSync("npm", ["ping"], { timeout: 30_000 }).status === 0,
  "Connect this machine to the npm registry"
)

const run = promisify(execFile)
const template = fileURLToPath(new URL("..", import.meta.url))

describe.runIf(able)("the template outside of the repository", () => {
  const folder = mkdtempSync(join(tmpdir(), "ancillary-template-"))
  const copy = join(folder, "copy")
  beforeAll(async () => {
    const tarballs = await pack(folder)
    for (const name of ["package.json", "tsconfig.json", "src"])
      cpSync(join(template, name), join(copy, name), { recursive: true })
    const manifest = JSON.parse(readFileSync(join(copy, "package.json"), "utf8")) as {
      readonly dependencies: { readonly [name: string]: string }
      readonly devDependencies: { readonly [name: string]: string }
    }
    const all = new Map(packages.map((name) => [`@ancillary/${name}`, `file:${tarballs.get(name)}`]))
    const packed = (needed: { readonly [name: string]: string }) =>
      Object.fromEntries(Object.entries(needed).map(([name, version]) => [name, all.get(name) ?? version]))
    const direct = { ...manifest.dependencies, ...manifest.devDependencies }
    const overrides = Object.fromEntries([...all].filter(([name]) => direct[name] === undefined))
    const own = { dependencies: packed(manifest.dependencies), devDependencies: packed(manifest.devDependencies) }
    writeFileSync(join(copy, "package.json"), JSON.stringify({ ...manifest, ...own, overrides }))
    await run("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund"], { cwd: copy })
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  it("npm test compiles it and passes, without Effect", async () => {
    const { stdout } = await run("npm", ["test"], { cwd: copy })
    expect(stdout).toMatch(/pass 1\b/)
    expect(stdout).toMatch(/fail 0\b/)
    expect(spawnSync("test", ["-e", join(copy, "node_modules/effect")]).status).toBe(1)
  })

  it("npm start answers each peer with its address, and ends on SIGTERM", async () => {
    await run("npm", ["run", "build"], { cwd: copy })
    const server = spawn(process.execPath, ["dist/main.js"], { cwd: copy, env: { ...process.env, PORT: "0" } })
    onTestFinished(() => void server.kill("SIGKILL"))
    const [line] = (await once(server.stdout, "data")) as [Buffer]
    const port = Number(/:(\d+)\s*$/.exec(String(line))?.[1])
    const peer = createSocket("udp4")
    onTestFinished(() => void peer.close())
    peer.send("hello", port, "127.0.0.1")
    const [answer] = (await once(peer, "message")) as [Buffer]
    expect(String(answer)).toBe(`127.0.0.1:${peer.address().port}`)
    server.kill("SIGTERM")
    expect(await once(server, "exit")).toEqual([0, null])
  })
})
