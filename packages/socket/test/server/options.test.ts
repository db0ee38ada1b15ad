/** Options of a server: what happens beyond the concurrency, time limits, the report of a stop. */
import { Datagram, withPktInfo } from "@ancillary/socket"
import { describe, expect, it, onTestFinished, vi } from "vitest"
import { bytes, closing, first, here, open, rejection, sockets, until } from "../kit.ts"

const spec = Datagram.ipv4.pipe(withPktInfo())
const serve: typeof sockets.serve = async (spec, at, handler, options) =>
  closing(await sockets.serve(spec, at, handler, options))

/** Records what is printed to the console. */
const printed = () => {
  const spy = vi.spyOn(console, "error").mockImplementation(() => undefined)
  onTestFinished(() => spy.mockRestore())
  return spy.mock.calls as ReadonlyArray<ReadonlyArray<unknown>>
}

/** A promise, and the function that resolves it. */
const gate = () => {
  let open: () => void = () => {}
  const passed = new Promise<void>((resolve) => (open = resolve))
  return { passed, open }
}

/** Sends one datagram for each number to a server. */
const ask = async (to: Parameters<Awaited<ReturnType<typeof open>>["send"]>[0]["to"], ...numbers: Array<number>) => {
  const client = await open()
  for (const n of numbers) await client.send({ data: Uint8Array.of(n), to })
  return client
}

describe("beyond the concurrency", () => {
  for (const [overflow, handled] of [
    ["wait", [1, 2, 3, 4]],
    ["drop", [1, 2]]
  ] as const)
    it(`with overflow "${overflow}" the handlers get ${handled.join(", ")} of four datagrams`, async () => {
      const seen: Array<number | undefined> = []
      const { open: free, passed } = gate()
      const server = await serve(
        spec,
        here,
        ({ data }) => {
          seen.push(data[0])
          return passed
        },
        { concurrency: 2, overflow }
      )
      await ask(server.localAddress, 1, 2, 3, 4)
      await until(() => server.stats().handlers.started + server.stats().overflow === (overflow === "drop" ? 4n : 2n))
      free()
      await until(() => server.stats().handlers.succeeded === BigInt(handled.length))
      expect(seen).toEqual(handled)
      const { delivered, handlers, overflow: dropped } = server.stats()
      expect(delivered).toBe(handlers.started + dropped)
      expect(dropped).toBe(BigInt(4 - handled.length))
    })
})

describe("a time limit", () => {
  it("aborts the handler, frees its place, is counted and printed once", async () => {
    const lines = printed()
    const aborted: Array<number | undefined> = []
    const server = await serve(
      spec,
      here,
      (asked, socket, signal) => {
        signal.addEventListener("abort", () => aborted.push(first(asked)))
        if (first(asked) === 3) return Datagram.reply(socket, asked, bytes("on"))
        return new Promise(() => {})
      },
      { timeLimit: 20, concurrency: 2 }
    )
    // The third can only be answered in the place of one of the others.
    const client = await ask(server.localAddress, 1, 2, 3)
    await client.receive()
    await until(() => server.stats().handlers.timedOut === 2n)
    expect(aborted).toEqual([1, 2])
    expect(server.stats().handlers).toMatchObject({ started: 3n, succeeded: 1n, failed: 0n, running: 0n })
    expect(lines).toHaveLength(1)
    expect(String(lines[0]?.[0])).toContain("took longer than timeLimit")
  })

  it("is given to onError, and a handler that rejects later counts only once", async () => {
    const errors: Array<unknown> = []
    const { open: free, passed } = gate()
    const server = await serve(spec, here, () => passed.then(() => Promise.reject(new Error("late"))), {
      timeLimit: 10,
      onError: (error) => errors.push(error)
    })
    await ask(server.localAddress, 1)
    await until(() => errors.length === 1)
    free()
    await passed
    await until(() => server.stats().handlers.running === 0n)
    expect(String(errors[0])).toMatch(/^TimeoutError: The handler took longer than timeLimit, 10 ms\./)
    expect(errors).toHaveLength(1)
    expect(server.stats().handlers).toMatchObject({ started: 1n, failed: 0n, timedOut: 1n })
  })

  it("does not end handlers that are shorter", async () => {
    const server = await serve(spec, here, (asked, socket) => Datagram.reply(socket, asked, asked.data), {
      timeLimit: 10_000
    })
    const client = await ask(server.localAddress, 1)
    expect(first(await client.receive())).toBe(1)
    await until(() => server.stats().handlers.running === 0n)
    expect(server.stats().handlers).toMatchObject({ succeeded: 1n, timedOut: 0n })
  })
})

describe("a stop", () => {
  it("resolves with the handlers that finished and were interrupted", async () => {
    printed()
    const { open: free, passed } = gate()
    const server = await serve(
      spec,
      here,
      ({ data }, _, signal) =>
        data[0] === 1 ? passed : new Promise((resolve) => signal.addEventListener("abort", resolve)),
      // With a limit, each handler has a signal of its own, which aborts with the server, too.
      { shutdown: 50, timeLimit: 60_000 }
    )
    await ask(server.localAddress, 1, 2, 2)
    await until(() => server.stats().handlers.running === 3n)
    const closed = server.close()
    free()
    expect(await closed).toEqual({ finished: 1, interrupted: 2, abandoned: 0 })
  })
})

describe("options", () => {
  const wrong: { readonly [option: string]: ReadonlyArray<unknown> } = {
    overflow: ["queue", 1, null, {}],
    timeLimit: [0, -1, Number.NaN, "20", null, 1n]
  }
  for (const [option, values] of Object.entries(wrong))
    it(`a wrong ${option} is refused`, async () => {
      for (const value of values) {
        const error = await rejection(serve(spec, here, () => undefined, { [option]: value }))
        expect(error).toMatchObject({ reason: "InvalidArgument", option })
      }
    })
})
