/**
 * What a probe finds on Wine: what it delivers, what it refuses, and that it passes over all control data that is sent.
 */
import { Capabilities } from "@ancillary/effect3"
import { WinsockSockets } from "@ancillary/effect3/node"
import { expect, it } from "@effect/vitest"
import { Effect } from "effect"

it.live("a probe on Wine tells what arrives, what is refused, and that what is sent is ignored", () =>
  Effect.gen(function* () {
    const { findings } = yield* Capabilities.probe()
    const found = (key: string, family: string) => findings.find((one) => one.key === key && one.family === family)
    const unknown = { answer: "refused", code: "WSAENOPROTOOPT", why: "so says setsockopt" }
    expect(found("originalArrivalInterface", "ipv4")?.received).toEqual(unknown)
    expect(found("routingHeader", "ipv6")?.received).toEqual(unknown)
    for (const family of ["ipv4", "ipv6"]) {
      expect(found("hopLimit", family)).toMatchObject({
        received: { answer: "supported" },
        sent: { answer: "ignored", why: "it did not arrive as it was sent" }
      })
      expect(found("pktInfo", family)).toMatchObject({
        received: { answer: "supported" },
        sent: { answer: "ignored", why: "this system takes any control data, also what no system has" }
      })
      expect(found("dropCount", family)?.received).toEqual({
        answer: "absent",
        code: undefined,
        why: "only Linux reports the number of datagrams that a socket has dropped"
      })
    }
    // Nothing that is sent is looked at, whatever it is.
    const sent = findings.map(({ sent }) => sent.answer)
    expect(sent.filter((answer) => answer !== "absent" && answer !== "ignored")).toEqual([])
  }).pipe(Effect.provide(WinsockSockets.layer))
)
