/** koffi's poll on a descriptor: first its hazards alone, each in its own process, then ours. */
import { spawnSync } from "node:child_process"
import { isFault } from "@ancillary/engine/driver/Driver"
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import koffi from "koffi"
import { bare, bound, int, type BareSocket, ok, receiveErrorRaw, receiveRaw, sendRaw } from "./bareKernel.ts"
import { collect, pollHandles, reportedEvents } from "./process.ts"

const one = Uint8Array.of(1)
const moment = Effect.promise(async () => {
  await new Promise<void>((resume) => setTimeout(resume, 20))
  // On a busy machine the timer may be due before the event loop has polled: each turn polls once.
  for (let turn = 0; turn < 5; turn++) await new Promise<void>((resume) => setImmediate(resume))
})

/** The exit code of a process that runs this code with a socket `s`. 7 is success. */
const ends = (code: string): number | null => {
  const script = `
    import koffi from "koffi"
    import { setFlagsFromString } from "node:v8"
    import { runInNewContext } from "node:vm"
    const open = koffi.load(null).func("socket", "int", ["int", "int", "int"])
    const s = open(2, 2 | 0x800, 0)
    const poll = (descriptor, callback = () => {}) => koffi.node.poll(descriptor, { readable: true }, callback)
    const library = koffi.load(null)
    const pair = new Int32Array(2)
    library.func("socketpair", "int", ["int", "int", "int", "void *"])(1, 2 | 0x800, 0, new Uint8Array(pair.buffer))
    const [reader, writer] = pair
    const write = library.func("write", "int64_t", ["int", "void *", "size_t"])
    const turn = () => new Promise((resolve) => setImmediate(resolve))
    setFlagsFromString("--expose-gc")
    const gc = runInNewContext("gc")
    ${code}
    // On a busy machine the timer may be due before the event loop has polled.
    setTimeout(async () => {
      for (let i = 0; i < 20; i++) await turn()
      process.exit(7)
    }, 50)`
  return spawnSync(process.execPath, ["--input-type=module", "-e", script], {
    stdio: "ignore",
    cwd: import.meta.dirname
  }).status
}

describe("bare: koffi's poll", () => {
  it("is closed twice without harm", () => {
    expect(ends("const h = poll(s); h.close(); h.close()")).toBe(7)
  })
  it("crashes the process when it is stopped or started after it was closed", () => {
    expect(ends("const h = poll(s); h.close(); h.stop()")).not.toBe(7)
    expect(ends("const h = poll(s); h.close(); h.start({ readable: true }, () => {})")).not.toBe(7)
  })
  it("aborts the process if a descriptor has two polls or does not exist", () => {
    expect(ends("poll(s); poll(s)")).not.toBe(7)
    expect(ends("poll(99999)")).not.toBe(7)
  })
  it("is collected without a reference, and then reports nothing", () => {
    const waits = (keep: string) => `
      let seen = 0
      let handle = poll(reader, () => void seen++)
      ${keep}
      handle = undefined
      for (let i = 0; i < 5; i++) {
        await turn()
        gc()
      }
      write(writer, Buffer.from("x"), 1)
      setTimeout(() => setImmediate(() => process.exit(seen === 0 ? 8 : 9)), 20)`
    expect(ends(waits(""))).toBe(8)
    expect(ends(waits("globalThis.kept = handle"))).toBe(9)
  })
  it("throws the exception of its callback in an unrelated call", () => {
    const code = `
      const handle = poll(reader, () => {
        handle.stop()
        throw new Error("mine")
      })
      write(writer, Buffer.from("x"), 1)
      const writeAgain = () => {
        try {
          write(writer, Buffer.from("y"), 1)
        } catch (error) {
          process.exit(error.message === "mine" ? 8 : 9)
        }
      }
      setTimeout(() => setImmediate(writeAgain), 20)`
    expect(ends(code)).toBe(8)
  })
  it.scopedLive("reports an error of the socket once as a status, and then nothing more", () =>
    Effect.gen(function* () {
      const [sender, receiver] = [yield* bound(), yield* bare]
      const gone = yield* Effect.scoped(Effect.map(bound(), ({ port }) => port))
      const seen: Array<unknown> = []
      // As it is called, whatever its declaration says.
      const callback = (...given: ReadonlyArray<unknown>) => void seen.push(given)
      const handle = koffi.node.poll(receiver.fd, { readable: true }, callback)
      yield* Effect.addFinalizer(() => Effect.sync(() => handle.close()))
      sendRaw(sender, receiver, one)
      yield* moment
      expect(seen[0]).toEqual([0, { readable: true, writable: false, disconnect: false }])
      receiveRaw(receiver, 0)
      seen.length = 0
      ok(receiver.socket.setOption(0, 11, int(1)))
      sendRaw(receiver, { ...receiver, port: gone }, one)
      yield* moment
      expect(seen).toEqual([[-9, { readable: false, writable: false, disconnect: false }]])
      expect(receiveRaw(receiver, 64).count).toMatchObject({ code: "ECONNREFUSED" })
      sendRaw(sender, receiver, one)
      yield* moment
      expect(seen).toHaveLength(1)
      expect(receiveRaw(receiver, 64).count).toBe(1)
    })
  )
})

const watching = (at: BareSocket) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const seen: Array<string> = []
      const hooks = { onReport: () => {} }
      const poll = at.socket.poll((readable, writable, failed) => {
        seen.push(`${readable ? "readable" : ""}${writable ? "writable" : ""}${failed ? "failed" : ""}`)
        hooks.onReport()
      })
      if (isFault(poll)) throw new Error(poll.code)
      return { seen, poll, hooks }
    }),
    ({ poll }) => Effect.sync(() => poll.close())
  )

describe("ours: a watch", () => {
  it.scopedLive("reports nothing before update, and then queued datagrams until they are read", () =>
    Effect.gen(function* () {
      const [sender, receiver] = [yield* bound(), yield* bound()]
      const { seen, poll } = yield* watching(receiver)
      sendRaw(sender, receiver, Uint8Array.of(1))
      yield* moment
      expect(seen).toEqual([])
      poll.update(true, false)
      yield* moment
      expect(seen.length).toBeGreaterThan(1)
      expect(new Set(seen)).toEqual(new Set(["readable"]))
      receiveRaw(receiver, 0)
      yield* moment
      const before = seen.length
      yield* moment
      expect(seen.length).toBe(before)
    })
  )

  it.scopedLive("reports as long as it is held, even after a garbage collection", () =>
    Effect.gen(function* () {
      const [sender, receiver] = [yield* bound(), yield* bound()]
      const seen: Array<boolean> = []
      const begin = () => {
        const poll = receiver.socket.poll((readable) => void seen.push(readable))
        if (!isFault(poll)) poll.update(true, false)
        return () => (isFault(poll) ? undefined : poll.close())
      }
      const close = begin()
      yield* Effect.promise(collect)
      sendRaw(sender, receiver, one)
      yield* moment
      close()
      expect(new Set(seen)).toEqual(new Set([true]))
    })
  )

  it.scopedLive("loses its interest in room when the program does", () =>
    Effect.gen(function* () {
      const receiver = yield* bound()
      const { poll } = yield* watching(receiver)
      poll.update(false, true)
      expect(reportedEvents(receiver.socket.descriptor) & 4).toBe(4)
      poll.update(false, false)
      expect(reportedEvents(receiver.socket.descriptor) & 4).toBe(0)
      poll.update(true, true)
      poll.update(true, false)
      expect(reportedEvents(receiver.socket.descriptor) & 5).toBe(1)
    })
  )

  it.scopedLive("stops without an interest, and continues with one", () =>
    Effect.gen(function* () {
      const [sender, receiver] = [yield* bound(), yield* bound()]
      const { seen, poll } = yield* watching(receiver)
      poll.update(true, false)
      poll.update(false, false)
      sendRaw(sender, receiver, Uint8Array.of(1))
      yield* moment
      expect(seen).toEqual([])
      poll.update(false, true)
      yield* moment
      expect(seen[0]).toBe("writable")
      poll.update(true, false)
      yield* moment
      expect(seen.at(-1)).toBe("readable")
    })
  )

  it.scopedLive("may be closed in its own callback, and used afterwards without harm", () =>
    Effect.gen(function* () {
      const [sender, receiver] = [yield* bound(), yield* bound()]
      const { hooks, seen, poll } = yield* watching(receiver)
      hooks.onReport = () => poll.close()
      poll.update(true, false)
      sendRaw(sender, receiver, Uint8Array.of(1))
      yield* moment
      poll.update(true, true)
      yield* moment
      poll.update(false, false)
      poll.close()
      yield* moment
      expect(seen).toEqual(["readable"])
      expect(pollHandles()).toEqual({ all: 0, active: 0 })
    })
  )

  it.scopedLive("does not throw the exception of its callback in other calls", () =>
    Effect.gen(function* () {
      const [sender, receiver] = [yield* bound(), yield* bound()]
      const { hooks, poll } = yield* watching(receiver)
      const defects: Array<unknown> = []
      const others = process.rawListeners("uncaughtException")
      yield* Effect.acquireRelease(
        Effect.sync(() => {
          process.removeAllListeners("uncaughtException")
          process.on("uncaughtException", (defect) => void defects.push(defect))
        }),
        () =>
          Effect.sync(() => {
            process.removeAllListeners("uncaughtException")
            for (const other of others) process.on("uncaughtException", other as NodeJS.UncaughtExceptionListener)
          })
      )
      hooks.onReport = () => {
        poll.update(false, false)
        throw new Error("a defect")
      }
      poll.update(true, false)
      sendRaw(sender, receiver, Uint8Array.of(1))
      yield* moment
      expect(receiveRaw(receiver, 0).count).toBe(1)
      expect(defects.map(String)).toEqual(["Error: a defect"])
    })
  )

  it.scopedLive("reports only an error if only that is of interest: once, and no datagrams", () =>
    Effect.gen(function* () {
      const [sender, receiver] = [yield* bound(), yield* bound()]
      const gone = yield* Effect.scoped(Effect.map(bound(), ({ port }) => port))
      ok(receiver.socket.setOption(0, 11, int(1)))
      const { seen, poll } = yield* watching(receiver)
      sendRaw(sender, receiver, one)
      poll.update(false, false, true)
      yield* moment
      expect(seen).toEqual([])
      sendRaw(receiver, { ...receiver, port: gone }, one)
      yield* moment
      expect(seen).toEqual(["readablewritablefailed"])
      // Until the error is read, each new interest gets a new report.
      poll.update(false, false, true)
      yield* moment
      expect(seen).toHaveLength(2)
      expect(receiveErrorRaw(receiver, 64).count).toBe(1)
      poll.update(false, false, true)
      yield* moment
      expect(seen).toHaveLength(2)
    })
  )

  it.scopedLive("continues after an error of the socket, which ends koffi's reports", () =>
    Effect.gen(function* () {
      const [sender, receiver] = [yield* bound(), yield* bound()]
      const gone = yield* Effect.scoped(Effect.map(bound(), ({ port }) => port))
      // Error reports (IP_RECVERR): an ICMP error is pending on the socket, and poll reports it as a status.
      ok(receiver.socket.setOption(0, 11, int(1)))
      const { hooks, seen, poll } = yield* watching(receiver)
      const faults: Array<string> = []
      hooks.onReport = () => {
        const { count } = receiveRaw(receiver, 64)
        if (isFault(count)) faults.push(count.code)
        poll.update(true, false)
      }
      poll.update(true, false)
      sendRaw(receiver, { ...receiver, port: gone }, Uint8Array.of(1))
      yield* moment
      expect(seen[0]).toBe("readablewritablefailed")
      expect(faults[0]).toBe("ECONNREFUSED")
      // Off again, which also purges the unread error queue.
      ok(receiver.socket.setOption(0, 11, int(0)))
      const taken: Array<number> = []
      hooks.onReport = () => {
        const { count } = receiveRaw(receiver, 64)
        if (typeof count === "number" && count > 0) taken.push(count)
        poll.update(true, false)
      }
      sendRaw(sender, receiver, Uint8Array.of(2))
      yield* moment
      expect(taken).toEqual([1])
    })
  )
})
