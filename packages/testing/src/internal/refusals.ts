/**
 * Invalid input: a typed error that states the solution. No datagram is sent, no resource leaks, and the socket still
 * works.
 */
import { describe, expect, it } from "@effect/vitest"
import type { EndpointInput } from "@ancillary/control"
import {
  Datagram,
  withDscp,
  withEcn,
  withHopLimit,
  withMaximumDatagramSize,
  withPktInfo,
  withReceiveBufferSize,
  withReuseAddress
} from "@ancillary/effect3"
import { Effect } from "effect"
import { type Bench, bytes, text } from "./bench.ts"

export const refusals = ({ facts, layer, over }: Bench): void => {
  describe("refusals", () => {
    const spec = Datagram.ipv4.pipe(withPktInfo(), withHopLimit(), withEcn(), withDscp({ only: "receive" }))
    const bind = Datagram.bind(spec, { address: "127.0.0.1", port: 0 })

    it.scopedLive("an address in use, unless it is declared as shared", () =>
      Effect.gen(function* () {
        const first = yield* Datagram.bind(Datagram.ipv4, { address: "127.0.0.1", port: 0 })
        const error = yield* Effect.flip(Datagram.bind(Datagram.ipv4, first.localAddress))
        expect(error).toMatchObject({
          _tag: "DatagramBindError",
          reason: "AddressInUse",
          syscall: facts.syscalls.bind,
          code: facts.codes.addressInUse
        })
        expect(error.message).toMatch(
          /^Binding to 127\.0\.0\.1:\d+ failed \(bind: (WSA)?EADDRINUSE \d+\)\. Another socket has this address\. /
        )
        const shared = Datagram.ipv4.pipe(withReuseAddress())
        const one = yield* Datagram.bind(shared, { address: "127.0.0.1", port: 0 })
        yield* Datagram.bind(shared, one.localAddress)
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive.runIf(facts.families.includes("ipv6"))("an address that is not ours", () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(Datagram.bind(Datagram.ipv6, { address: "2001:db8::1", port: 0 }))
        expect(error).toMatchObject({
          _tag: "DatagramBindError",
          reason: "AddressNotAvailable",
          syscall: facts.syscalls.bind,
          code: facts.codes.addressNotAvailable
        })
      }).pipe(Effect.provide(layer))
    )

    const badAddresses: ReadonlyArray<readonly [EndpointInput<"ipv4">, string]> = [
      [
        { address: "127.0.0.1", port: 70_000 },
        "The address cannot be used: the port 70000 is not an integer from 0 to 65535."
      ],
      [
        { address: "127.0.0.1", port: -1 },
        "The address cannot be used: the port -1 is not an integer from 0 to 65535."
      ],
      [
        { address: "127.0.0.1", port: 1.5 },
        "The address cannot be used: the port 1.5 is not an integer from 0 to 65535."
      ],
      [
        { address: "::1", port: 1 },
        "The address cannot be used: ::1 is an IPv6 address, this socket speaks IPv4 only."
      ],
      [
        { address: "localhost", port: 1 },
        "The address cannot be used: 'localhost' does not have the four parts of an IPv4 address."
      ],
      [
        { address: "010.1.1.1", port: 1 },
        "The address cannot be used: '010' has a leading zero: octal to some, decimal to others."
      ]
    ]
    it.scopedLive("addresses that are invalid for bind", () =>
      Effect.forEach(badAddresses, ([at, message]) =>
        Effect.gen(function* () {
          const error = yield* Effect.flip(Datagram.bind(Datagram.ipv4, at))
          expect(error).toMatchObject({
            _tag: "DatagramBindError",
            reason: "InvalidArgument",
            code: "INVALID",
            message
          })
        })
      ).pipe(Effect.provide(layer))
    )

    it.scopedLive("options out of range, before a socket is opened", () => {
      let opened = 0
      return Effect.gen(function* () {
        const at = { address: "127.0.0.1", port: 0 }
        const size = yield* Effect.flip(Datagram.bind(Datagram.ipv4.pipe(withReceiveBufferSize(-1)), at))
        expect(size).toMatchObject({
          reason: "InvalidArgument",
          message: "SO_RCVBUF: -1 is not a size in bytes: an integer from 1 to 1073741823."
        })
        const limit = yield* Effect.flip(Datagram.bind(Datagram.ipv4.pipe(withMaximumDatagramSize(0)), at))
        expect(limit).toMatchObject({
          reason: "InvalidArgument",
          message: "maximum datagram size: 0 is not an integer from 1 to 65535."
        })
        expect(opened).toBe(0)
      }).pipe(
        Effect.provide(
          over({
            onOpen: () => {
              opened++
              return undefined
            }
          })
        )
      )
    })

    it.scopedLive("an invalid message: the error names the exact field, and nothing is sent", () => {
      let calls = 0
      const to = { address: "127.0.0.1", port: 9 }
      const data = bytes("x")
      const smuggled = { hopLimit: 3, dscp: 1 }
      const cases: ReadonlyArray<readonly [unknown, string, string]> = [
        [
          { data, to, control: { hopLimit: 256 } },
          "InvalidArgument",
          "control.hopLimit: 256 is not a hop limit: an integer from 1 to 255. Nothing was sent."
        ],
        [
          { data, to, control: { hopLimit: 0 } },
          "InvalidArgument",
          "control.hopLimit: 0 is not a hop limit: an integer from 1 to 255. Nothing was sent."
        ],
        [
          { data, to, control: { hopLimit: "64" } },
          "InvalidArgument",
          "control.hopLimit: '64' is not a hop limit: an integer from 1 to 255. Nothing was sent."
        ],
        [
          { data, to, control: { ecn: "maybe" } },
          "InvalidArgument",
          `control.ecn: 'maybe' is not an ECN codepoint: "not-ect", "ect0", "ect1" or "ce". Nothing was sent.`
        ],
        [
          { data, to, control: smuggled },
          "InvalidArgument",
          "control.dscp: 'dscp' cannot be sent on this socket: its spec does not declare it for sending. Nothing was sent."
        ],
        [
          { data, to, control: { timestamp: 1n } },
          "InvalidArgument",
          "control.timestamp: 'timestamp' cannot be sent on this socket: its spec does not declare it for sending. Nothing was sent."
        ],
        [
          { data, to, control: { toString: 1 } },
          "InvalidArgument",
          "control.toString: 'toString' cannot be sent on this socket: its spec does not declare it for sending. Nothing was sent."
        ],
        [
          { data, to, control: 3 },
          "InvalidArgument",
          "control: 3 is not a record of control messages. Nothing was sent."
        ],
        [
          { data, to, control: { pktInfo: { source: "::1" } } },
          "InvalidArgument",
          "control.pktInfo: ::1 is not an IPv4 address. Nothing was sent."
        ],
        [
          { data, to, control: { pktInfo: { source: "224.0.0.1" } } },
          "InvalidArgument",
          "control.pktInfo: 224.0.0.1 is a group: nothing can be sent from it. Nothing was sent."
        ],
        [
          { data, to, control: { pktInfo: { interfaceIndex: -1 } } },
          "InvalidArgument",
          "control.pktInfo: -1 is not an interface index. Nothing was sent."
        ],
        [
          { data, to: { address: "127.0.0.1", port: 70_000 } },
          "InvalidArgument",
          "to: the port 70000 is not an integer from 0 to 65535. Nothing was sent."
        ],
        [
          { data, to: { address: "127.0.0.1", port: 0 } },
          "InvalidArgument",
          "to: port 0 is no destination: use a port from 1 to 65535. Nothing was sent."
        ],
        [
          { data, to: { address: "::1", port: 9 } },
          "InvalidArgument",
          "to: ::1 is an IPv6 address, this socket speaks IPv4 only. Nothing was sent."
        ],
        [{ data, to: undefined }, "InvalidArgument", "to: undefined is not an endpoint. Nothing was sent."],
        [
          { data: "text", to },
          "InvalidArgument",
          "data: the payload is a Uint8Array, or an array of them. Nothing was sent."
        ],
        [
          { data: new Uint8Array(65_508), to },
          "MessageTooLarge",
          "data: 65508 bytes are more than the 65507 that fit into a datagram of this socket. Nothing was sent."
        ]
      ]
      return Effect.gen(function* () {
        const socket = yield* bind
        for (const [message, reason, sentence] of cases) {
          const error = yield* Effect.flip(socket.send(message as Parameters<typeof socket.send>[0]))
          expect([error._tag, error.reason, error.message]).toEqual(["DatagramSendError", reason, sentence])
          expect([error.syscall, error.code, error.errno]).toEqual([facts.syscalls.send, "INVALID", 0])
        }
        expect(calls).toBe(0)
        yield* socket.send({ data, to: socket.localAddress, control: { hopLimit: 1 } })
        expect(text((yield* socket.receive).data)).toBe("x")
      }).pipe(Effect.provide(over({ onSend: () => void calls++ })))
    })

    it.scopedLive("a payload above the declared maximum", () =>
      Effect.gen(function* () {
        const socket = yield* Datagram.bind(Datagram.ipv4.pipe(withMaximumDatagramSize(10)), {
          address: "127.0.0.1",
          port: 0
        })
        const error = yield* Effect.flip(socket.send({ data: new Uint8Array(11), to: socket.localAddress }))
        expect(error).toMatchObject({ reason: "MessageTooLarge", syscall: facts.syscalls.send })
        yield* socket.send({ data: new Uint8Array(10), to: socket.localAddress })
        expect((yield* socket.receive).data.length).toBe(10)
      }).pipe(Effect.provide(layer))
    )
  })
}
