/** A probe reports the same support of a driver as the rest of this suite shows. */
import { type Codec, define, type ControlMessage } from "@ancillary/control"
import { Capabilities } from "@ancillary/effect3"
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import type { Bench } from "./bench.ts"

export const probe = ({ driver, facts, layer, over }: Bench): void => {
  describe("probe", () => {
    const honoured = facts.sentControl === "honoured"

    it.scopedLive("every message of the library has an answer, and each was tried", () =>
      Effect.gen(function* () {
        const { abi, findings, toString } = yield* Capabilities.probe()
        expect(abi).toBe((yield* driver).abi.name)
        const here = findings.filter(({ family }) => family === "unix" || facts.families.includes(family))
        const untried = here.filter(({ received, sent }) => [received, sent].some(({ answer }) => answer === "untried"))
        expect(untried).toEqual([])
        for (const { key, received, sent } of here.filter(({ key }) => key in facts.lacks)) {
          const absent = { answer: "absent", code: undefined, why: facts.lacks[key] }
          expect([key, received, sent]).toEqual([key, absent, absent])
        }
        for (const { family, key } of here)
          expect(toString()).toMatch(new RegExp(`^${key} +${family} +(received|both ways) `, "m"))
      }).pipe(Effect.provide(layer))
    )

    for (const family of facts.families) {
      it.scopedLive(`${family}: received messages arrive, and sent ones are ${facts.sentControl}`, () =>
        Effect.gen(function* () {
          const { findings } = yield* Capabilities.probe()
          const found = (key: string) => findings.find((one) => one.key === key && one.family === family)
          for (const key of ["hopLimit", "ecn", "dscp"]) {
            expect(found(key)).toEqual({
              key,
              family,
              received: { answer: "supported", code: undefined, why: "" },
              sent: honoured
                ? { answer: "supported", code: undefined, why: "" }
                : { answer: "ignored", code: undefined, why: "it did not arrive as it was sent" }
            })
          }
          // No received datagram shows its source. Support is known because systems refuse a source that no host has.
          expect(found("pktInfo")).toMatchObject({
            received: { answer: "supported" },
            sent: { answer: honoured ? "accepted" : "ignored" }
          })
        }).pipe(Effect.provide(layer))
      )
    }

    it.scopedLive("a refusal has its code, and a missing privilege is reported as such", () => {
      let code = "ENOPROTOOPT"
      const onSetOption = () => ({ syscall: "setsockopt", code, errno: 1 })
      return Effect.gen(function* () {
        const refused = yield* Capabilities.probe([ttl])
        expect(refused.findings.map(({ received }) => received)).toEqual([
          { answer: "refused", code: "ENOPROTOOPT", why: "reported by setsockopt" }
        ])
        code = "EPERM"
        const forbidden = yield* Capabilities.probe([ttl])
        expect(forbidden.findings.map(({ received }) => received)).toEqual([
          { answer: "refused", code: "EPERM", why: "a privilege is missing" }
        ])
        // Sending needs no request.
        expect(forbidden.findings.map(({ sent }) => sent.answer)).toEqual([honoured ? "accepted" : "ignored"])
        expect(String(forbidden)).toMatch(/^ttl +ipv4 +received +refused, EPERM +a privilege is missing$/m)
      }).pipe(Effect.provide(over({ onSetOption })))
    })

    it.scopedLive("a required message that does not arrive is not supported", () =>
      Effect.gen(function* () {
        const { findings } = yield* Capabilities.probe([silent])
        expect(findings.map(({ received }) => received.answer)).toEqual(["ignored"])
        expect(findings[0]?.received.why).toContain("'silent'")
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive("its sockets are closed again", () => {
      let open = 0
      let most = 0
      return Effect.gen(function* () {
        yield* Capabilities.probe([ttl, silent])
        expect([open, most]).toEqual([0, 1])
      }).pipe(Effect.provide(over({ onOpen: () => void (most = Math.max(most, ++open)), onClose: () => void open-- })))
    })
  })
}

const int: Codec.Codec<number> = {
  size: 4,
  read: (view, at) => view.getInt32(at, true),
  write: (view, at, value) => {
    view.setInt32(at, value, true)
    return 4
  }
}

/** The IPv4 TTL, as a user-defined message. */
interface Ttl extends ControlMessage<"ttl", "ipv4"> {
  readonly received: { readonly ttl: number }
  readonly sendable: { readonly ttl?: number | undefined }
}
const row = (option: number, type: number) => ({
  ipv4: {
    request: [{ level: 0, option, value: 1 }],
    receive: [{ level: 0, type, payload: int }],
    send: { level: 0, type, payload: int }
  }
})
const ttl = define<Ttl>({
  key: "ttl",
  presence: "required",
  table: { linux: row(12, 2), winsock: row(21, 4), darwin: { ipv4: { unsupported: "not tried there" } } }
})

/** A message without a request, so that no kernel delivers it. */
interface Silent extends ControlMessage<"silent", "ipv4"> {
  readonly received: { readonly silent: number }
}
const never = { ipv4: { request: [], receive: [{ level: 0, type: 2, payload: int }] } }
const silent = define<Silent>({
  key: "silent",
  presence: "required",
  table: { linux: never, winsock: never, darwin: never }
})
