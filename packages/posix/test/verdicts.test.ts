/** Verdicts of the fault wrapper for features of only Linux: its error queue, and received descriptors. */
import { Datagram, DatagramSockets, Descriptor, withErrorReports, withRights } from "@ancillary/effect3"
import { FaultyDriver } from "@ancillary/testing"
import { describe, expect, it } from "@effect/vitest"
import { Cause, Effect, Exit, Fiber, Option, Stream } from "effect"
import { LinuxSockets } from "@ancillary/effect3/node"
import { contentOf, files, leakingNothing, unixLayerOver } from "./files.ts"

const data = Uint8Array.of(1, 2, 3)
const layerOver = (hooks: FaultyDriver.Hooks) =>
  DatagramSockets.layer(
    Effect.map(LinuxSockets.driver(), (driver) => FaultyDriver.wrap(driver, hooks)),
    LinuxSockets.capabilities
  )

describe("a forged ICMP error is an error report, as a real one", () => {
  const cases = [
    ["portUnreachable", [3, 3, "ECONNREFUSED"], [1, 4, "ECONNREFUSED"]],
    ["hostUnreachable", [3, 1, "EHOSTUNREACH"], [1, 3, "EHOSTUNREACH"]],
    ["networkUnreachable", [3, 0, "ENETUNREACH"], [1, 0, "ENETUNREACH"]],
    ["prohibited", [3, 13, "EHOSTUNREACH"], [1, 1, "EACCES"]],
    ["tooLarge", [3, 4, "EMSGSIZE"], [2, 0, "EMSGSIZE"]],
    ["hopLimitExceeded", [11, 0, "EHOSTUNREACH"], [3, 0, "EHOSTUNREACH"]],
    [{ type: 3, code: 2 }, [3, 2, "ENOPROTOOPT"], [3, 2, "EHOSTUNREACH"]]
  ] as const
  const clients = [
    ["ipv4", Datagram.client(Datagram.ipv4.pipe(withErrorReports())), "198.51.100.7", "192.0.2.1"],
    ["ipv6", Datagram.client(Datagram.ipv6.pipe(withErrorReports())), "2001:db8::7", "2001:db8::1"],
    ["dual", Datagram.client(Datagram.dual.pipe(withErrorReports())), "198.51.100.7", "192.0.2.1"]
  ] as const

  for (const [family, client, address, from] of clients)
    for (const [error, v4, v6] of cases) {
      const [type, code, name] = family === "ipv6" ? v6 : v4
      it.scopedLive(`${family}: ${typeof error === "string" ? error : `${error.type}/${error.code}`}`, () =>
        Effect.gen(function* () {
          const socket = yield* client as (typeof clients)[0][1]
          const attending = yield* Effect.fork(Stream.runHead(socket.events))
          yield* Effect.yieldNow()
          yield* socket.send({ data, to: { address, port: 33_434 } })
          const report = Option.getOrThrow(yield* Fiber.join(attending))
          expect(report).toMatchObject({
            _tag: "ErrorReport",
            origin: family === "ipv6" ? "icmp6" : "icmp",
            icmp: Option.some({ type, code }),
            code: name,
            mtu: error === "tooLarge" ? Option.some(1280) : Option.none(),
            datagram: data
          })
          if (report._tag !== "ErrorReport") throw new Error("no report")
          expect(String(Option.getOrThrow(report.offender))).toBe(from)
          expect(Option.getOrThrow(report.destination).port).toBe(33_434)
          expect(yield* Effect.map(socket.receiveWithin(0), Option.isNone)).toBe(true)
        }).pipe(Effect.provide(layerOver({ decideSend: () => FaultyDriver.icmpError(error, { from }) })))
      )
    }

  it.scopedLive("an offender of the other family is rejected with a sentence", () =>
    Effect.gen(function* () {
      const socket = yield* Datagram.client(Datagram.ipv4.pipe(withErrorReports()))
      const exit = yield* Effect.exit(socket.send({ data, to: { address: "198.51.100.7", port: 1 } }))
      expect(Exit.isFailure(exit) && Cause.pretty(exit.cause)).toMatch(/from is "::1". Give an address of .* \(ipv4\)/)
    }).pipe(Effect.provide(layerOver({ decideSend: () => FaultyDriver.icmpError("tooLarge", { from: "::1" }) })))
  )
})

describe("descriptors of a datagram", () => {
  const spec = Datagram.unix.pipe(withRights({ maximum: 3 }))
  const sent = (hooks: FaultyDriver.Hooks, reads: number) =>
    leakingNothing(
      Effect.gen(function* () {
        const [first, second] = yield* Datagram.pair(spec)
        const numbers = yield* files(2)
        yield* first.send({ data, control: { rights: numbers } })
        yield* first.send({ data: Uint8Array.of(9) })
        const seen: Array<ReadonlyArray<string>> = []
        for (let i = 0; i < reads; i++) {
          const { control } = yield* second.receive
          const taken = yield* Effect.forEach(control.rights, (descriptor) => Descriptor.take(descriptor))
          seen.push(taken.map(contentOf))
        }
        return seen
      }).pipe(Effect.provide(unixLayerOver((driver) => FaultyDriver.wrap(driver, hooks))), Effect.scoped)
    )

  it.live("of a lost datagram are closed", () =>
    Effect.gen(function* () {
      const lost = sent({ decideReceive: (_, i) => (i === 0 ? FaultyDriver.lose : undefined) }, 1)
      expect(yield* lost).toEqual([[]])
    })
  )

  it.live("of a duplicate are in the first copy, and in no other copy", () =>
    Effect.gen(function* () {
      const twice = sent({ decideReceive: (_, i) => (i === 0 ? FaultyDriver.duplicate(3) : undefined) }, 4)
      expect(yield* twice).toEqual([["0", "1"], [], [], []])
    })
  )

  it.live("of a held datagram arrive with it, or are closed with the socket", () =>
    Effect.gen(function* () {
      const behind = (by: number) => ({
        decideReceive: (_: unknown, i: number) => (i === 0 ? FaultyDriver.reorder(by) : undefined)
      })
      expect(yield* sent(behind(1), 2)).toEqual([[], ["0", "1"]])
      expect(yield* sent(behind(9), 1)).toEqual([[]])
    })
  )
})
