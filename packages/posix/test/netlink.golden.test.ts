/** The golden bytes of Netlink messages, made again by the C program (golden/netlink.c). */
import { execFileSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { expect, it, onTestFinished } from "vitest"
import { onPath, requirement } from "../../testing/machine.ts"

const file = (name: string) => fileURLToPath(new URL(`golden/${name}`, import.meta.url))
const text = readFileSync(file("netlink.txt"), "utf8")

it.runIf(requirement("a C compiler", onPath("cc"), "apt-get install -y gcc libc6-dev linux-libc-dev"))(
  "the golden bytes are those of the C program",
  () => {
    const folder = mkdtempSync(join(tmpdir(), "ancillary-netlink-"))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    execFileSync("cc", ["-Wall", "-Werror", "-o", join(folder, "netlink"), file("netlink.c")])
    expect(execFileSync(join(folder, "netlink"), { encoding: "utf8" })).toBe(text)
  }
)
