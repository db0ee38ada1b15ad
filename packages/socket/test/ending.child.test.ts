/** A wait that has ended does not keep the process running, although its socket is open. */
import { expect, it } from "vitest"
import { bundled, ended } from "../../testing/program.ts"

it.each(["receive", "receiveWithin", "receiveBatch", "forEach", "datagrams", "return", "events", "serveOn", "send"])(
  "a process ends if its wait in %s has ended",
  async (name) => {
    const program = bundled(new URL("children/ending.ts", import.meta.url))
    const { signal, status, stderr } = await ended([process.execPath, program, name])
    expect({ signal, status, stderr }).toEqual({ signal: null, status: 0, stderr: "" })
  }
)
