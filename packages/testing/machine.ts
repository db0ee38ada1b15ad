/**
 * What a test suite wants of the machine. A suite that cannot run is one printed line that says how to get what is missing; with
 * ANCILLARY_REQUIRE=all it is a failure.
 */
import { spawnSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { networkInterfaces } from "node:os"

/** Whether the machine has it: used with `it.runIf`, `describe.runIf`. */
export const requirement = (name: string, present: boolean, how: string): boolean => {
  if (present) return true
  const line = `not run here: ${name}. ${how}`
  if (process.env["ANCILLARY_REQUIRE"] === "all") throw new Error(line)
  process.stderr.write(`${line}\n`)
  return false
}

/** Whether the host has IPv6 on loopback, which some containers lack. */
export const hasIpv6 = (): boolean =>
  requirement(
    "IPv6",
    Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === "::1")),
    "Enable it: sysctl net.ipv6.conf.lo.disable_ipv6=0, or docker run --sysctl net.ipv6.conf.all.disable_ipv6=0"
  )

/** Whether a program is on the path. */
export const onPath = (program: string): boolean => spawnSync("sh", ["-c", `command -v ${program}`]).status === 0

const CAP_NET_RAW = 13n

/** Whether the kernel takes extension headers and raw packets of this process. */
export const hasRawPrivilege = (): boolean => {
  const [, effective = "0"] = /^CapEff:\s*(\w+)$/m.exec(statusOfProcess()) ?? []
  return requirement(
    "sending extension headers",
    ((BigInt(`0x${effective}`) >> CAP_NET_RAW) & 1n) === 1n,
    "Run as root, or grant CAP_NET_RAW"
  )
}

const statusOfProcess = (): string => {
  try {
    return readFileSync("/proc/self/status", "utf8")
  } catch {
    return ""
  }
}
