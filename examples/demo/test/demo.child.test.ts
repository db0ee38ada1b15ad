import { onPath, requirement } from "../../../packages/testing/machine.ts"
import { ended } from "../../../packages/testing/program.ts"
import { expect, it } from "vitest"

const demo = (script: string) => ended(["npm", "run", "--silent", script])

it("npm run demo prints its observations and exits with 0", async () => {
  const { status, stderr, stdout } = await demo("demo")
  expect(stderr).toBe("")
  expect(stdout).toContain("  asked at: 127.0.0.2\n")
  expect(stdout).toContain("  hop limit, set for this datagram: 7\n")
  expect(stdout).toMatch(/ {2}from the address that was asked: 127\.0\.0\.2:\d+\n/)
  expect(stdout).toContain("  control.hopLimit: 256 is not a hop limit: an integer from 1 to 255. Nothing was sent.\n")
  expect(stdout).toContain("\nEverything observed is what was declared.\n")
  expect(status).toBe(0)
})

const wine = requirement(
  "the demo on Winsock",
  onPath("wine64") || onPath("wine"),
  "apt-get install -y --no-install-recommends wine wine64"
)
it.runIf(wine)("npm run demo:winsock prints the control messages of WSARecvMsg", async () => {
  const { status, stdout } = await demo("demo:winsock")
  expect(stdout).toContain("ipv4 on winsock-x64: ")
  expect(stdout).toContain("  asked at: 127.0.0.2\n")
  expect(stdout).toContain(
    "  hop limit, set for this datagram: 64, where 7 was asked: Wine ignores control data that is sent\n"
  )
  expect(stdout).toContain("\nEverything observed is what was declared, but for what Wine ignores.\n")
  expect(status).toBe(0)
})
