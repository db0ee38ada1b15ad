/** The ways of reading, each on a real socket. */
import {
  Datagram,
  DatagramFault,
  DatagramFaultError,
  DatagramReceiveError,
  withErrorReports,
  withHopLimit,
  withOptional,
  withPktInfo,
  withScatter,
  withTimestamp
} from "@ancillary/socket"
import { describe, expect, it } from "vitest"
import {
  balance,
  bind,
  bytes,
  closing,
  first,
  here,
  open,
  pairOf,
  rejection,
  sockets,
  text,
  turn,
  until
} from "./kit.ts"

describe("receive", () => {
  it("returns the data, the sender and the control messages", async () => {
    const socket = await bind(Datagram.ipv4.pipe(withPktInfo(), withHopLimit(), withOptional(withTimestamp())), here)
    const to = socket.localAddress
    await socket.send({ data: bytes("hello"), to, control: { hopLimit: 9 } })
    const { control, data, delivery, from, truncated } = await socket.receive()
    const destination = String(control.pktInfo.destination)
    expect([text(data), String(from), control.hopLimit, destination]).toEqual(["hello", String(to), 9, "127.0.0.1"])
    expect([delivery, truncated, typeof control.timestamp]).toEqual(["unicast", undefined, "bigint"])
  })

  it("two readers receive distinct datagrams in the order of their calls", async () => {
    const { send, socket } = await pairOf()
    const readers = [socket.receive(), socket.receive()]
    send(1, 2)
    expect((await Promise.all(readers)).map(first)).toEqual([1, 2])
  })

  it("fails with the fault of a datagram as an error, and the next read goes on", async () => {
    const socket = await bind(Datagram.ipv4.pipe(withScatter(2)), here)
    for (const data of ["long", "ok"]) await socket.send({ data: bytes(data), to: socket.localAddress })
    const error = await rejection(socket.receive())
    expect(error).toBeInstanceOf(DatagramFaultError)
    expect(error).toMatchObject({ reason: "DataTruncated", name: "DatagramFaultError" })
    expect(String(error)).toMatch(/^DatagramFaultError: A datagram from 127\.0\.0\.1:\d+: a datagram of 4 bytes/)
    expect(text((await socket.receive()).data)).toBe("ok")
    expect(balance(socket)).toBe(0n)
  })

  it("rejects with Closed when the socket is closed", async () => {
    const socket = await open()
    const reader = rejection(socket.receive())
    socket.close()
    const error = await reader
    expect(error).toBeInstanceOf(DatagramReceiveError)
    expect(error).toMatchObject({ reason: "Closed", code: "ERR_SOCKET_CLOSED", syscall: "close" })
    expect(await rejection(socket.receive())).toMatchObject({ reason: "Closed" })
    expect(() => socket.descriptor).toThrow("The socket is closed")
    expect(socket.closed).toBe(true)
  })

  it("rejects with the refusal of a connected peer, and the next read goes on", async () => {
    const peer = await open()
    const socket = closing(await sockets.connect(Datagram.ipv4, peer.localAddress))
    peer.close()
    await socket.send({ data: bytes("?") })
    expect(await rejection(socket.receive())).toMatchObject({ reason: "ConnectionRefused", code: "ECONNREFUSED" })
    expect(await socket.receiveWithin(0)).toBeUndefined()
  })
})

describe("receiveWithin", () => {
  it("returns a waiting datagram, and one that comes during the wait", async () => {
    const { send, socket } = await pairOf()
    send(7)
    expect((await socket.receiveWithin(0))?.data[0]).toBe(7)
    const reader = socket.receiveWithin(60_000)
    send(8)
    expect((await reader)?.data[0]).toBe(8)
  })

  it.each([0, 5, -1])("returns undefined after %s ms without a datagram", async (milliseconds) => {
    expect(await (await open()).receiveWithin(milliseconds)).toBeUndefined()
  })

  it.each([2 ** 40, Infinity])("waits for a datagram with a limit of %s ms", async (milliseconds) => {
    const { send, socket } = await pairOf()
    const reader = socket.receiveWithin(milliseconds)
    await turn()
    send(1)
    expect((await reader)?.data[0]).toBe(1)
  })
})

describe("batches", () => {
  it("receiveBatch returns an array in order", async () => {
    const { send, socket } = await pairOf()
    send(1, 2, 3)
    expect((await socket.receiveBatch()).map(first)).toEqual([1, 2, 3])
  })

  it("receiveUpTo leaves the rest in the queue", async () => {
    const { send, socket } = await pairOf()
    send(1, 2, 3)
    expect((await socket.receiveUpTo(2)).map(first)).toEqual([1, 2])
    expect((await socket.receiveUpTo(2)).map(first)).toEqual([3])
  })

  it("receiveScattered returns the parts", async () => {
    const socket = await open()
    await socket.send({ data: bytes("headbody"), to: socket.localAddress })
    const { parts } = await socket.receiveScattered([4, 10])
    expect(parts.map(text)).toEqual(["head", "body"])
  })

  it("peek leaves the datagram in the queue", async () => {
    const { send, socket } = await pairOf()
    const seen = socket.peek()
    send(5)
    expect(first(await seen)).toBe(5)
    expect([first(await socket.peek()), first(await socket.receive())]).toEqual([5, 5])
  })
})

describe("for await", () => {
  it("gets each datagram in order, those that wait and those that come later", async () => {
    const { send, socket } = await pairOf()
    const got: Array<number | undefined> = []
    send(1, 2)
    for await (const datagram of socket) {
      got.push(first(datagram))
      if (got.length === 2) send(3, 4)
      if (got.length === 4) break
    }
    expect(got).toEqual([1, 2, 3, 4])
    expect(balance(socket)).toBe(0n)
  })

  it.each(["break", "throw"])("left by %s, it leaves the rest of its batch in the socket", async (how) => {
    const { send, socket } = await pairOf()
    send(1, 2, 3)
    const loop = async () => {
      for await (const datagram of socket) {
        if (how === "throw") throw new Error(`boom ${first(datagram)}`)
        break
      }
    }
    if (how === "throw") await expect(loop()).rejects.toThrow("boom 1")
    else await loop()
    expect([first(await socket.receive()), first(await socket.receive())]).toEqual([2, 3])
    expect(socket.stats()).toMatchObject({ dequeued: 3n, delivered: 3n, putBack: 0n })
  })

  it("an iterator that is never finished holds no datagram", async () => {
    const { send, socket } = await pairOf()
    send(1, 2, 3)
    const { value } = await socket[Symbol.asyncIterator]().next()
    expect(value?.data[0]).toBe(1)
    expect((await socket.receiveBatch()).map(first)).toEqual([2, 3])
  })

  it("ends when the socket is closed", async () => {
    const { send, socket } = await pairOf()
    const got: Array<number | undefined> = []
    send(1)
    for await (const datagram of socket) {
      got.push(first(datagram))
      setImmediate(() => socket.close())
    }
    expect(got).toEqual([1])
    for await (const datagram of socket) expect(datagram).toBeUndefined()
  })

  it("several calls of next wait, and get their datagrams in order", async () => {
    const { send, socket } = await pairOf()
    const iterator = socket.datagrams()
    const waiting = [iterator.next(), iterator.next(), iterator.next()]
    send(1, 2)
    const [one, two] = await Promise.all(waiting.slice(0, 2))
    expect([one?.value?.data[0], two?.value?.data[0]]).toEqual([1, 2])
    expect(await iterator.return?.()).toEqual({ value: undefined, done: true })
    expect(await waiting[2]).toEqual({ value: undefined, done: true })
    expect(await iterator.next()).toEqual({ value: undefined, done: true })
  })

  it("two loops over one socket share its datagrams", async () => {
    const { send, socket } = await pairOf()
    const got: Array<number | undefined> = []
    const loop = async () => {
      for await (const datagram of socket) {
        got.push(first(datagram))
        if (got.length >= 20) socket.close()
      }
    }
    const loops = [loop(), loop()]
    send(...Array.from({ length: 20 }, (_, n) => n))
    await Promise.all(loops)
    expect(got.toSorted((a, b) => (a ?? 0) - (b ?? 0))).toEqual(Array.from({ length: 20 }, (_, n) => n))
  })

  it("a flood of 5,000 datagrams keeps its order, and timers have their turn", async () => {
    const { send, socket } = await pairOf()
    let [expected, timers] = [0, 0]
    const timer = setInterval(() => timers++, 1)
    let sent = 0
    const more = () => {
      for (let i = 0; i < 50 && sent < 5000; i++) send(sent++ % 256)
      if (sent < 5000) setImmediate(more)
    }
    more()
    for await (const datagram of socket) {
      expect(first(datagram)).toBe(expected++ % 256)
      if (expected === 5000) break
    }
    clearInterval(timer)
    expect([expected, timers > 0]).toEqual([5000, true])
  })

  it("faults are counted and skipped, and outcomes returns them", async () => {
    const socket = await bind(Datagram.ipv4.pipe(withScatter(2)), here)
    const send = async () => {
      for (const data of ["ok", "long", "on"]) await socket.send({ data: bytes(data), to: socket.localAddress })
    }
    await send()
    const got: Array<string> = []
    for await (const { data } of socket) {
      got.push(text(data))
      if (got.length === 2) break
    }
    await send()
    for await (const outcome of socket.outcomes()) {
      got.push(outcome instanceof DatagramFault ? `fault ${outcome.reason}` : text(outcome.data))
      if (got.length === 5) break
    }
    expect(got).toEqual(["ok", "on", "ok", "fault DataTruncated", "on"])
    expect(socket.stats()).toMatchObject({ dequeued: 6n, delivered: 4n, faults: { DataTruncated: 2n } })
  })
})

describe("events", () => {
  it("has a report of each refused datagram, and a loop that is left early loses none", async () => {
    const socket = await bind(Datagram.ipv4.pipe(withErrorReports()), here)
    for (const port of [1, 2, 3]) await socket.send({ data: Uint8Array.of(port), to: { address: "127.0.0.1", port } })
    const seen: Array<number | undefined> = []
    for (let i = 0; i < 3; i++) {
      for await (const event of socket.events()) {
        if (event._tag !== "ErrorReport") continue
        expect([event.code, event.mtu]).toEqual(["ECONNREFUSED", undefined])
        seen.push(event.datagram[0])
        break
      }
    }
    expect(seen).toEqual([1, 2, 3])
  })

  it("two readers receive distinct events, and both end with the socket", async () => {
    const socket = await bind(Datagram.ipv4.pipe(withErrorReports()), here)
    const seen: Array<number | undefined> = []
    const read = async () => {
      for await (const event of socket.events()) if (event._tag === "ErrorReport") seen.push(event.datagram[0])
    }
    const readers = [read(), read()]
    for (const port of [1, 2, 3]) await socket.send({ data: Uint8Array.of(port), to: { address: "127.0.0.1", port } })
    await until(() => seen.length === 3)
    socket.close()
    await Promise.all(readers)
    expect(new Set(seen)).toEqual(new Set([1, 2, 3]))
    expect(seen).toHaveLength(3)
  })
})

describe("loops without a promise", () => {
  it.each(["forEach", "forEachBorrowed"] as const)("%s calls its function until the socket is closed", async (name) => {
    const { send, socket } = await pairOf()
    const got: Array<number | undefined> = []
    const loop = socket[name]((datagram) => void got.push(first(datagram)))
    send(1, 2, 3)
    await until(() => got.length === 3)
    socket.close()
    expect(await loop).toBeUndefined()
    expect(got).toEqual([1, 2, 3])
  })

  it("a forEach that throws rejects with it, and gives back the rest in order", async () => {
    const { send, socket } = await pairOf()
    send(1, 2, 3)
    const boom = new RangeError("boom")
    const error = await rejection(
      socket.forEach(() => {
        throw boom
      })
    )
    expect(error).toBe(boom)
    expect(socket.stats().putBack).toBe(2n)
    send(4)
    const rest = [await socket.receive(), await socket.receive(), await socket.receive()]
    expect(rest.map(first)).toEqual([2, 3, 4])
  })

  it("forEachBorrowed lends each view until its function returns", async () => {
    const { send, socket } = await pairOf()
    const lent: Array<Uint8Array> = []
    const seen: Array<number | undefined> = []
    void socket.forEachBorrowed(({ data }) => {
      seen.push(data[0])
      lent.push(data)
    })
    send(1, 2)
    await until(() => seen.length === 2)
    expect([seen, lent.map(({ byteLength }) => byteLength)]).toEqual([
      [1, 2],
      [0, 0]
    ])
  })

  it("a forEach may answer without a promise", async () => {
    const server = await bind(Datagram.ipv4.pipe(withPktInfo()), here)
    void server.forEach((asked) => void Datagram.tryReply(server, asked, asked.data))
    const asking = await open()
    await asking.send({ data: bytes("ping"), to: server.localAddress })
    expect(text((await asking.receive()).data)).toBe("ping")
  })
})

it("a loop of receiveWithin(0) gives the event loop its turns", async () => {
  const { send, socket } = await pairOf()
  let turns = 0
  const count = () => {
    if (++turns < 10) setImmediate(count)
    else send(1)
  }
  setImmediate(count)
  let got = await socket.receiveWithin(0)
  while (got === undefined) got = await socket.receiveWithin(0)
  expect([first(got), turns]).toEqual([1, 10])
})
