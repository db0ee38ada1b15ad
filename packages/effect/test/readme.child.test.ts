/** The program of the README, run as a reader would. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import { expect, it, onTestFinished } from "vitest"
import { bundled, ended } from "../../testing/program.ts"

const own = fileURLToPath(new URL("..", import.meta.url))

it("the README's echo program prints its answer and ends", async () => {
  const [, program = ""] = /```ts\n(import.*?)```/s.exec(readFileSync(join(own, "README.md"), "utf8")) ?? []
  // Below this package, whose effect is version 4.
  const folder = mkdtempSync(join(own, "node_modules/readme-"))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, "main.mts")
  writeFileSync(file, program)
  const bundle = bundled(pathToFileURL(file))
  onTestFinished(() => rmSync(bundle))
  const { status, stdout } = await ended([process.execPath, bundle], { cwd: own })
  expect(stdout).toContain("hello, 64 hops left")
  expect(status).toBe(0)
})
