/**
 * The findings of a probe on Wine: delivered and refused messages. It ignores all sent control data.
 */
import { Capabilities } from "@ancillary/effect3"
import { WinsockSockets } from "@ancillary/effect3/node"
import { expect, it } from "@effect/vitest"
import { Effect } from "effect"

it.live("a probe on Wine finds received, refused and ignored messages", () =>
  Effect.gen(function* () {
    const { findings } = yield* Capabilities.probe()
    const found = (key: string, family: string) => findings.find((one) => one.key === key && one.family === family)
    const unknown = { answer: "refused", code: "WSAENOPROTOOPT", why: "reported by setsockopt" }
    expect(found("originalArrivalInterface", "ipv4")?.received).toEqual(unknown)
    expect(found("routingHeader", "ipv6")?.received).toEqual(unknown)
    for (const family of ["ipv4", "ipv6"]) {
      expect(found("hopLimit", family)).toMatchObject({
        received: { answer: "supported" },
        sent: { answer: "ignored", why: "it did not arrive as it was sent" }
      })
      expect(found("pktInfo", family)).toMatchObject({
        received: { answer: "supported" },
        sent: { answer: "ignored", why: "this system accepts any control data, even invalid data" }
      })
      expect(found("dropCount", family)?.received).toEqual({
        answer: "absent",
        code: undefined,
        why: "only Linux reports the number of datagrams that a socket has dropped"
      })
    }
    // All sent control data is ignored.
    const sent = findings.map(({ sent }) => sent.answer)
    expect(sent.filter((answer) => answer !== "absent" && answer !== "ignored")).toEqual([])
  }).pipe(Effect.provide(WinsockSockets.layer))
)
