/** Traps of Linux's calls that take many datagrams at once. First the bare kernel, then ours. */
import { LinuxSockets } from "@ancillary/effect3/node"
import { Datagram, DatagramSockets } from "@ancillary/effect3"
import type { NativeArena } from "@ancillary/engine/driver/Arena"
import { describe, expect, it } from "@effect/vitest"
import { Chunk, Effect, Exit, Fiber } from "effect"
import { addressOf, arena, bare, bound, int, libc, message, ok, sendRaw } from "../bareKernel.ts"

const layer = DatagramSockets.layer(LinuxSockets.driver({ guarded: true }), [])
const at = { address: "127.0.0.1", port: 0 }
const MSG_DONTWAIT = 0x40
const FIONBIO = 0x5421
const SO_RCVTIMEO = 20

/** Four datagrams in an arena, the third of which the kernel refuses (a hop limit of 0 in a message). */
const filled = (sender: Effect.Effect.Success<typeof bare>, to: Effect.Effect.Success<ReturnType<typeof bound>>) => {
  const out = arena(sender, "send", 4, 64) as NativeArena
  const name = addressOf(to)
  for (let slot = 0; slot < 4; slot++) {
    const control = slot === 2 ? message(sender, 0, 2, int(0)) : new Uint8Array(0)
    out.bytes.set(name, out.addressAt(slot))
    out.bytes.set(control, out.controlAt(slot))
    out.fill(slot, name.length, control.length, [Uint8Array.of(slot)])
  }
  return out
}

describe("trap 16: an error after the first datagram of a batch", () => {
  it.scoped("bare kernel: sendmmsg returns the sent number, and no reason for the next one", () =>
    Effect.gen(function* () {
      const [sender, receiver] = [yield* bare, yield* bound()]
      const out = filled(sender, receiver)
      expect(libc.sendmmsg?.(sender.fd, out.headerAddress(0), 4, MSG_DONTWAIT)).toBe(2)
      const pending = new Uint8Array(4)
      sender.socket.getOption(1, 4, pending)
      expect(pending).toEqual(new Uint8Array(4))
    })
  )
  it.scoped("ours: the driver is called again from there and gets it; nothing is sent twice", () =>
    Effect.gen(function* () {
      const [sender, receiver] = [yield* bare, yield* bound()]
      const out = filled(sender, receiver)
      expect(sender.socket.send(out, 0, 4)).toBe(2)
      expect(sender.socket.send(out, 2, 2)).toMatchObject({ code: "EINVAL" })
      expect(sender.socket.send(out, 3, 1)).toBe(1)
      const into = arena(receiver, "receive", 8, 0)
      expect(receiver.socket.receive(into, 8, false)).toBe(3)
      expect([0, 1, 2].map((slot) => into.bytes[into.dataAt(slot)])).toEqual([0, 1, 3])
    })
  )
})

describe("trap 17: a batch that waits", () => {
  it.scoped("bare kernel: a blocking socket waits for the whole batch or its receive timeout", () =>
    Effect.gen(function* () {
      const [sender, receiver] = [yield* bound(), yield* bare]
      ok(receiver.socket.ioctl(FIONBIO, int(0), new Uint8Array(0)))
      ok(receiver.socket.setOption(1, SO_RCVTIMEO, new Uint8Array(BigInt64Array.of(0n, 20_000n).buffer)))
      const into = arena(receiver, "receive", 2, 0) as NativeArena
      const batch = () => {
        into.prepare(2, 0)
        return libc.recvmmsg?.(receiver.fd, into.headerAddress(0), 2, 0, 0)
      }
      expect(batch()).toBe(-1)
      sendRaw(sender, receiver, Uint8Array.of(1))
      // One datagram is there, and the call waits for the second until SO_RCVTIMEO.
      expect(batch()).toBe(1)
    })
  )
  it.scoped("ours: queued datagrams are delivered, and a waiting reader can be interrupted", () =>
    Effect.gen(function* () {
      const socket = yield* Datagram.bind(Datagram.ipv4, at)
      yield* socket.send({ data: Uint8Array.of(1), to: socket.localAddress })
      expect(Chunk.size(yield* socket.receiveBatch)).toBe(1)
      // A blocking call would never return, because no datagram is there.
      const waiting = yield* Effect.fork(socket.receiveBatch)
      yield* Effect.repeatN(Effect.yieldNow(), 20)
      expect(Exit.isInterrupted(yield* Fiber.interrupt(waiting))).toBe(true)
    }).pipe(Effect.provide(layer))
  )
})
