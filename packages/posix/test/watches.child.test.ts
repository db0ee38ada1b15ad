/**
 * A user without epoll watches left, and descriptors that the process already polls. The call fails with an error, although libuv aborts the
 * process.
 */
import { execFileSync } from "node:child_process"
import { createSocket } from "node:dgram"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { LinuxSockets } from "@ancillary/effect3/node"
import { Datagram } from "@ancillary/effect3"
import { afterAll, describe, expect, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { onPath, requirement } from "../../testing/machine.ts"
import { bundled, ended } from "../../testing/program.ts"
import { openDescriptors } from "./process.ts"

const place = (name: string) => fileURLToPath(new URL(`children/${name}`, import.meta.url))
const one = Uint8Array.of(1)

describe.runIf(requirement("few epoll watches", onPath("gcc"), "apt-get install -y gcc libc6-dev"))(
  "a user without epoll watches left",
  () => {
    const folder = mkdtempSync(join(tmpdir(), "ancillary-watches-"))
    const shim = join(folder, "epoll.so")
    execFileSync("gcc", ["-shared", "-fPIC", "-o", shim, place("epoll.c"), "-ldl"])
    afterAll(() => rmSync(folder, { recursive: true }))
    /** The limit of the system is for all users. A library that is loaded before libc returns the kernel's error instead. */
    const run = async (watches: number, word: string) => {
      const words = [process.execPath, bundled(new URL("children/watches.ts", import.meta.url)), word]
      const env = { ...process.env, ANCILLARY_WATCHES: String(watches), LD_PRELOAD: shim }
      const { signal, stderr, stdout } = await ended(words, { env })
      return { signal, seen: stdout === "" ? stderr : (JSON.parse(stdout) as unknown) }
    }
    it("bare: node:dgram ends the process", async () => {
      // On Node 22 and 24 libuv continues, as if this library were not loaded. The reason is unknown.
      const isAsked = Number(process.versions.node.split(".")[0]) < 22
      expect((await run(3, "bareKernel")).signal).toBe(isAsked ? "SIGABRT" : null)
    })
    it("each socket has its own watch after bind, and the next bind fails", async () => {
      for (const watches of [2, 3, 6]) {
        const { seen, signal } = await run(watches, "ours")
        expect([watches, signal]).toEqual([watches, null])
        // One belongs to the epoll.
        expect(seen).toMatchObject({
          bound: watches - 1,
          error: {
            _tag: "DatagramBindError",
            reason: "TooManyOpenFiles",
            syscall: "epoll_ctl",
            code: "ENOSPC",
            message:
              "Registering with the event loop failed (epoll_ctl: ENOSPC 28). The user has as many epoll watches as the system allows. Close sockets, or raise sysctl fs.epoll.max_user_watches."
          },
          leaked: 0,
          again: true
        })
      }
    })
    it("without any, or with one: bind fails, and nothing stays open", async () => {
      for (const watches of [0, 1])
        expect(await run(watches, "ours")).toMatchObject({ signal: null, seen: { bound: 0, leaked: 0 } })
    })
  }
)

describe("a descriptor that this process polls already", () => {
  const taken = {
    _tag: "DatagramBindError",
    reason: "InvalidArgument",
    syscall: "adopt",
    code: "EEXIST",
    message: expect.stringMatching(/\. Adopt each descriptor once\.$/) as unknown
  }
  it.scopedLive("of its own socket is rejected, waited on or not, and both continue", () =>
    Effect.gen(function* () {
      const socket = yield* Datagram.bind(Datagram.ipv4, { address: "127.0.0.1", port: 0 })
      // Until the end of this turn a descriptor reserves a watch for libuv.
      yield* Effect.sleep("1 millis")
      const before = openDescriptors()
      const adopt = Effect.flip(Effect.flatMap(socket.descriptor, (fd) => Datagram.adopt(Datagram.ipv4, fd)))
      expect(yield* adopt).toMatchObject(taken)
      const waiting = yield* Effect.fork(socket.receive)
      yield* Effect.sleep("5 millis")
      expect(yield* adopt).toMatchObject(taken)
      yield* socket.send({ data: one, to: socket.localAddress })
      expect((yield* Fiber.join(waiting)).data).toEqual(one)
      expect(openDescriptors()).toBe(before)
    }).pipe(Effect.provide(LinuxSockets.layer))
  )
  it.scopedLive("of node:dgram is rejected, and its owner continues", () =>
    Effect.gen(function* () {
      const nodes = createSocket("udp4")
      yield* Effect.addFinalizer(() => Effect.sync(() => nodes.close()))
      yield* Effect.async<void>((resume) => void nodes.bind(0, "127.0.0.1", () => resume(Effect.void)))
      // After a turn libuv has added it.
      yield* Effect.sleep("5 millis")
      const handle: unknown = Object.getOwnPropertySymbols(nodes)
        .map((symbol) => (nodes as unknown as Record<symbol, { handle?: { fd: number } }>)[symbol])
        .find((state) => state?.handle?.fd !== undefined)?.handle
      const { fd } = handle as { fd: number }
      expect(yield* Effect.flip(Datagram.adopt(Datagram.ipv4, fd))).toMatchObject(taken)
      const heard = new Promise((resolve) => nodes.once("message", resolve))
      const client = yield* Datagram.client(Datagram.ipv4)
      yield* client.send({ data: one, to: { address: "127.0.0.1", port: nodes.address().port } })
      expect(yield* Effect.promise(() => heard)).toEqual(Buffer.from(one))
    }).pipe(Effect.provide(LinuxSockets.layer))
  )
})
