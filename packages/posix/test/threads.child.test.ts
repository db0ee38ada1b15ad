/** Threads that end while a socket of theirs waits. */
import { describe, expect, it } from "vitest"
import { bundled, ended } from "../../testing/program.ts"

const program = new URL("children/threads.ts", import.meta.url)

/** The exit of a process whose threads end in that way. */
const run = async (node: string, way: string, count: number) => {
  const stdio = ["ignore", "pipe", "inherit"] as const
  const { signal, status, stdout } = await ended([node, bundled(program), way, String(count)], { stdio: [...stdio] })
  return { signal, status, text: stdout.trim() }
}

/** Other versions of Node, from ANCILLARY_NODES: paths separated by colons. */
const nodes = [process.execPath, ...(process.env["ANCILLARY_NODES"] ?? "").split(":").filter((path) => path !== "")]

describe.each(nodes)("threads of %s that end while a socket waits", (node) => {
  it.each(["terminate", "flood", "exit", "throw", "return"])("do not end the process: %s", async (way) => {
    expect(await run(node, way, 3)).toEqual({ signal: null, status: 0, text: "3 ended" })
  })
  it("do not crash it at the end of the program", async () => {
    expect(await run(node, "program", 1)).toEqual({ signal: null, status: 0, text: "end of the program" })
  })
})
