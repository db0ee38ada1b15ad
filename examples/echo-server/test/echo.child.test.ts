import { createSocket } from "node:dgram"
import { once } from "node:events"
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { spawn } from "node:child_process"
import { fileURLToPath, pathToFileURL } from "node:url"
import ts from "typescript"
import { expect, it, onTestFinished } from "vitest"
import { bundled } from "../../../packages/testing/program.ts"

const root = fileURLToPath(new URL("../../..", import.meta.url))

/** Starts a TypeScript program and waits for a line of its output. */
const start = async (file: string, ready: RegExp) => {
  const child = spawn(process.execPath, [bundled(pathToFileURL(file))], { cwd: root })
  onTestFinished(() => void child.kill("SIGKILL"))
  let output = ""
  await new Promise<void>((resolve, reject) => {
    const read = (chunk: unknown) => {
      output += String(chunk)
      if (ready.test(output)) resolve()
    }
    child.stdout.on("data", read)
    child.stderr.on("data", read)
    child.on("exit", () => reject(new Error(`${file} ended before it was ready:\n${output}`)))
  })
}

/** Sends a request to an address from a plain `node:dgram` socket, and returns the answer with its source. */
const ask = async (address: string, port: number) => {
  const socket = createSocket("udp4")
  onTestFinished(() => void socket.close())
  socket.send("hello", port, address)
  const [answer, from] = (await once(socket, "message")) as [
    Buffer,
    { readonly address: string; readonly port: number }
  ]
  return { answer: answer.toString(), from: `${from.address}:${from.port}` }
}

it("the echo server answers from the address of the request", async () => {
  await start(`${root}/examples/echo-server/src/main.ts`, /listening on 0\.0\.0\.0:5300/)
  expect(await ask("127.0.0.2", 5300)).toEqual({ answer: "hello", from: "127.0.0.2:5300" })
  expect(await ask("127.0.0.1", 5300)).toEqual({ answer: "hello", from: "127.0.0.1:5300" })
})

it("the README's program compiles and answers from the address of the request", async () => {
  const program = /```ts\n([\s\S]*?)```/.exec(readFileSync(`${root}/README.md`, "utf8"))?.[1] ?? ""
  expect(program).toContain("Datagram.reply")
  // The file is inside the package whose Effect the program uses. The port differs from the example's.
  mkdirSync(`${root}/packages/effect/.cache`, { recursive: true })
  const file = `${root}/packages/effect/.cache/readme.ts`
  writeFileSync(file, program.replace("5300", "5301"))

  const { config } = ts.readConfigFile(`${root}/tsconfig.test.json`, ts.sys.readFile)
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [] }, ts.sys, root)
  // The types tier checks the sources that it imports.
  const compiled = ts.createProgram([file], options)
  const diagnostics = ts.getPreEmitDiagnostics(compiled, compiled.getSourceFile(file))
  expect(diagnostics.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"))).toEqual([])

  await start(file, /listening/)
  expect(await ask("127.0.0.2", 5301)).toEqual({ answer: "hello", from: "127.0.0.2:5301" })
})
