/** Servers: handlers, their failures, and their end. */
import { Datagram, Descriptor, serveOn, withPktInfo, withRights } from "@ancillary/socket"
import { closeSync, openSync } from "node:fs"
import { describe, expect, it, onTestFinished, vi } from "vitest"
import { bind, bytes, closing, first, here, open, pairOf, rejection, sockets, text, turn, until } from "./kit.ts"

const serve: typeof sockets.serve = async (spec, at, handler, options) =>
  closing(await sockets.serve(spec, at, handler, options))

/** Records what is printed to the console. */
const printed = () => {
  const spy = vi.spyOn(console, "error").mockImplementation(() => undefined)
  onTestFinished(() => spy.mockRestore())
  return spy.mock.calls as ReadonlyArray<ReadonlyArray<unknown>>
}

const fail = (message: string): never => {
  throw new Error(message)
}

/** A client, and a function that sends numbers to a server. */
const clientOf = async (to: { readonly address: { toString(): string }; readonly port: number }) => {
  const client = await open()
  const send = (...numbers: ReadonlyArray<number>): void => {
    for (const n of numbers)
      client.trySend({ data: Uint8Array.of(n), to: { address: String(to.address), port: to.port } })
  }
  return { client, send }
}

describe("handlers", () => {
  it("a handler answers, with or without a promise", async () => {
    const spec = Datagram.ipv4.pipe(withPktInfo())
    const server = await serve(spec, here, (asked, socket) =>
      asked.data[0] === 1
        ? Datagram.reply(socket, asked, bytes("later"))
        : void Datagram.tryReply(socket, asked, bytes("now"))
    )
    const { client, send } = await clientOf(server.localAddress)
    send(1, 2)
    const answers = [text((await client.receive()).data), text((await client.receive()).data)]
    expect(answers).toEqual(["later", "now"])
    await until(() => server.stats().handlers.running === 0n)
    expect(server.stats().handlers).toMatchObject({ started: 2n, succeeded: 2n, failed: 0n })
  })

  it("a handler that fails ends its own datagram, and each kind is printed once", async () => {
    const lines = printed()
    const server = await serve(Datagram.ipv4, here, ({ data, from }, socket) => {
      if (data[0] === 1) throw new RangeError("thrown")
      if (data[0] === 2) return Promise.reject(new TypeError("rejected"))
      return socket.send({ data, to: from })
    })
    const { client, send } = await clientOf(server.localAddress)
    send(1, 2, 1, 2, 3)
    expect(first(await client.receive())).toBe(3)
    await until(() => server.stats().handlers.running === 0n)
    expect(server.stats().handlers).toMatchObject({ started: 5n, succeeded: 1n, failed: 4n })
    expect(lines.map(([, error]) => String(error))).toEqual(["RangeError: thrown", "TypeError: rejected"])
    expect(String(lines[0]?.[0])).toMatch(/^The handler of a datagram from 127\.0\.0\.1:\d+ failed/)
  })

  it("onError gets every failure and its sender, and may throw itself", async () => {
    const lines = printed()
    const failures: Array<string> = []
    const onError = (error: unknown, from: unknown): unknown => {
      failures.push(`${String(error)} ${String(from)}`)
      if (failures.length === 1) throw new Error("of the logger")
      return Promise.reject(new Error("of the logger"))
    }
    const server = await serve(
      Datagram.ipv4,
      here,
      ({ data }) => {
        throw new Error(`boom ${data[0]}`)
      },
      { onError }
    )
    const { client, send } = await clientOf(server.localAddress)
    send(1, 2)
    await until(() => failures.length === 2)
    expect(failures).toEqual([`Error: boom 1 ${client.localAddress}`, `Error: boom 2 ${client.localAddress}`])
    expect(lines).toEqual([])
  })

  it.each([
    ["a thenable that throws", () => new Proxy({}, { get: () => () => fail("then") })],
    ["a getter that throws", () => new Proxy({}, { get: () => fail("getter") })],
    ["a promise that rejects with a hostile value", () => Promise.reject(new Proxy({}, { get: () => fail("trap") }))]
  ])("a handler that returns %s fails, and the server goes on", async (_, returned) => {
    printed()
    const server = await serve(Datagram.ipv4, here, ({ data, from }, socket) =>
      data[0] === 1 ? returned() : socket.send({ data, to: from })
    )
    const { client, send } = await clientOf(server.localAddress)
    send(1, 2)
    expect(first(await client.receive())).toBe(2)
    await until(() => server.stats().handlers.running === 0n)
    expect(server.stats().handlers).toMatchObject({ succeeded: 1n, failed: 1n })
  })

  it("at most `concurrency` handlers are pending, and no more datagrams are read", async () => {
    const ends: Array<() => void> = []
    const seen: Array<number | undefined> = []
    const server = await serve(
      Datagram.ipv4,
      here,
      (datagram) => {
        seen.push(first(datagram))
        return new Promise<void>((resolve) => ends.push(resolve))
      },
      { concurrency: 2 }
    )
    const { send } = await clientOf(server.localAddress)
    send(1, 2, 3, 4, 5)
    await until(() => seen.length === 2)
    for (let i = 0; i < 10; i++) await turn()
    expect([seen, server.stats().handlers.running]).toEqual([[1, 2], 2n])
    while (seen.length < 5 || ends.length > 0) {
      ends.shift()?.()
      await turn()
      expect(server.stats().handlers.running <= 2n).toBe(true)
    }
    expect(seen).toEqual([1, 2, 3, 4, 5])
  })

  it("a datagram from the socket's own address is counted and not handled", async () => {
    let handled = 0
    const server = await serve(Datagram.ipv4, here, () => void handled++)
    await server.socket.send({ data: bytes("forged"), to: server.localAddress })
    await until(() => server.stats().fromItself === 1n)
    expect(handled).toBe(0)
  })

  it("a handler has the descriptors of its datagram until it ends", async () => {
    const spec = Datagram.unix.pipe(withRights({ maximum: 1 }))
    const client = closing(await sockets.client(spec))
    const taken: Array<boolean> = []
    const server = await serve(spec, { path: `\0ancillary-promises-${process.pid}` }, async ({ control }) => {
      await turn()
      const [received] = control.rights
      if (received === undefined) return
      const descriptor = Descriptor.take(received)
      taken.push(descriptor.number > 0)
      expect(() => Descriptor.take(received)).toThrow("was taken before")
      descriptor.close()
      descriptor.close()
    })
    const file = openSync("/dev/null", "r")
    for (let i = 0; i < 3; i++)
      await client.send({ data: bytes("x"), to: server.localAddress, control: { rights: [file] } })
    closeSync(file)
    await until(() => server.stats().handlers.succeeded === 3n)
    expect(taken).toEqual([true, true, true])
  })
})

describe("the end of a server", () => {
  it("close stops reading, waits for the handlers, and then closes the socket", async () => {
    const server = await sockets.serve(Datagram.ipv4, here, async ({ data, from }, socket) => {
      await turn()
      await turn()
      await socket.send({ data, to: from })
    })
    const { client, send } = await clientOf(server.localAddress)
    send(1)
    await until(() => server.stats().handlers.started === 1n)
    await server.close()
    expect(first(await client.receive())).toBe(1)
    expect([server.socket.closed, server.stats().handlers.succeeded]).toEqual([true, 1n])
    await server.finished
  })

  it("a handler that takes too long has its signal aborted, and counts as interrupted", async () => {
    const server = await sockets.serve(
      Datagram.ipv4,
      here,
      (_datagram, _socket, signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason as Error))
        }),
      { shutdown: 0 }
    )
    const { send } = await clientOf(server.localAddress)
    send(1)
    await until(() => server.stats().handlers.started === 1n)
    await server.close()
    expect(server.stats().handlers).toMatchObject({ interrupted: 1n, failed: 0n, running: 0n })
  })

  it("a signal stops the server, also before it is bound", async () => {
    const controller = new AbortController()
    const { signal } = controller
    const server = await sockets.serve(Datagram.ipv4, here, () => undefined, { signal })
    controller.abort()
    await server.finished
    expect(server.socket.closed).toBe(true)
    expect(await rejection(sockets.serve(Datagram.ipv4, here, () => undefined, { signal }))).toBe(signal.reason)
  })

  it("the server stops if its socket is closed", async () => {
    const server = await sockets.serve(Datagram.ipv4, here, () => undefined)
    server.socket.close()
    await server.finished
  })

  it("a handler may close its server", async () => {
    const server = await sockets.serve(Datagram.ipv4, here, () => void server.close())
    const { send } = await clientOf(server.localAddress)
    send(1, 2)
    await server.finished
    expect(server.stats().handlers.started).toBe(1n)
  })

  it("a server of serveOn leaves the socket open, and unread datagrams in it", async () => {
    const { send, socket } = await pairOf()
    const seen: Array<number | undefined> = []
    const server = serveOn(socket, (datagram) => {
      seen.push(first(datagram))
      void server.close()
    })
    send(1, 2)
    await server.finished
    expect([seen, first(await socket.receive())]).toEqual([[1], 2])
  })

  it("await using closes a server and a socket", async () => {
    let inner: Awaited<ReturnType<typeof open>>
    let served: Awaited<ReturnType<typeof serve>>
    {
      await using socket = await sockets.bind(Datagram.ipv4, here)
      await using server = await sockets.serve(Datagram.ipv4, here, () => undefined)
      inner = socket
      served = server as never
    }
    expect([inner.closed, served.socket.closed]).toEqual([true, true])
    {
      using socket = await bind(Datagram.ipv4, here)
      inner = socket
    }
    expect(inner.closed).toBe(true)
  })

  it("sends of a handler to a full Unix receiver do not wait", async () => {
    const path = `\0ancillary-promises-full-${process.pid}`
    const receiver = closing(await sockets.bind(Datagram.unix, { path }))
    const client = closing(await sockets.client(Datagram.unix))
    // systemd lets 512 datagrams wait, more than the send buffer of one socket holds.
    for (let sent = 1; sent > 0;) {
      const filler = closing(await sockets.client(Datagram.unix))
      sent = 0
      while (filler.trySend({ data: bytes("x"), to: { path } }) === undefined) sent++
    }
    const server = await serve(Datagram.unix, { path: `${path}-server` }, (_, socket) =>
      socket.send({ data: bytes("y"), to: { path } })
    )
    await client.send({ data: bytes("z"), to: server.localAddress })
    await until(() => server.stats().sendDropped === 1n)
    expect(receiver.closed).toBe(false)
  })
})

describe("options out of range", () => {
  it.each([
    [{ concurrency: 0 }, "concurrency"],
    [{ concurrency: 1.5 }, "concurrency"],
    [{ shutdown: -1 }, "shutdown"],
    [{ sendTimeout: Number.NaN }, "sendTimeout"],
    [{ signal: "now" }, "signal"],
    [{ onError: 1 }, "onError"],
    [7, "options"],
    [null, "options"]
  ])("serve with %j rejects and names %s", async (options, name) => {
    const error = await rejection(sockets.serve(Datagram.ipv4, here, () => undefined, options as never))
    expect(error).toMatchObject({ name: "DatagramBindError", reason: "InvalidArgument" })
    expect(String(error)).toContain(`${name}: `)
  })

  it("a handler or a socket of another type is an error", async () => {
    expect(await rejection(sockets.serve(Datagram.ipv4, here, "f" as never))).toMatchObject({
      reason: "InvalidArgument"
    })
    expect(() => serveOn({} as never, () => undefined)).toThrow("is not a socket. Give one that is bound.")
  })
})
