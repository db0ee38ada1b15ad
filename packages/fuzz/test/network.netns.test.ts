/** Random programs of system calls on the kernel and on the network in memory, in a namespace of their own. */
import { spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"
import { onPath, requirement } from "../../testing/machine.ts"

const runnable = requirement(
  "the programs on kernel and memory",
  onPath("ip") && onPath("nsenter") && spawnSync("unshare", ["-n", "true"]).status === 0,
  "apt-get install iproute2, and run as root, which may have a network of its own"
)

const pathOf = (file: string): string => fileURLToPath(new URL(file, import.meta.url))

const run = (file: string, ...options: ReadonlyArray<string>): string => {
  const node = [process.execPath, "-C", "@ancillary/source", "--import", "tsx", pathOf(file), ...options]
  const { stderr, stdout } = spawnSync("unshare", ["-n", "sh", pathOf("namespace.sh"), ...node], { encoding: "utf8" })
  return `${stdout}${stderr}`
}

describe.runIf(runnable)("random programs on the kernel and in memory", () => {
  it("10,000 programs: each call has the same result on both", { timeout: 600_000 }, () => {
    const told = run("../src/main.ts", "--only", "network", "--count", "10000", "--seed", "1")
    expect(told).toContain("network: 10000 of 10000, 0 differences")
    expect(told).toContain("No difference.")
  })

  it("a wrong bit of a received payload is a difference", { timeout: 120_000 }, () => {
    expect(run("children/network.ts")).toMatch(/"call":"(receive|errors)".*\n.*in memory: /)
  })
})
