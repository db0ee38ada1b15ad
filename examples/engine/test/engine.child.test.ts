import { spawn } from "node:child_process"
import { createSocket } from "node:dgram"
import { once } from "node:events"
import { expect, it, onTestFinished } from "vitest"
import { bundled } from "../../../packages/testing/program.ts"

it("the engine's echo server prints each datagram, answers it, and ends by a signal", async () => {
  const child = spawn(process.execPath, [bundled(new URL("../src/main.ts", import.meta.url))], {
    stdio: ["ignore", "pipe", "inherit"]
  })
  onTestFinished(() => void child.kill("SIGKILL"))
  let output = ""
  child.stdout.on("data", (chunk) => (output += String(chunk)))
  const printed = async (line: string) => {
    while (!output.split("\n").includes(line)) await once(child.stdout, "data")
  }
  await printed("listening on 0.0.0.0:5303")

  const client = createSocket("udp4")
  onTestFinished(() => void client.close())
  client.bind(0, "127.0.0.1")
  await once(client, "listening")
  client.setTTL(7)
  const from = `127.0.0.1:${client.address().port}`
  for (const address of ["127.0.0.2", "127.0.0.1"]) {
    client.send("hello", 5303, address)
    const [answer, peer] = (await once(client, "message")) as [Buffer, { readonly address: string }]
    expect([answer.toString(), peer]).toEqual(["hello", expect.objectContaining({ address, port: 5303 })])
    await printed(`${from} asked ${address}, 7 hops left`)
  }

  const ended = once(child, "exit")
  child.kill("SIGINT")
  expect([await ended, output.split("\n").slice(-2)]).toEqual([
    [0, null],
    ["closed", ""]
  ])
})
