/** The findings of a probe on Linux, with privileges and without. */
import { LinuxSockets } from "@ancillary/effect3/node"
import { Capabilities } from "@ancillary/effect3"
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { hasIpv6, requirement } from "../../testing/machine.ts"
import { bundled, ended } from "../../testing/program.ts"
import { sockets, socketsAre } from "./process.ts"

const told = (answer: Capabilities.Answer["answer"], why = "", code?: string) => ({ answer, code, why })
const supported = told("supported")

describe.runIf(hasIpv6())("a probe on Linux", () => {
  it.live("finds messages that arrive, that may be missing, and that the platform lacks", () =>
    Effect.gen(function* () {
      const before = sockets()
      const { findings } = yield* Capabilities.probe()
      // A descriptor that the probe was sent and did not take is closed off the event loop.
      yield* socketsAre(before)
      const found = (key: string, family: string) => findings.find((one) => one.key === key && one.family === family)
      for (const family of ["ipv4", "ipv6"]) {
        expect(found("hopLimit", family)).toMatchObject({ received: supported, sent: supported })
        expect(found("dropCount", family)).toMatchObject({
          received: told("accepted", "it does not come with every datagram"),
          sent: told("absent", "it is only received")
        })
      }
      expect(found("timestamp", "unix")).toMatchObject({ received: supported })
      expect(found("routingHeader", "ipv6")).toMatchObject({
        received: { answer: "accepted" },
        sent: { answer: "absent" }
      })
      expect(found("nextHop", "ipv6")).toMatchObject({ received: { answer: "absent" }, sent: { answer: "absent" } })
    }).pipe(Effect.provide(LinuxSockets.layer))
  )

  const root = requirement("what is allowed to the privileged", process.getuid?.() === 0, "Run as root")
  it.live.runIf(root)("finds messages that require a privilege supported if the process has it", () =>
    Effect.gen(function* () {
      const { findings } = yield* Capabilities.probe()
      for (const { received, sent } of findings.filter(({ key }) => key.endsWith("Options") && key !== "ipOptions"))
        expect([received, sent]).toEqual([supported, supported])
    }).pipe(Effect.provide(LinuxSockets.layer))
  )

  it("finds messages that require a privilege refused without it, and prints it", async () => {
    const { stdout } = await ended([process.execPath, bundled(new URL("children/probe.ts", import.meta.url))])
    const { findings, table } = JSON.parse(stdout) as {
      readonly findings: ReadonlyArray<Capabilities.Finding>
      readonly table: string
    }
    for (const key of ["destinationOptions", "hopByHopOptions"]) {
      const { sent } = findings.find((one) => one.key === key) ?? {}
      expect(sent).toEqual({ answer: "refused", code: "EPERM", why: "a privilege is missing" })
      expect(table).toMatch(new RegExp(`^${key} +ipv6 +sent +refused, EPERM +a privilege is missing$`, "m"))
    }
    expect(findings.find(({ key }) => key === "hopLimit")).toMatchObject({ sent: { answer: "supported" } })
  })
})
