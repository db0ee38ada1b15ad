/**
 * Requirements of a test suite. If a suite cannot run, it prints one line that explains how to get what is missing.
 * With ANCILLARY_REQUIRE=all that is a failure.
 */
import { spawnSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { networkInterfaces } from "node:os"

/** True if the machine meets the requirement. Use it with `it.runIf` and `describe.runIf`. */
export const requirement = (name: string, present: boolean, how: string): boolean => {
  if (present) return true
  const line = `not run here: ${name}. ${how}`
  if (process.env["ANCILLARY_REQUIRE"] === "all") throw new Error(line)
  process.stderr.write(`${line}\n`)
  return false
}

/** True if the host has IPv6 on loopback, which some containers lack. */
export const hasIpv6 = (): boolean =>
  requirement(
    "IPv6",
    Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === "::1")),
    "Enable it: sysctl net.ipv6.conf.lo.disable_ipv6=0, or docker run --sysctl net.ipv6.conf.all.disable_ipv6=0"
  )

/** True if a program is on the path. */
export const onPath = (program: string): boolean => spawnSync("sh", ["-c", `command -v ${program}`]).status === 0

const CAP_NET_RAW = 13n

/** True if the kernel accepts extension headers and raw packets from this process. */
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
