/** Groups: joined once, and left with the last holder. Invalid ones are refused before any system call. */
import { describe, expect, it } from "@effect/vitest"
import { Ipv4Address, Ipv6Address } from "@ancillary/control"
import { Datagram, type DatagramMembershipError } from "@ancillary/effect3"
import { Effect, Exit, Scope } from "effect"
import type { Bench } from "./bench.ts"

const loopbackIndex = 1
const groups = { ipv4: "239.77.1.2", ipv6: "ff15::7712" } as const
const sources = { ipv4: "192.0.2.1", ipv6: "2001:db8::1" } as const

export const memberships = ({ facts, over }: Bench): void => {
  /** Binds a socket for both families if the host has both, and records its calls after the bind. */
  const bench = <A, E>(
    body: (
      socket: Effect.Effect.Success<ReturnType<typeof Datagram.bind<"dual", never, never>>>,
      calls: () => ReadonlyArray<string>
    ) => Effect.Effect<A, E, Scope.Scope>
  ) => {
    const seen: Array<string> = []
    const hooks = { onSetOption: (level: number, option: number) => void seen.push(`${level}/${option}`) }
    return Effect.gen(function* () {
      const spec = facts.families.includes("ipv6") ? Datagram.dual : (Datagram.ipv4 as unknown as typeof Datagram.dual)
      const address = spec.family === "dual" ? "::" : "0.0.0.0"
      const socket = yield* Datagram.bind(spec, { address, port: 0 })
      seen.length = 0
      return yield* body(socket, () => seen.splice(0))
    }).pipe(Effect.provide(over(hooks)))
  }
  const described = ({ message, reason }: DatagramMembershipError) => [reason, message]

  describe("memberships", () => {
    for (const family of facts.families) {
      const group = groups[family]
      const known = facts.memberships.calls[family]

      it.scopedLive(`${family}: joined once and left with the last scope that holds it`, () =>
        bench((socket, calls) =>
          Effect.gen(function* () {
            const at = { interfaceIndex: loopbackIndex }
            if (typeof known === "string") {
              const error = yield* Effect.flip(socket.join(group, at))
              expect(error).toMatchObject({ reason: "InvalidArgument", code: known, syscall: "setsockopt", group })
              expect(error.message).toContain(`Joining ${group} on interface 1 failed (setsockopt: ${known} `)
              return
            }
            const [join, leave] = known
            const outer = yield* Scope.make()
            yield* Scope.extend(socket.join(group, at), outer)
            expect(calls()).toEqual(join)
            // The notation does not matter: an address and an index, in two forms.
            yield* Effect.scoped(socket.join(group, at))
            const again = family === "ipv6" ? Ipv6Address.of([0xff15, 0, 0, 0, 0, 0, 0, 0x7712], loopbackIndex) : group
            const inner = yield* Scope.make()
            yield* Scope.extend(socket.join(again, at), inner)
            yield* Scope.close(outer, Exit.void)
            expect(calls()).toEqual([])
            yield* Scope.close(inner, Exit.void)
            expect(calls()).toEqual([leave])
            yield* Effect.scoped(socket.join(group, at))
            expect(calls()).toEqual([...join, leave])
          })
        )
      )

      it.scopedLive(`${family}: single sources, and the refusal to restrict or extend a join`, () =>
        bench((socket, calls) =>
          Effect.gen(function* () {
            const at = { interfaceIndex: loopbackIndex }
            const source = sources[family]
            if (facts.memberships.sources !== undefined) {
              const error = yield* Effect.flip(socket.join(group, { ...at, source }))
              expect(error).toMatchObject({ reason: "Unsupported", code: facts.memberships.sources })
              return
            }
            yield* Effect.scoped(
              Effect.gen(function* () {
                yield* socket.join(group, { ...at, source })
                yield* socket.join(group, { ...at, source })
                const another = yield* Effect.flip(socket.join(group, at))
                expect(described(another)).toEqual([
                  "AlreadyJoined",
                  `${group} is joined from single sources: leave them first, or join the group on another socket.`
                ])
              })
            )
            expect(calls()).toHaveLength(2)
            yield* Effect.scoped(
              Effect.gen(function* () {
                yield* socket.join(group, at)
                const narrowed = yield* Effect.flip(socket.join(group, { source }))
                expect(narrowed.reason).toBe("AlreadyJoined")
                expect(narrowed.message).toContain("the system would narrow that to this one source")
                yield* Effect.scoped(Effect.zipRight(socket.block(group, source, at), socket.block(group, source, at)))
                expect(calls()).toHaveLength(3)
                yield* socket.block(group, source, at)
              })
            )
            // The source is unblocked, then the group is left.
            expect(calls()).toHaveLength(3)
            const blocked = yield* Effect.flip(socket.block(group, source, at))
            expect(described(blocked)).toEqual([
              "NotJoined",
              `${group} is not joined on that interface: join it first, then block sources in it.`
            ])
            expect(calls()).toEqual([])
          })
        )
      )
    }

    for (const family of facts.families) {
      const group = groups[family]
      const known = facts.memberships.calls[family]
      if (typeof known === "string") continue
      it.scopedLive(`${family}: leave ends a membership that scopes hold, and their ends change nothing`, () =>
        bench((socket, calls) =>
          Effect.gen(function* () {
            const at = { interfaceIndex: loopbackIndex }
            const [join, leave] = known
            const never = yield* Effect.flip(socket.leave(group, at))
            expect(never).toMatchObject({ _tag: "DatagramMembershipError", reason: "NotJoined", group })
            expect(never.message).toMatch(
              new RegExp(
                `^Leaving ${group} on interface 1 failed .* This socket has not joined the group there\\. Give`
              )
            )
            calls()
            const scope = yield* Scope.make()
            yield* Scope.extend(socket.join(group, at), scope)
            yield* Scope.extend(socket.join(group, at), scope)
            yield* socket.leave(group, at)
            // This is another membership.
            yield* socket.join(group, at)
            yield* Scope.close(scope, Exit.void)
            expect(calls()).toEqual([...join, leave, ...join])
            yield* socket.leave(group, at)
            expect(calls()).toEqual([leave])
            if (facts.memberships.sources !== undefined) return
            for (const source of [sources[family], family === "ipv4" ? "192.0.2.2" : "2001:db8::2"])
              yield* socket.join(group, { ...at, source })
            yield* socket.leave(group, { ...at, source: sources[family] })
            const again = yield* Effect.flip(socket.leave(group, { ...at, source: sources[family] }))
            expect(again.reason).toBe("NotJoined")
            // Leaves the whole group, with the source that remains.
            yield* socket.leave(group, at)
            expect((yield* Effect.flip(socket.leave(group, at))).reason).toBe("NotJoined")
          })
        )
      )
    }

    it.scopedLive("values that throw or are false are typed errors of join, block and leave", () =>
      bench((socket, calls) =>
        Effect.gen(function* () {
          const throwing = new Proxy(
            {},
            {
              get: () => {
                throw new Error("read")
              },
              getPrototypeOf: () => {
                throw new Error("asked")
              }
            }
          )
          const lying: ReadonlyArray<unknown> = [
            { malformed: 1 },
            { family: "ipv4", isMulticast: true },
            throwing,
            null,
            Symbol("group"),
            () => groups.ipv4
          ]
          for (const value of lying) {
            const text = value as string
            const attempts = [
              socket.join(text),
              socket.join(groups.ipv4, { source: text }),
              socket.block(text, sources.ipv4),
              socket.block(groups.ipv4, text),
              socket.leave(text),
              socket.leave(groups.ipv4, { interfaceIndex: value as number })
            ]
            for (const attempt of attempts) {
              const { _tag, message, reason } = yield* Effect.flip(attempt)
              expect([_tag, reason]).toEqual(["DatagramMembershipError", "InvalidArgument"])
              expect(message).toMatch(/[^.][.]$/)
            }
          }
          for (const value of [null, 7, "lo", throwing]) {
            const options = value as { readonly source?: string }
            for (const attempt of [socket.join(groups.ipv4, options), socket.leave(groups.ipv4, options)])
              expect((yield* Effect.flip(attempt)).reason).toBe("InvalidArgument")
          }
          expect(calls()).toEqual([])
        })
      )
    )

    it.scopedLive("an invalid join fails with the exact reason, and without a system call", () =>
      bench((socket, calls) =>
        Effect.gen(function* () {
          const join = (group: unknown, options?: object) => socket.join(group as string, options)
          const group = groups.ipv4
          const cases = [
            [
              join("192.0.2.1"),
              "192.0.2.1 is no group: those are 224.0.0.0 to 239.255.255.255, and addresses of ff00::/8."
            ],
            [
              join("255.255.255.255"),
              "255.255.255.255 is no group: those are 224.0.0.0 to 239.255.255.255, and addresses of ff00::/8."
            ],
            [join("all-hosts"), "'all-hosts' does not have the four parts of an IPv4 address."],
            [join(undefined), "undefined is not an IP address."],
            [join(group, { source: "239.1.1.1" }), "239.1.1.1 cannot be a source: give a unicast address."],
            [join(group, { source: "0.0.0.0" }), "0.0.0.0 cannot be a source: give a unicast address."],
            [join(group, { source: null }), "null is not an IP address."],
            [join(group, { interfaceIndex: 0 }), "0 is not the index of an interface: an integer from 1."],
            [join(group, { interfaceIndex: "lo" }), "'lo' is not the index of an interface: an integer from 1."],
            [socket.block(group, undefined as unknown as string), "undefined is not an IP address."]
          ] as const
          for (const [attempt, message] of cases)
            expect(described(yield* Effect.flip(attempt))).toEqual(["InvalidArgument", message])
          const nowhere = yield* Effect.flip(socket.join(Ipv4Address.of(239, 77, 1, 2), { interfaceIndex: 9_999_999 }))
          expect(nowhere).toMatchObject({ reason: "NoSuchInterface", code: "INVALID", group })
          expect(nowhere.message).toMatch(/^There is no interface 9999999: this host has .*\b1 \(.+\)/)
          if (facts.families.includes("ipv6")) {
            const zoned = yield* Effect.flip(socket.join("ff02::7712%1", { interfaceIndex: 2 }))
            expect(zoned.message).toBe("ff02::7712%1 names interface 1, and interfaceIndex 2: give one of them.")
            const mixed = yield* Effect.flip(socket.join(group, { source: "2001:db8::1" }))
            expect(mixed.message).toBe("The source 2001:db8::1 is of another address family than the group 239.77.1.2.")
          }
          expect(calls()).toEqual([])
        })
      )
    )

    it.scopedLive("a group of the other family", () =>
      Effect.gen(function* () {
        const four = yield* Datagram.bind(Datagram.ipv4, { address: "0.0.0.0", port: 0 })
        const error = yield* Effect.flip(four.join(groups.ipv6))
        expect(described(error)).toEqual([
          "InvalidArgument",
          "ff15::7712 is an IPv6 address, this socket speaks IPv4 only."
        ])
        if (!facts.families.includes("ipv6")) return
        const six = yield* Datagram.bind(Datagram.ipv6, { address: "::", port: 0 })
        expect((yield* Effect.flip(six.join(groups.ipv4))).message).toBe(
          "239.77.1.2 is an IPv4 address, this socket speaks IPv6 only."
        )
      }).pipe(Effect.provide(over({})))
    )

    it.scopedLive("after its scope a socket joins nothing, and leaving is not an error", () =>
      Effect.gen(function* () {
        const family = facts.families.includes("ipv6") ? "ipv6" : "ipv4"
        const spec = (family === "ipv6" ? Datagram.ipv6 : Datagram.ipv4) as typeof Datagram.ipv4
        const scope = yield* Scope.make()
        const socket = yield* Scope.extend(
          Datagram.bind(spec, { address: family === "ipv6" ? "::" : "0.0.0.0", port: 0 }),
          scope
        )
        if (typeof facts.memberships.calls[family] !== "string")
          yield* socket.join(groups[family], { interfaceIndex: loopbackIndex })
        yield* Scope.close(scope, Exit.void)
        const error = yield* Effect.flip(socket.join(groups[family]))
        expect(error).toMatchObject({ _tag: "DatagramMembershipError", reason: "Closed", code: "CLOSED" })
      }).pipe(Effect.provide(over({})))
    )
  })
}
