/** CommonJS programs: most of those that use `node:dgram` today. */
import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { expect, it } from "vitest"
import { build } from "../../testing/built.ts"

const run = promisify(execFile)
const cwd = fileURLToPath(new URL("..", import.meta.url))

const program = `
  const dgram = require("@ancillary/dgram")
  const socket = dgram.createSocket("udp4", (data, { localAddress }) => {
    console.log(String(data), localAddress)
    socket.close()
  })
  socket.bindSync({ port: 0, address: "127.0.0.1" })
  socket.send("required", socket.address().port, "127.0.0.1")
`

it("require returns the module, and a socket can be bound in the same turn", async () => {
  await build()
  const { stdout } = await run(process.execPath, ["-e", program], { cwd })
  expect(stdout).toBe("required 127.0.0.1\n")
})
