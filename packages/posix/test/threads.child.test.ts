/** Threads that end while a socket of theirs waits. */
import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"

const child = fileURLToPath(new URL("children/threads.ts", import.meta.url))

/** How a process ends whose threads end that way. */
const run = (node: string, way: string, count: number) =>
  new Promise((resolve) => {
    const words = ["--import", "tsx", "-C", "@ancillary/source", child, way, String(count)]
    const running = spawn(node, words, { stdio: ["ignore", "pipe", "inherit"] })
    let text = ""
    running.stdout.on("data", (data) => (text += String(data)))
    running.on("close", (status, signal) => resolve({ signal, status, text: text.trim() }))
  })

/** Other Nodes than this one by ANCILLARY_NODES: paths between colons. */
const nodes = [process.execPath, ...(process.env["ANCILLARY_NODES"] ?? "").split(":").filter((path) => path !== "")]

describe.each(nodes)("threads of %s that end while a socket waits", (node) => {
  it.each(["terminate", "flood", "exit", "throw", "return"])("do not end the process: %s", async (way) => {
    expect(await run(node, way, 3)).toEqual({ signal: null, status: 0, text: "3 ended" })
  })
  it("do not crash it at the end of the program", async () => {
    expect(await run(node, "program", 1)).toEqual({ signal: null, status: 0, text: "end of the program" })
  })
})
