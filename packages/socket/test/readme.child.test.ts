/** The programs of the README, run as a reader would. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import { expect, it, onTestFinished } from "vitest"
import { bundled, ended } from "../../testing/program.ts"

const own = fileURLToPath(new URL("..", import.meta.url))
const readme = readFileSync(join(own, "README.md"), "utf8")
/** Servers and workers do not end. hostile.netns.test.ts and workers.child.test.ts have them. */
const programs = Array.from(readme.matchAll(/```(ts|js)\n(.*?)```/gs), ([, language = "", text = ""]) => ({
  language,
  text
})).filter(({ text }) => !/DatagramWorkers|serveAll|serveSessions/.test(text))

/** The output of each program, in its order. */
const outputs = [
  "hello 64 hops left\n",
  "hello\n",
  "one\n2 left\n",
  "2 sent, 0 failed\nMessageTooLarge EMSGSIZE\n",
  "2 bytes, 0n sent again\n",
  "AddressInUse bind EADDRINUSE\n"
]

it("each program of the README has its output here", () => {
  expect(programs).toHaveLength(outputs.length)
})

it.each(programs.map(({ language, text }, i) => [i + 1, language, text, outputs[i]] as const))(
  "program %i of the README (%s) prints its output and ends",
  async (_, language, text, output) => {
    const folder = mkdtempSync(join(own, "test/readme-"))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const file = join(folder, `main.m${language}`)
    writeFileSync(file, text)
    const bundle = bundled(pathToFileURL(file))
    onTestFinished(() => rmSync(bundle))
    const { status, stdout } = await ended([process.execPath, bundle], { cwd: own })
    expect({ status, stdout }).toEqual({ status: 0, stdout: output })
  }
)
