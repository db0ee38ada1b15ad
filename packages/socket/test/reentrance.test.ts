/** Programs that read, send, abort or close in the middle of a batch. */
import { Datagram, withCoalescing, withErrorReports } from "@ancillary/socket"
import { expect, it } from "vitest"
import { balance, bind, first, here, open, pairOf, rejection, until } from "./kit.ts"

it("a forEach that waited and throws gives back the rest before later datagrams", async () => {
  const { send, socket } = await pairOf()
  const loop = socket.forEach((datagram) => {
    if (first(datagram) !== 1) return
    send(4)
    throw new Error("boom")
  })
  const after = rejection(loop).then(async () => {
    const balanced = balance(socket)
    const order = [await socket.receive(), await socket.receive(), await socket.receive()].map(first)
    return { balanced, order }
  })
  send(0, 1, 2, 3)
  expect(await after).toEqual({ balanced: 0n, order: [2, 3, 4] })
})

it("a reader of events that sends receives each event once", async () => {
  const socket = await bind(Datagram.ipv4.pipe(withErrorReports()), here)
  const dead = (n: number) => socket.send({ data: Uint8Array.of(n), to: { address: "127.0.0.1", port: n } })
  const seen: Array<number | undefined> = []
  const reading = (async () => {
    for await (const event of socket.events()) {
      if (event._tag !== "ErrorReport") continue
      seen.push(event.datagram[0])
      if (seen.length === 1) for (const n of [7, 8, 9]) await dead(n)
    }
  })()
  for (const n of [1, 2, 3]) await dead(n)
  await until(() => seen.length >= 6)
  socket.close()
  await reading
  expect(new Set(seen)).toEqual(new Set([1, 2, 3, 7, 8, 9]))
  expect(seen).toHaveLength(6)
  expect(seen.filter((n) => n === 1 || n === 2 || n === 3)).toEqual([1, 2, 3])
})

it("a reader that is aborted by the one that it wakes loses nothing", async () => {
  const socket = await bind(Datagram.ipv4.pipe(withCoalescing()), here)
  const sender = await open()
  const got: Array<string> = []
  const controller = new AbortController()
  const one = socket
    .receive({ signal: controller.signal })
    .then((each) => void got.push(`one:${first(each)}`))
    .catch(() => undefined)
  const two = socket.receive().then((each) => {
    got.push(`two:${first(each)}`)
    controller.abort()
    return undefined
  })
  await sender.send({ data: Uint8Array.of(1, 1, 2, 2, 3, 3), to: socket.localAddress, segmentSize: 2 })
  await Promise.all([one, two])
  for (;;) {
    const rest = await socket.receiveWithin(0)
    if (rest === undefined) break
    got.push(`rest:${first(rest)}`)
  }
  expect(got.map((each) => each.slice(-1))).toEqual(["1", "2", "3"])
  expect(socket.stats()).toMatchObject({ delivered: 3n, dequeued: 3n })
})

it("a loop whose datagrams are read by its own callback gets the others once", async () => {
  const { send, socket } = await pairOf()
  const seen: Array<string> = []
  send(1, 2, 3, 4)
  const loop = socket.forEach((datagram) => {
    seen.push(`loop ${first(datagram)}`)
    if (first(datagram) === 1) void socket.receive().then((each) => seen.push(`nested ${first(each)}`))
    if (first(datagram) === 4) send(5)
  })
  await until(() => seen.length === 5)
  socket.close()
  await loop
  expect(seen.map((each) => each.slice(-1)).toSorted((a, b) => Number(a) - Number(b))).toEqual([
    "1",
    "2",
    "3",
    "4",
    "5"
  ])
  expect(balance(socket)).toBe(0n)
})

it("an iterator that closes its socket drops and counts the rest of the batch", async () => {
  const { send, socket } = await pairOf()
  send(1, 2, 3)
  for await (const datagram of socket) {
    expect(first(datagram)).toBe(1)
    socket.close()
  }
  expect(socket.stats()).toMatchObject({ dequeued: 3n, delivered: 1n, dropped: 2n, putBack: 0n })
})
