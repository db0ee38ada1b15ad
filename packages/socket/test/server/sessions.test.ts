/** Sessions: keys, inboxes, ends, eviction, migration and the stop of their server. */
import { Datagram, type DatagramServer, DatagramSessionError, type PktInfo, withPktInfo } from "@ancillary/socket"
import { describe, expect, it, onTestFinished, vi } from "vitest"
import { bytes, closing, first, here, open, rejection, sockets, until } from "../kit.ts"

const spec = Datagram.ipv4.pipe(withPktInfo())
type Serve = typeof sockets.serveSessions<"ipv4", PktInfo, never>
type Program = Parameters<Serve>[2]
type Session = Parameters<Program>[0]
type Server = DatagramServer<"ipv4", PktInfo>

const serve = async (program: Program, options?: Parameters<Serve>[3]): Promise<Server> =>
  closing(await sockets.serveSessions(spec, here, program, { shutdown: 0, ...options }))

/** Records what is printed to the console. */
const printed = () => {
  const spy = vi.spyOn(console, "error").mockImplementation(() => undefined)
  onTestFinished(() => spy.mockRestore())
  return spy.mock.calls as ReadonlyArray<ReadonlyArray<unknown>>
}

/** A client, and a function that sends it one datagram for each list of bytes, at once. */
const clientOf = async ({ localAddress: to }: Server) => {
  const client = await open()
  const ask = (...all: ReadonlyArray<ReadonlyArray<number>>): void => {
    for (const each of all) {
      const failed = client.trySend({ data: Uint8Array.from(each), to })
      if (failed !== undefined) throw failed
    }
  }
  return { client, ask }
}

/** Every session has one end, and every datagram one decision. */
const balance = (server: Server): void => {
  const { delivered, fromItself, limits, sessions } = server.stats()
  const { accepted, completed, evicted, failed, idle, inboxFull, refused, running, started, stopped, unkeyed } =
    sessions
  expect(started).toBe(completed + failed + idle + evicted + stopped + running)
  expect(delivered).toBe(accepted + inboxFull + refused + unkeyed + fromItself + limits.rateLimited + limits.loops)
}

const sessionsOf = (server: Server) => server.stats().sessions

/** A promise, and the function that resolves it. */
const gate = () => {
  let open: () => void = () => {}
  const passed = new Promise<void>((resolve) => (open = resolve))
  return { passed, open }
}

/** Resolves when the signal of a session aborts. */
const aborted = ({ signal }: Session) =>
  new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }))

const numbering: Program = async (session) => {
  let n = 0
  for await (const { data } of session) await session.send(Uint8Array.of(data[0] ?? 0, n++))
}

describe("a session", () => {
  it("has the datagrams of one peer in their order, and answers it", async () => {
    const server = await serve(numbering)
    const [one, two] = [await clientOf(server), await clientOf(server)]
    one.ask([10], [11])
    two.ask([20])
    one.ask([12])
    const answers = async (client: typeof one.client, count: number) => {
      const all: Array<ReadonlyArray<number>> = []
      while (all.length < count) all.push([...(await client.receive()).data])
      return all
    }
    expect(await answers(one.client, 3)).toEqual([
      [10, 0],
      [11, 1],
      [12, 2]
    ])
    expect(await answers(two.client, 1)).toEqual([[20, 0]])
    expect(sessionsOf(server)).toMatchObject({ started: 2n, running: 2n, accepted: 4n })
    balance(server)
  })

  it("ends when its program ends, throws or rejects, and another one begins", async () => {
    const errors: Array<string> = []
    const reasons: Array<unknown> = []
    const server = await serve(
      async (session) => {
        session.signal.addEventListener("abort", () =>
          reasons.push((session.signal.reason as { reason: string }).reason)
        )
        const { data } = await session.receive()
        if (data[0] === 1) throw new RangeError("thrown")
      },
      {
        onError: (error, peer) => {
          errors.push(`${String(error)} of ${String(peer)}`)
          throw new Error("of the logger")
        }
      }
    )
    const { ask, client } = await clientOf(server)
    for (const [i, byte] of [1, 2, 2].entries()) {
      ask([byte])
      await until(() => sessionsOf(server).started === BigInt(i + 1) && sessionsOf(server).running === 0n)
    }
    expect(errors).toEqual([`RangeError: thrown of ${client.localAddress}`])
    expect(reasons).toEqual(["Ended", "Ended", "Ended"])
    expect(sessionsOf(server)).toMatchObject({ started: 3n, failed: 1n, completed: 2n })
    balance(server)
  })

  it("of a program that throws at once fails alone, and each kind is printed once", async () => {
    const lines = printed()
    const server = await serve(() => {
      throw new TypeError("boom")
    })
    const { ask } = await clientOf(server)
    ask([1], [2])
    await until(() => sessionsOf(server).failed === 2n)
    expect(lines).toHaveLength(1)
    expect(String(lines[0]?.[0])).toMatch(/^The session of 127\.0\.0\.1:\d+ failed\. Others/)
    balance(server)
  })

  it("of a program that returns no promise ends at once", async () => {
    const server = await serve((session) => void session.trySend(bytes("once")))
    const { ask, client } = await clientOf(server)
    ask([1])
    await client.receive()
    expect(sessionsOf(server)).toMatchObject({ completed: 1n, running: 0n })
  })

  it("has a bounded inbox, and what does not fit is counted", async () => {
    const { open: free, passed } = gate()
    const seen: Array<number | undefined> = []
    const server = await serve(
      async (session) => {
        await passed
        for await (const datagram of session) seen.push(first(datagram))
      },
      { inbox: 3 }
    )
    const { ask } = await clientOf(server)
    ask([1], [2], [3], [4], [5])
    await until(() => sessionsOf(server).inboxFull === 2n)
    free()
    await until(() => seen.length === 3)
    expect(seen).toEqual([1, 2, 3])
    balance(server)
  })

  it("receives within a time, and loses no datagram that comes later", async () => {
    const seen: Array<number | undefined> = []
    const server = await serve(async (session) => {
      for (const wait of [Infinity, 0, 5]) {
        const datagram = await session.receiveWithin(wait)
        seen.push(datagram === undefined ? undefined : first(datagram))
      }
      await session.send(bytes("empty"))
      seen.push(first(await session.receive()))
      await session.send(bytes("done"))
    })
    const { ask, client } = await clientOf(server)
    ask([1])
    await client.receive()
    ask([2])
    await client.receive()
    expect(seen).toEqual([1, undefined, undefined, 2])
  })

  it("waits until the signal of a call aborts, and loses nothing", async () => {
    const seen: Array<unknown> = []
    const server = await serve(async (session) => {
      await session.receive()
      for (const wait of ["receive", "receiveWithin", "datagrams"] as const) {
        const signal = AbortSignal.timeout(1)
        const waiting =
          wait === "receiveWithin"
            ? session.receiveWithin(60_000, { signal })
            : wait === "receive"
              ? session.receive({ signal })
              : session.datagrams({ signal }).next()
        seen.push((await rejection(waiting)) === signal.reason)
      }
      await session.send(bytes("aborted"))
      seen.push(first(await session.receive()))
    })
    const { ask, client } = await clientOf(server)
    ask([1])
    await client.receive()
    ask([7])
    await until(() => seen.length === 4)
    expect(seen).toEqual([true, true, true, 7])
  })
})

describe("an end", () => {
  it("by its idle time aborts the signal, ends loops and rejects waits", async () => {
    const ended: Array<unknown> = []
    const server = await serve(
      async (session) => {
        await session.receive()
        const waits = [session.receive(), session.receiveWithin(60_000), aborted(session)]
        const [one, two] = await Promise.allSettled(waits)
        for await (const _ of session) ended.push("a datagram")
        ended.push([one, two].map((each) => (each?.status === "rejected" ? (each.reason as unknown) : undefined)))
        ended.push(session.signal.reason)
        // It may take leave of its peer.
        await session.send(bytes("bye"))
      },
      { idle: 20 }
    )
    const { ask, client } = await clientOf(server)
    ask([1])
    await client.receive()
    const reason = expect.objectContaining({ reason: "Idle", code: "ERR_SESSION_ENDED" }) as unknown
    expect(ended).toEqual([[reason, reason], reason])
    expect(ended[1]).toBeInstanceOf(DatagramSessionError)
    await until(() => sessionsOf(server).running === 0n)
    expect(sessionsOf(server)).toMatchObject({ idle: 1n, completed: 0n })
    balance(server)
  })

  it("of one session leaves the others, whose datagrams begin their idle time anew", async () => {
    const ended: Array<string> = []
    const server = await serve(
      async (session) => {
        const who = first(await session.receive())
        for await (const _ of session);
        ended.push(`${who}`)
      },
      { idle: 150 }
    )
    const [one, two] = [await clientOf(server), await clientOf(server)]
    one.ask([1])
    two.ask([2])
    await until(() => {
      two.ask([2])
      return ended.length > 0
    })
    expect(ended[0]).toBe("1")
    await until(() => sessionsOf(server).idle === 2n)
    balance(server)
  })

  it("by eviction beyond the maximum is that of the longest idle, validated ones last", async () => {
    const ended: Array<number | undefined> = []
    const server = await serve(
      async (session) => {
        const datagram = await session.receive()
        if (first(datagram) === 1) session.validate()
        await session.send(datagram.data)
        await aborted(session)
        if ((session.signal.reason as DatagramSessionError).reason === "Evicted") ended.push(first(datagram))
        throw new Error("after its end")
      },
      { maximum: 3 }
    )
    for (const byte of [1, 2, 3, 4, 5]) {
      const { ask, client } = await clientOf(server)
      ask([byte])
      await client.receive()
    }
    await until(() => ended.length === 2)
    expect(ended).toEqual([2, 3])
    await until(() => sessionsOf(server).evicted === 2n)
    expect(sessionsOf(server)).toMatchObject({ started: 5n, failed: 0n, running: 3n })
    balance(server)
  })

  it("that its program ignores keeps the number of programs bounded", async () => {
    const { open: free, passed } = gate()
    const server = await serve(() => passed, { maximum: 2 })
    for (const byte of [1, 2, 3, 4, 5, 6]) (await clientOf(server)).ask([byte])
    await until(() => sessionsOf(server).refused === 2n)
    expect(sessionsOf(server)).toMatchObject({ started: 4n, evicted: 0n, running: 4n })
    balance(server)
    free()
    await until(() => sessionsOf(server).running === 0n)
    balance(server)
  })
})

describe("a key from the bytes", () => {
  it("keeps the session if the peer has another address, until migrate accepts it", async () => {
    const server = await serve(
      async (session) => {
        for await (const datagram of session) {
          // 9 stands for a datagram whose authenticity was checked.
          if (datagram.data[1] === 9) session.migrate(datagram)
          await session.send(Uint8Array.of(datagram.data[1] ?? 0))
          expect(session.key).toBe("\u0005")
        }
      },
      { key: ({ data }) => data.subarray(0, 1) }
    )
    const [home, away] = [await clientOf(server), await clientOf(server)]
    home.ask([5, 1])
    expect(first(await home.client.receive())).toBe(1)
    away.ask([5, 2])
    expect(first(await home.client.receive())).toBe(2)
    away.ask([5, 9])
    expect(first(await away.client.receive())).toBe(9)
    home.ask([5, 3])
    expect(first(await away.client.receive())).toBe(3)
    expect(sessionsOf(server)).toMatchObject({ started: 1n, accepted: 4n })
  })

  it("that is missing, invalid or thrown drops the datagram, and is counted", async () => {
    const wrong: ReadonlyArray<() => unknown> = [
      () => undefined,
      () => null,
      () => ({}),
      () => Symbol("key"),
      () => Promise.reject(new Error("boom")),
      () => {
        throw new Error("boom")
      }
    ]
    const server = await serve(() => undefined, { key: ({ data }) => wrong[data[0] ?? 0]?.() as string })
    const { ask } = await clientOf(server)
    ask([0], [1], [2], [3], [4], [5])
    await until(() => sessionsOf(server).unkeyed === 6n)
    expect(sessionsOf(server).started).toBe(0n)
    balance(server)
  })
})

describe("a stop", () => {
  it("ends sessions that wait at once, and gives the others their time", async () => {
    printed()
    const { open: free, passed } = gate()
    const reasons: Array<unknown> = []
    const server = await serve(
      async (session) => {
        const byte = first(await session.receive())
        if (byte === 1) return passed
        if (byte === 2) {
          await aborted(session)
          reasons.push((session.signal.reason as DatagramSessionError).reason)
          return undefined
        }
        if (byte === 3) {
          reasons.push(((await rejection(session.receive())) as DatagramSessionError).reason)
          return undefined
        }
        // Takes what waits in its inbox before it ends.
        await passed
        for await (const datagram of session) reasons.push(first(datagram))
        return undefined
      },
      { shutdown: 200 }
    )
    for (const byte of [1, 2, 3, 4]) (await clientOf(server)).ask([byte], ...(byte === 4 ? [[40], [41]] : []))
    await until(() => sessionsOf(server).accepted === 6n)
    const closed = server.close()
    await until(() => sessionsOf(server).stopped === 1n)
    free()
    expect(await closed).toEqual({ finished: 3, interrupted: 1, abandoned: 0 })
    expect(reasons).toEqual(["Stopped", 40, 41, "Stopped"])
    expect(sessionsOf(server)).toMatchObject({ started: 4n, completed: 1n, stopped: 3n, running: 0n })
    expect(server.socket.closed).toBe(true)
    balance(server)
  })

  it("by a signal, and with the socket", async () => {
    const controller = new AbortController()
    const { signal } = controller
    const server = await serve(numbering, { signal })
    controller.abort()
    await server.finished
    expect(await rejection(serve(numbering, { signal }))).toBe(signal.reason)
    const other = await serve(numbering)
    other.socket.close()
    await other.finished
  })

  it("by the program of a session, and by its key function", async () => {
    const server: Server = await serve(() => void server.close())
    const { ask } = await clientOf(server)
    ask([1])
    await server.finished
    expect(sessionsOf(server).running).toBe(0n)
    const other: Server = await serve(() => undefined, { key: () => (void other.close(), 1) })
    const { ask: askOther } = await clientOf(other)
    askOther([1])
    await other.finished
    balance(other)
  })
})

describe("options", () => {
  const wrong: { readonly [option: string]: ReadonlyArray<unknown> } = {
    key: [1, "key", null],
    maximum: [0, 2 ** 24 + 1, 1.5],
    inbox: [0, 65_537, "1"],
    idle: [0, -1, Number.NaN, "1", null],
    shutdown: [-1, Number.NaN, "1"],
    signal: ["now", {}],
    onError: [1, {}]
  }
  for (const [option, values] of Object.entries(wrong))
    it(`a wrong ${option} is refused before anything is bound`, async () => {
      for (const value of values)
        expect(await rejection(serve(numbering, { [option]: value }))).toMatchObject({
          name: "DatagramBindError",
          reason: "InvalidArgument",
          option
        })
    })

  it("a program that is not a function, or an answer that is not bytes, is refused", async () => {
    expect(String(await rejection(serve(7 as unknown as Program)))).toContain("program: 7 is not a function.")
    const seen: Array<unknown> = []
    const server = await serve(async (session) => {
      seen.push(await rejection(session.send("text" as unknown as Uint8Array)))
      seen.push(session.trySend(7 as unknown as Uint8Array))
      seen.push(await rejection(session.receiveWithin(Number.NaN)))
      for (const datagram of [undefined, {}, { from: "me" }])
        try {
          session.migrate(datagram as never)
        } catch (error) {
          seen.push(error)
        }
    })
    const { ask } = await clientOf(server)
    ask([1])
    await until(() => sessionsOf(server).completed === 1n)
    expect(seen).toHaveLength(6)
    for (const error of seen) expect(error).toMatchObject({ reason: "InvalidArgument" })
  })
})
