/** The client against chronyd on another host, which has the clock of this machine, or a clock that is ahead by five seconds. */
import { spawn } from "node:child_process"
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest"
import { cable, canMakeNamespaces, hosts } from "../../../packages/posix/test/namespaces/network.ts"
import { onPath, requirement } from "../../../packages/testing/machine.ts"
import { bundled, ended } from "../../../packages/testing/program.ts"

/** Debian's folder of libfaketime. */
const faketime = `/usr/lib/${process.arch === "arm64" ? "aarch64" : "x86_64"}-linux-gnu/faketime/libfaketimeMT.so.1`

const able = requirement(
  "the NTP example",
  onPath("ip") && onPath("chronyd") && existsSync(faketime) && canMakeNamespaces(),
  "Run as root, with apt-get install -y iproute2 procps chrony libfaketime"
)

describe.runIf(able)("the NTP example against chronyd", () => {
  const make = () =>
    hosts(["clock", "client"], ({ client, clock }) =>
      cable(
        { host: clock, device: "sA", addresses: ["10.77.1.1/24", "fd77::1/64"] },
        { host: client, device: "cA", addresses: ["10.77.1.2/24", "fd77::2/64"] }
      )
    )
  let network: ReturnType<typeof make>
  beforeAll(() => void (network = make()))
  afterAll(() => network.remove())

  /** Starts chronyd without control of the clock. */
  const serveTime = async (env: NodeJS.ProcessEnv = {}, ...settings: ReadonlyArray<string>) => {
    const folder = mkdtempSync(join(tmpdir(), "ancillary-ntp-"))
    const lines = ["allow all", "cmdport 0", `pidfile ${folder}/pid`, `bindcmdaddress ${folder}/sock`, ...settings]
    writeFileSync(`${folder}/conf`, lines.join("\n"))
    const words = ["netns", "exec", network.clock, "chronyd", "-x", "-d", "-u", "root", "-f", `${folder}/conf`]
    const chronyd = spawn("ip", words, { stdio: ["ignore", "ignore", "pipe"], env: { ...process.env, ...env } })
    onTestFinished(async () => {
      const gone = new Promise((resolve) => chronyd.on("exit", resolve))
      chronyd.kill("SIGKILL")
      await gone
      rmSync(folder, { recursive: true })
    })
    for await (const line of chronyd.stderr) if (String(line).includes("privileges")) break
  }

  const program = bundled(new URL("../src/main.ts", import.meta.url))
  const ask = (server: string) =>
    ended(["ip", "netns", "exec", network.client, process.execPath, program, server, "123", "0.05"])

  /** Offset, delay and error of a line, in nanoseconds. */
  const numbers = (output: string, clock: string): ReadonlyArray<number> => {
    const line = output.split("\n").find((line) => line.startsWith(clock)) ?? ""
    return Array.from(line.matchAll(/([+-]?[\d.]+) µs/g), ([, number]) => Math.round(Number(number) * 1000))
  }

  /** Rounding of the output, and the precision with which chronyd reads its clock. */
  const tolerance = 500

  it.each(["10.77.1.1", "fd77::1"])("%s has the same clock: the error is within its limits", async (server) => {
    await serveTime({}, "local stratum 3")
    const { status, stderr, stdout } = await ask(server)
    expect([status, stderr]).toEqual([0, ""])
    expect(stdout).toContain("stratum 3")
    const [program, kernel] = [numbers(stdout, "program"), numbers(stdout, "kernel")]
    for (const [offset = NaN, delay = NaN, error = NaN] of [program, kernel]) {
      expect(Math.abs(offset)).toBeLessThanOrEqual(error + tolerance)
      expect(Math.abs(error - delay / 2)).toBeLessThanOrEqual(tolerance)
    }
    // The kernel's stamps lie between those of the program.
    expect(kernel[1]).toBeLessThan(program[1] ?? NaN)
  })

  it("a server that is ahead by five seconds is measured within the limits", async () => {
    await serveTime({ LD_PRELOAD: faketime, FAKETIME: "+5s" }, "local stratum 1")
    const { stdout } = await ask("10.77.1.1")
    for (const clock of ["program", "kernel"]) {
      const [offset = NaN, , error = NaN] = numbers(stdout, clock)
      expect(Math.abs(offset - 5e9)).toBeLessThanOrEqual(error + tolerance)
    }
  })

  it("a server without a source of time refuses, and the client ends with its reason", async () => {
    await serveTime()
    const { status, stderr } = await ask("10.77.1.1")
    expect([status, stderr]).toEqual([1, "10.77.1.1:123 refused: unsynchronized\n"])
  })
})
