/** Processes that end while a socket of theirs is reported, with libuv called directly and with koffi's poll. */
import { expect, it } from "vitest"
import { bundled, ended } from "../../testing/program.ts"

const program = new URL("children/ending.ts", import.meta.url)

it.each([
  ["process.exit in a timer", "exit"],
  ["process.exit in the callback of a datagram", "report"],
  ["an uncaught exception", "throw"],
  ["an unhandled rejection", "reject"]
])("a process that ends by %s does not crash", async (_, way) => {
  for (let i = 0; i < 3; i++) {
    const { signal, status } = await ended([process.execPath, bundled(program), way], {
      stdio: ["ignore", "pipe", "pipe"]
    })
    expect({ signal, status }).toEqual({ signal: null, status: 7 })
  }
})

it("a runtime with another event loop keeps koffi's poll, and datagrams are reported", async () => {
  const electron = "Object.defineProperty(process, 'versions', { value: { ...process.versions, electron: '1' } })"
  const command = [process.execPath, "--import", `data:text/javascript,${electron}`, bundled(program), "report"]
  const { signal, status } = await ended(command, { stdio: ["ignore", "pipe", "pipe"] })
  expect({ signal, status }).toEqual({ signal: null, status: 7 })
})
