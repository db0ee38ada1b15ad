import { setTimeout } from "node:timers/promises"
import { Datagram, HostName } from "@ancillary/socket"
import { exchange, type Exchange, type Measurement, spec } from "./exchange.ts"

/** A public server takes it ill if it is asked more often than once in two seconds. */
const [host = "pool.ntp.org", port = "123", seconds = "2"] = process.argv.slice(2)
const count = 5

/** Nanoseconds, as microseconds. */
const micro = (time: bigint, digits = 1): string => `${(Number(time) / 1000).toFixed(digits)} µs`
const row = (...cells: ReadonlyArray<string>): string =>
  cells
    .map((cell) => cell.padEnd(22))
    .join("")
    .trimEnd()
const measured = (name: string, { delay, offset }: Measurement): string =>
  row(name, `${offset < 0n ? "" : "+"}${micro(offset)}`, micro(delay), micro(delay / 2n))

const [at] = await HostName.resolve("dual", { host, port: Number(port) })
await using socket = await Datagram.connect(spec, at)

const exchanges: Array<Exchange> = []
for (let id = 1; id <= count; id++) {
  if (id > 1) await setTimeout(1000 * Number(seconds))
  const result = await exchange(socket, id, AbortSignal.timeout(5000))
  if (result.kind === "refusal") {
    console.error(`${at} refused: ${result.code}`)
    process.exit(1)
  }
  exchanges.push(result)
}

// The shortest delay has the smallest error: RFC 5905, section 10.
const best = exchanges.reduce((a, b) => ((b.kernel ?? b.program).delay < (a.kernel ?? a.program).delay ? b : a))
const { answer, kernel, program } = best
console.log(`server ${at}, stratum ${answer.stratum}, its own error at most ${micro(answer.rootDistance)}`)
console.log(row("clock", "offset", "delay", "error at most"))
console.log(measured("program", program))
if (kernel === undefined) console.log("The kernel did not stamp both datagrams.")
else {
  console.log(measured("kernel", kernel))
  console.log(`The kernel's stamps remove ${micro(program.delay - kernel.delay)} of delay inside this host.`)
}
