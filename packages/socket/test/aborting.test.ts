/** A signal ends each wait, and takes nothing from the socket. */
import { Datagram, type Waiting, withErrorReports, withPktInfo } from "@ancillary/socket"
import { describe, expect, it } from "vitest"
import { balance, bind, bytes, first, here, open, pairOf, rejection, sockets, turn, until } from "./kit.ts"

type Socket = Awaited<ReturnType<typeof open>>

/** Ends a loop with its first datagram. The rest of the batch goes to the next reader. */
const firstOf = async (loop: (f: (datagram: Parameters<typeof first>[0]) => void) => Promise<void>) => {
  let found: { readonly value: number | undefined } | undefined
  const stop = new Error("found")
  try {
    await loop((datagram) => {
      found = { value: first(datagram) }
      throw stop
    })
  } catch (error) {
    if (error !== stop) throw error
  }
  return found?.value
}

/** Each way of reading, as one promise that settles with the first datagram. */
const ways: { readonly [name in string]: (socket: Socket, options: Waiting) => Promise<number | undefined> } = {
  receive: async (socket, options) => first(await socket.receive(options)),
  peek: async (socket, options) => first(await socket.peek(options)),
  receiveWithin: async (socket, options) => (await socket.receiveWithin(600_000, options))?.data[0],
  receiveScattered: async (socket, options) => first(await socket.receiveScattered([1], options)),
  receiveBatch: async (socket, options) => (await socket.receiveBatch(options))[0]?.data[0],
  receiveUpTo: async (socket, options) => (await socket.receiveUpTo(1, options))[0]?.data[0],
  datagrams: async (socket, options) => {
    for await (const datagram of socket.datagrams(options)) return first(datagram)
    return undefined
  },
  outcomes: async (socket, options) => {
    for await (const outcome of socket.outcomes(options)) if ("data" in outcome) return first(outcome)
    return undefined
  },
  forEach: (socket, options) => firstOf((f) => socket.forEach(f, options)),
  forEachBorrowed: (socket, options) => firstOf((f) => socket.forEachBorrowed(f, options))
}

describe.each(Object.keys(ways))("%s", (name) => {
  const read = (socket: Socket, options: Waiting) => ways[name]?.(socket, options) ?? Promise.reject(new Error(name))

  it("a signal that is aborted already rejects with its reason, and takes nothing", async () => {
    const { send, socket } = await pairOf()
    send(1)
    expect(await rejection(read(socket, { signal: AbortSignal.abort("no") }))).toBe("no")
    expect(socket.stats().dequeued).toBe(0n)
  })

  it("a signal that aborts during the wait rejects with its reason, and takes nothing", async () => {
    const { send, socket } = await pairOf()
    const controller = new AbortController()
    const reading = rejection(read(socket, { signal: controller.signal }))
    await turn()
    send(1)
    controller.abort()
    expect(await reading).toMatchObject({ name: "AbortError" })
    expect(first(await socket.receive())).toBe(1)
    expect(socket.stats()).toMatchObject({ dequeued: 1n, delivered: 1n })
  })

  it("readers that are aborted at any point lose nothing", async () => {
    const { send, socket } = await pairOf()
    const got: Array<number | undefined> = []
    for (let n = 0; n < 48; n++) {
      const controller = new AbortController()
      const reading = read(socket, { signal: controller.signal }).then(
        (one) => void (name === "peek" || got.push(one)),
        (error: unknown) => expect(error).toMatchObject({ name: "AbortError" })
      )
      send(n)
      for (let i = 0; i < n % 3; i++) await turn()
      for (let i = 0; i < n % 5; i++) await Promise.resolve()
      controller.abort()
      await reading
    }
    while (got.length < 48) got.push(first(await socket.receive()))
    expect(got).toEqual(Array.from({ length: 48 }, (_, n) => n))
    expect(balance(socket)).toBe(0n)
  })

  it("a value that is no signal is an error of the call", async () => {
    const socket = await open()
    const reading = async () => read(socket, { signal: "now" as never })
    expect(await rejection(reading())).toMatchObject({ reason: "InvalidArgument", code: "ERR_INVALID_ARG_VALUE" })
  })
})

it("a signal that is used for many reads keeps no listener", async () => {
  const { send, socket } = await pairOf()
  const { signal } = new AbortController()
  const listeners = { addEventListener: 0, removeEventListener: 0 }
  const isCounted = (key: unknown): key is keyof typeof listeners => typeof key === "string" && key in listeners
  const counted = new Proxy(signal, {
    get: (target, key) => {
      const value: unknown = Reflect.get(target, key)
      if (typeof value !== "function") return value
      return (...args: ReadonlyArray<unknown>): unknown => {
        if (isCounted(key)) listeners[key]++
        return Reflect.apply(value, target, args)
      }
    }
  })
  for (let n = 0; n < 10; n++) {
    const reading = socket.receive({ signal: counted })
    send(n)
    await reading
  }
  const iterator = socket.datagrams({ signal: counted })
  const next = iterator.next()
  send(0)
  await next
  expect(listeners).toEqual({ addEventListener: 11, removeEventListener: 11 })
})

it("an aborted wait for events takes none", async () => {
  const socket = await bind(Datagram.ipv4.pipe(withErrorReports()), here)
  const controller = new AbortController()
  const next = rejection(socket.events({ signal: controller.signal }).next())
  await turn()
  controller.abort()
  expect(await next).toMatchObject({ name: "AbortError" })
  await socket.send({ data: bytes("?"), to: { address: "127.0.0.1", port: 1 } })
  expect((await socket.events().next()).value).toMatchObject({ code: "ECONNREFUSED" })
})

describe("sending", () => {
  /** Two Unix sockets, one of which is full. */
  const full = async () => {
    const [one, other] = await sockets.pair(Datagram.unix)
    let filled = 0
    while (one.trySend({ data: Uint8Array.of(filled % 256) }) === undefined) filled++
    return { one, other, filled }
  }

  it("an aborted send that waits was not sent", async () => {
    const { filled, one, other } = await full()
    const controller = new AbortController()
    const sending = rejection(one.send({ data: bytes("late") }, { signal: controller.signal }))
    await turn()
    controller.abort()
    expect(await sending).toMatchObject({ name: "AbortError" })
    for (let n = 0; n < filled; n++) await other.receive()
    expect(await other.receiveWithin(0)).toBeUndefined()
    one.close()
    other.close()
  })

  it("an aborted sendAll has sent the first messages once", async () => {
    const { filled, one, other } = await full()
    const controller = new AbortController()
    await other.receive()
    const messages = [1, 2, 3].map((n) => ({ data: Uint8Array.of(n) }))
    const sending = rejection(one.sendAll(messages, { signal: controller.signal }))
    await turn()
    controller.abort()
    expect(await sending).toMatchObject({ name: "AbortError" })
    for (let n = 1; n < filled; n++) await other.receive()
    expect([first(await other.receive()), await other.receiveWithin(0)]).toEqual([1, undefined])
    one.close()
    other.close()
  })

  it("a send that waits goes on when there is room", async () => {
    const { filled, one, other } = await full()
    let isSent = false
    const sending = one.send({ data: bytes("late") }).then(() => (isSent = true))
    await turn()
    expect(isSent).toBe(false)
    for (let n = 0; n < filled; n++) await other.receive()
    await sending
    expect(first(await other.receive())).toBe(bytes("l")[0])
    one.close()
    other.close()
  })

  it("a signal that is aborted already sends nothing", async () => {
    const { sender, socket } = await pairOf()
    const signal = AbortSignal.abort()
    const message = { data: bytes("x"), to: socket.localAddress }
    for (const sending of [sender.send(message, { signal }), sender.sendAll([message], { signal })])
      expect(await rejection(sending)).toMatchObject({ name: "AbortError" })
    expect(sender.stats().sent).toBe(0n)
  })

  it("a reply takes a signal", async () => {
    const server = await bind(Datagram.ipv4.pipe(withPktInfo()), here)
    const client = await open()
    await client.send({ data: bytes("x"), to: server.localAddress })
    const asked = await server.receive()
    const replying = Datagram.reply(server, asked, asked.data, { signal: AbortSignal.abort() })
    expect(await rejection(replying)).toMatchObject({ name: "AbortError" })
    await until(() => true)
  })
})

it("changes of interfaces end if their own loop aborts the signal", async () => {
  const interfaces = await sockets.interfaces()
  const controller = new AbortController()
  const { signal } = controller
  const loop = async () => {
    for await (const { _tag } of interfaces.changes({ signal })) if (_tag === "Added") controller.abort()
  }
  expect(await rejection(loop())).toBe(signal.reason)
})

it("changes of interfaces refuse a text as their signal", async () => {
  const interfaces = await sockets.interfaces()
  const given = { signal: "soon" } as unknown as { readonly signal: AbortSignal }
  expect(() => interfaces.changes(given)).toThrow("signal: 'soon' is not an AbortSignal. Give one, or leave it out.")
})
