/**
 * Features that fail on a single build of a system although it accepts every call. They are refused or declined on that
 * build, and work on every other.
 */
import type { Capability } from "@ancillary/control"
import {
  Datagram,
  type DatagramBindError,
  DatagramSockets,
  type DatagramUnsupportedError,
  withCoalescedSize,
  withCoalescing,
  withDscp,
  withEcn,
  withHopLimit,
  withOptional,
  withSegmentation,
  withTrafficClass
} from "@ancillary/effect3"
import { isFault, type Driver } from "@ancillary/engine/driver/Driver"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Either, type Scope } from "effect"
import * as FaultyDriver from "../FaultyDriver.ts"
import { type Bench, bytes } from "./bench.ts"

const at = { address: "127.0.0.1", port: 0 }
/** Level of the UDP options, which request coalescing and report segmentation. */
const UDP = 17

/** Accepts all UDP options, as Windows does. Wine lacks them, and accepts the segment size message without a check. */
const takingUdp = (driver: Driver): Driver => ({
  ...driver,
  open: (kind) => {
    const socket = driver.open(kind)
    if (isFault(socket)) return socket
    return {
      ...socket,
      getOption: (level, option, into) => (level === UDP ? into.length : socket.getOption(level, option, into))
    }
  }
})

/** The platform on a build, and records of its calls: opened sockets, set UDP options, sizes of sent datagrams. */
const onBuild = ({ driver }: Bench, build: number | undefined) => {
  const seen = { opened: 0, merging: 0, sent: new Array<number>() }
  const hooks: FaultyDriver.Hooks = {
    build,
    onOpen: () => {
      seen.opened++
      return undefined
    },
    onSetOption: (level) => {
      if (level !== UDP) return undefined
      seen.merging++
      return 0
    },
    onSend: ({ data }) => {
      seen.sent.push(data.length)
      return undefined
    }
  }
  const layer = DatagramSockets.layer(
    Effect.map(driver, (driver) => takingUdp(FaultyDriver.wrap(driver, hooks))),
    ["coalescing", "segmentation"]
  )
  return { layer, seen }
}

/**
 * Opens a socket with a combination. `headers` and `feature` are the names in the refusal: the received messages, and
 * the feature that they break.
 */
interface Combination {
  readonly headers: string
  readonly feature: string
  readonly open: Effect.Effect<
    void,
    DatagramBindError | DatagramUnsupportedError,
    DatagramSockets | Scope.Scope | Capability<"coalescing" | "segmentation">
  >
}

const { dual, ipv4 } = Datagram
const combinations: ReadonlyArray<Combination> = [
  {
    headers: "withHopLimit()",
    feature: "withCoalescing()",
    open: Effect.asVoid(Datagram.bind(ipv4.pipe(withHopLimit(), withCoalescing()), at))
  },
  {
    headers: "withDscp()",
    feature: "withCoalescedSize()",
    open: Effect.asVoid(Datagram.bind(ipv4.pipe(withCoalescedSize(), withDscp()), at))
  },
  {
    headers: "withEcn()",
    feature: "withCoalescing()",
    open: Effect.asVoid(Datagram.client(ipv4.pipe(withEcn(), withCoalescing())))
  },
  {
    headers: "withTrafficClass()",
    feature: "withSegmentation()",
    open: Effect.asVoid(Datagram.bind(ipv4.pipe(withTrafficClass(), withSegmentation()), at))
  },
  {
    headers: "withHopLimit(), withDscp()",
    feature: "withCoalescing()",
    open: Effect.asVoid(Datagram.client(dual.pipe(withHopLimit(), withDscp(), withCoalescing())))
  }
]

export const builds = (bench: Bench): void => {
  describe("builds of a system", () => {
    const isBroken = (build: number | undefined) =>
      Effect.map(bench.driver, ({ abi }) => abi.platform === "winsock" && build === 20348)
    const builds = [20348, 20347, 20349, undefined]

    it.scopedLive("build 20348: received headers that break GRO (msquic 4602, 5130) are rejected", () =>
      Effect.gen(function* () {
        for (const build of builds)
          for (const { feature, headers, open } of combinations) {
            const { layer, seen } = onBuild(bench, build)
            const opened = yield* Effect.either(open.pipe(Effect.provide(layer)))
            if (!(yield* isBroken(build))) {
              expect([build, opened]).toEqual([build, Either.void])
              continue
            }
            const why = `build 20348 of Windows (Server 2022) breaks it if ${headers} is received (microsoft/msquic)`
            const remedy = `Leave out either there, or declare withOptional(${feature})`
            const message = `${feature}: ${why}. ${remedy}.`
            expect(Either.flip(opened)).toMatchObject(
              Either.right({ _tag: "DatagramUnsupportedError", feature, why, remedy, message })
            )
            expect(seen.opened).toBe(0)
          }
      })
    )

    it.scopedLive("build 20348: messages that are only sent break nothing", () => {
      const { layer, seen } = onBuild(bench, 20348)
      return Effect.gen(function* () {
        const socket = yield* Datagram.bind(ipv4.pipe(withDscp({ only: "send" }), withCoalescing()), at)
        expect(socket.declined).toEqual([])
        expect(seen.merging).toBe(1)
      }).pipe(Effect.provide(layer))
    })

    it.scopedLive("build 20348: optional coalescing is declined with the reason, and not requested", () =>
      Effect.gen(function* () {
        for (const build of builds) {
          const { layer, seen } = onBuild(bench, build)
          const spec = ipv4.pipe(withHopLimit(), withOptional(withCoalescing()))
          const socket = yield* Datagram.bind(spec, at).pipe(Effect.provide(layer))
          const broken = yield* isBroken(build)
          const why = "build 20348 of Windows (Server 2022) breaks it if withHopLimit() is received (microsoft/msquic)"
          expect(socket.declined).toEqual(broken ? [{ key: "coalescedSize", why }] : [])
          expect([build, seen.merging]).toEqual([build, broken ? 0 : 1])
          expect((yield* socket.limits).coalescing).toBe(!broken)
          yield* socket.send({ data: bytes("x"), to: socket.localAddress })
          expect((yield* bench.receive(socket)).control.hopLimit).toBe(bench.facts.hopLimit.ipv4)
        }
      })
    )

    it.scopedLive("build 20348: a payload is not segmented by the system that breaks it", () =>
      Effect.gen(function* () {
        for (const build of builds) {
          const { layer, seen } = onBuild(bench, build)
          const receiving = yield* Datagram.bind(ipv4.pipe(withHopLimit()), at).pipe(Effect.provide(layer))
          const plain = yield* Datagram.bind(ipv4, at).pipe(Effect.provide(layer))
          const cut = { data: bytes("aaaabbbbcc"), to: plain.localAddress, segmentSize: 4 }
          yield* receiving.send(cut)
          yield* plain.send(cut)
          const first = (yield* isBroken(build)) ? [4, 4, 2] : [10]
          expect([build, ...seen.sent]).toEqual([build, ...first, 10])
        }
      })
    )
  })
}
