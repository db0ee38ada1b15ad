/** The page and the exporter, while real datagrams flow: their numbers are those of the datagrams that were sent. */
import { spawn } from "node:child_process"
import { createSocket } from "node:dgram"
import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { expect, it, onTestFinished } from "vitest"
import { bundled } from "../../../packages/testing/program.ts"

interface Point {
  readonly asDouble?: number
  readonly asInt?: number | string
  readonly attributes: ReadonlyArray<{ readonly key: string; readonly value: { readonly stringValue?: string } }>
}
interface Body {
  readonly resourceMetrics?: ReadonlyArray<{
    readonly scopeMetrics: ReadonlyArray<{
      readonly metrics: ReadonlyArray<{
        readonly name: string
        readonly sum?: { readonly dataPoints: ReadonlyArray<Point> }
      }>
    }>
  }>
  readonly resourceSpans?: ReadonlyArray<{
    readonly scopeSpans: ReadonlyArray<{ readonly spans: ReadonlyArray<{ readonly name: string }> }>
  }>
}

/** A collector of OpenTelemetry over HTTP and JSON, which keeps the last metrics and all spans. */
const collector = async () => {
  const seen = { metrics: new Map<string, number>(), spans: [] as Array<string>, text: "" }
  const server = createServer((request, response) => {
    let text = ""
    request.setEncoding("utf8").on("data", (part) => (text += String(part)))
    request.on("end", () => {
      seen.text += text
      const { resourceMetrics = [], resourceSpans = [] } = JSON.parse(text) as Body
      for (const { name, sum } of resourceMetrics.flatMap((each) =>
        each.scopeMetrics.flatMap(({ metrics }) => metrics)
      ))
        for (const { asDouble, asInt, attributes } of sum?.dataPoints ?? []) {
          const end = attributes.find(({ key }) => key === "end" || key === "decision")?.value.stringValue ?? ""
          seen.metrics.set(`${name} ${end}`, Number(asDouble ?? asInt))
        }
      for (const { spans } of resourceSpans.flatMap((each) => each.scopeSpans))
        seen.spans.push(...spans.map(({ name }) => name))
      response.end("{}")
    })
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  onTestFinished(() => void server.close())
  return { seen, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

/** Starts the example, and returns its output so far and its process. */
const start = async (env: NodeJS.ProcessEnv) => {
  const child = spawn(process.execPath, [bundled(new URL("../src/main.ts", import.meta.url))], {
    env: { ...process.env, ...env }
  })
  onTestFinished(() => void child.kill("SIGKILL"))
  let output = ""
  const page = await new Promise<string>((resolve, reject) => {
    const read = (chunk: unknown) => {
      output += String(chunk)
      const url = /http:\S+\/metrics/.exec(output)?.[0]
      if (url !== undefined) resolve(url)
    }
    child.stdout.on("data", read)
    child.stderr.on("data", read)
    child.on("exit", () => reject(new Error(`it ended before it was ready:\n${output}`)))
  })
  return { child, page }
}

/** The numbers of a page by name and label, without the label of the server. */
const numbersOf = (page: string): ReadonlyMap<string, number> =>
  new Map(
    Array.from(page.matchAll(/^(\w+)\{(.*)\} (\S+)$/gm), ([, name = "", labels = "", value = ""]) => [
      `${name} ${labels
        .split(",")
        .filter((label) => label !== 'server="echo"')
        .map((label) => /"(.*)"/.exec(label)?.[1] ?? "")
        .join()}`,
      Number(value)
    ])
  )

const sum = (numbers: ReadonlyMap<string, number>, name: string): number =>
  [...numbers].reduce((total, [key, value]) => (key.startsWith(`${name} `) ? total + value : total), 0)

it("the page and the collector have the numbers of the datagrams that were sent", async () => {
  const { seen, url } = await collector()
  const port = 5317
  const { child, page } = await start({ PORT: String(port), METRICS_PORT: "0", OTLP: url })
  const socket = createSocket("udp4")
  onTestFinished(() => void socket.close())
  const read = async () => numbersOf(await (await fetch(page)).text())
  const readUntil = async (isReady: (numbers: ReadonlyMap<string, number>) => boolean) => {
    for (;;) {
      const numbers = await read()
      if (isReady(numbers)) return numbers
    }
  }

  let answers = 0
  socket.on("message", () => answers++)
  const sent = { echo: 200, failing: 20, slow: 30 }
  const secret = "a secret of a peer"
  for (let i = 0; i < sent.echo; i++) {
    socket.send(secret, port, "127.0.0.1")
    // No more than the handlers that may run.
    if (i % 10 === 9) await readUntil((numbers) => sum(numbers, "datagram_handlers") > i)
  }
  for (let i = 1; i <= sent.failing; i++) {
    socket.send("f", port, "127.0.0.1")
    if (i % 10 === 0) await readUntil((numbers) => (numbers.get("datagram_handlers failed") ?? 0) >= i)
  }
  for (let i = 0; i < sent.slow; i++) socket.send("s", port, "127.0.0.1")
  const total = sent.echo + sent.failing + sent.slow
  const numbers = await readUntil(
    (numbers) => sum(numbers, "datagram_received") === total && numbers.get("datagram_handlers_running ") === 0
  )

  expect(sum(numbers, "datagram_received_ends")).toBe(total)
  expect(sum(numbers, "datagram_served")).toBe(total)
  expect(numbers.get("datagram_handlers succeeded")).toBe(sent.echo)
  expect(numbers.get("datagram_handlers failed")).toBe(sent.failing)
  const late = numbers.get("datagram_handlers timed_out") ?? 0
  expect(late).toBeGreaterThan(0)
  expect(late + (numbers.get("datagram_served overflow") ?? 0)).toBe(sent.slow)
  expect(numbers.get("datagram_sent ")).toBe(sent.echo)
  expect(numbers.get("datagram_kernel_drops ")).toBe(0)
  expect(numbers.get("datagram_handler_seconds_count ")).toBe(total - (numbers.get("datagram_served overflow") ?? 0))

  // The last metrics and spans are sent when it ends.
  child.kill("SIGTERM")
  await once(child, "exit")
  expect(seen.metrics.get("datagram_received ")).toBe(total)
  expect(seen.metrics.get("datagram_handlers succeeded")).toBe(sent.echo)
  expect(seen.spans.filter((name) => name === "DatagramServer.handle")).toHaveLength(
    numbers.get("datagram_handler_seconds_count ") ?? -1
  )
  expect(seen.spans).toContain("DatagramServer.serve")
  expect(seen.text).not.toContain(secret)
})
