/**
 * koffi's poll on a SOCKET: first its hazards alone, each in its own process, then ours.
 */
import { isFault, type Poll } from "@ancillary/engine/driver/Driver"
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { spawnSync } from "node:child_process"
import { dirname } from "node:path"
import { fileURLToPath } from "node:url"
import { bound, message, moment, type Open, receiveBare, sendTo } from "./bareCalls.ts"

/** The exit code of a process that runs this code with a socket `s`. 7 is success, after a time in milliseconds. */
const ends = (code: string, after = 50): number | null => {
  const script = `
    import koffi from "koffi"
    const open = koffi.load("ws2_32.dll").func("WSASocketW", "intptr_t", ["int", "int", "int", "uintptr_t", "uint32_t", "uint32_t"])
    const s = open(2, 2, 17, 0, 0, 0x80)
    const poll = (socket) => koffi.node.poll(socket, { readable: true }, () => {})
    ${code}
    setTimeout(() => process.exit(7), ${after})`
  // The bundle is in a folder from which the Windows koffi is found.
  const cwd = dirname(fileURLToPath(import.meta.url))
  return spawnSync(process.execPath, ["--input-type=module", "-e", script], { cwd, stdio: "ignore" }).status
}

/** The exit code of a process that is to end by itself, which takes longer on a busy machine. */
const endsItself = (code: string): number | null => ends(code, 60_000)

describe("bare: koffi's poll", () => {
  it("is closed twice without harm, and two on one socket cause none either", () => {
    expect(ends("const h = poll(s); h.close(); h.close()")).toBe(7)
    expect(ends("poll(s); poll(s)")).toBe(7)
  })
  it("crashes the process when it is stopped or started after it was closed", () => {
    expect(endsItself("const h = poll(s); h.close(); h.stop()")).not.toBe(7)
    expect(endsItself("const h = poll(s); h.close(); h.start({ readable: true }, () => {})")).not.toBe(7)
  })
  it("aborts the process on a number that is not a socket", () => {
    expect(endsItself("poll(999999)")).not.toBe(7)
  })
  it("requires its callback again when it is started again", () => {
    expect(endsItself("const h = poll(s); h.stop(); h.start({ readable: true })")).not.toBe(7)
  })
})

const watching = (server: Open) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => {
        const seen: Array<string> = []
        const hooks = { onReport: () => {} }
        const poll = server.socket.poll((readable, writable) => {
          seen.push(`${readable ? "readable" : ""}${writable ? "writable" : ""}`)
          hooks.onReport()
        })
        if (isFault(poll)) throw new Error(poll.code)
        return { seen, poll, hooks }
      }),
      ({ poll }) => Effect.sync(() => poll.close())
    ),
    (all): { readonly seen: Array<string>; readonly poll: Poll; readonly hooks: { onReport: () => void } } => all
  )

const drain = (server: Open) => receiveBare(server, message(16, [99], 0))

describe("ours: a watch", () => {
  it.scoped("reports nothing before update", () =>
    Effect.gen(function* () {
      const [server, client] = [yield* bound(), yield* bound()]
      const { seen } = yield* watching(server)
      yield* sendTo(client, server, "x")
      expect(seen).toEqual([])
    })
  )
  it.scoped("reports a queued datagram repeatedly until it is read", () =>
    Effect.gen(function* () {
      const [server, client] = [yield* bound(), yield* bound()]
      const { seen, poll } = yield* watching(server)
      poll.update(true, false)
      yield* moment
      expect(seen).toEqual([])
      yield* sendTo(client, server, "x")
      // A busy machine takes longer than a moment. Without a second report, this ends by the time limit of the test.
      while (seen.length < 2) yield* moment
      expect(new Set(seen)).toEqual(new Set(["readable"]))
      expect(drain(server).error).toBe(0)
      yield* moment
      const before = seen.length
      yield* moment
      expect(seen.length).toBe(before)
    })
  )
  it.scoped("stops without an interest, continues with one, and reports room to write", () =>
    Effect.gen(function* () {
      const [server, client] = [yield* bound(), yield* bound()]
      const { seen, poll } = yield* watching(server)
      poll.update(true, false)
      poll.update(false, false)
      yield* sendTo(client, server, "x")
      expect(seen).toEqual([])
      poll.update(true, true)
      yield* moment
      expect(seen[0]).toMatch(/readable|writable/)
      poll.update(false, false)
      const before = seen.length
      yield* moment
      expect(seen.length).toBe(before)
    })
  )
  it.scoped("may be closed and used afterwards, even in its own callback", () =>
    Effect.gen(function* () {
      const [server, client] = [yield* bound(), yield* bound()]
      const { hooks, seen, poll } = yield* watching(server)
      hooks.onReport = () => poll.close()
      poll.update(true, false)
      yield* sendTo(client, server, "x")
      expect(seen).toEqual(["readable"])
      poll.close()
      poll.update(true, true)
      yield* moment
      expect(seen).toEqual(["readable"])
      poll.update(false, false)
    })
  )
  it.scoped("keeps its memory until the system has ended the poll", () =>
    Effect.gen(function* () {
      // Memory that is free too early is written by these buffers, and libuv then aborts the process.
      let garbage: Array<Uint8Array> = []
      for (let i = 0; i < 400; i++) {
        const server = yield* bound()
        const poll = server.socket.poll(() => {})
        if (isFault(poll)) throw new Error(poll.code)
        poll.update(true, false)
        yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
        poll.close()
        server.socket.close()
        garbage = Array.from({ length: 100 }, (_, n) => new Uint8Array(400 + n).fill(255))
      }
      expect(garbage).toHaveLength(100)
    })
  )
  it.scoped("does not throw the exception of its callback in other calls", () =>
    Effect.gen(function* () {
      const [server, client] = [yield* bound(), yield* bound()]
      const defects: Array<unknown> = []
      const { hooks, poll } = yield* watching(server)
      const keep = (defect: unknown) => void defects.push(defect)
      yield* Effect.acquireRelease(
        Effect.sync(() => process.prependOnceListener("uncaughtException", keep)),
        () => Effect.sync(() => process.off("uncaughtException", keep))
      )
      hooks.onReport = () => {
        poll.update(false, false)
        throw new Error("a defect")
      }
      poll.update(true, false)
      yield* sendTo(client, server, "x")
      expect(drain(server).error).toBe(0)
      expect(defects.map(String)).toEqual(["Error: a defect"])
    })
  )
  it.scoped("survives a garbage collection, and the close of its socket", () =>
    Effect.gen(function* () {
      const [server, client] = [yield* bound(), yield* bound()]
      const { seen, poll } = yield* watching(server)
      poll.update(true, false)
      // Enough garbage for the collector to run, which would collect a handle without a reference.
      for (let i = 0; i < 50; i++) new Uint8Array(4_000_000).fill(i)
      yield* moment
      yield* sendTo(client, server, "x")
      expect(seen.length).toBeGreaterThan(0)
      server.socket.close()
      yield* moment
      poll.update(false, false)
      poll.close()
      // A poll on that number, which is no longer a socket, would abort the process.
      poll.update(true, true)
    })
  )
})
