/** Random programs of system calls on the kernel and on the network in memory, in a namespace of their own. */
import { spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"
import { onPath, requirement } from "../../testing/machine.ts"
import { ended } from "../../testing/program.ts"

const runnable = requirement(
  "the programs on kernel and memory",
  onPath("ip") && onPath("nsenter") && spawnSync("unshare", ["-n", "true"]).status === 0,
  "apt-get install iproute2, and run as root, which may have a network of its own"
)

const pathOf = (file: string): string => fileURLToPath(new URL(file, import.meta.url))

const run = async (file: string, ...options: ReadonlyArray<string>): Promise<string> => {
  const node = [process.execPath, "-C", "@ancillary/source", "--import", "tsx", pathOf(file), ...options]
  const { stderr, stdout } = await ended(["unshare", "-n", "sh", pathOf("namespace.sh"), ...node])
  return `${stdout}${stderr}`
}

describe.runIf(runnable)("random programs on the kernel and in memory", () => {
  it("10,000 programs: each call has the same result on both", async () => {
    const printed = await run("../src/main.ts", "--only", "network", "--count", "10000", "--seed", "1")
    expect(printed).toContain("network: 10000 of 10000, 0 differences")
    expect(printed).toContain("No difference.")
  })

  it("a wrong bit of a received payload is a difference", async () => {
    expect(await run("children/network.ts")).toMatch(/"call":"(receive|errors)".*\n.*in memory: /)
  })
})
