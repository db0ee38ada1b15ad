/** Loops that are left, and iterators that are never finished, hold nothing. */
import { readdirSync } from "node:fs"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { Datagram } from "@ancillary/socket"
import { expect, it } from "vitest"
import { here, pairOf, sockets, turn } from "./kit.ts"

setFlagsFromString("--expose-gc")
const collect = runInNewContext("gc") as () => void

/** Collects until the objects are gone. The limit of the test ends it otherwise. */
const collected = async (objects: ReadonlyArray<WeakRef<object>>): Promise<void> => {
  for (;;) {
    // An object that was looked at is kept until the end of that job.
    await turn()
    collect()
    if (objects.every((one) => one.deref() === undefined)) return
  }
}

const descriptors = (): number => readdirSync("/proc/self/fd").length

it("an iterator that is never finished is collected, whatever it did before", async () => {
  const { send, socket } = await pairOf()
  const { signal } = new AbortController()
  // A function of its own, because the frame of a test keeps its last values.
  const abandon = async (): Promise<WeakRef<object>> => {
    send(1, 2)
    const iterator = socket.datagrams({ signal })
    await iterator.next()
    await socket.receive()
    return new WeakRef(iterator)
  }
  const abandoned: Array<WeakRef<object>> = []
  for (let i = 0; i < 50; i++) abandoned.push(await abandon())
  await collected(abandoned)
  expect(socket.stats()).toMatchObject({ delivered: 100n, putBack: 0n })
})

it("an iterator that waited is collected after its socket or its signal ended it", async () => {
  const abandon = async (aborts: boolean): Promise<WeakRef<object>> => {
    const socket = await sockets.bind(Datagram.ipv4, here)
    const controller = new AbortController()
    const iterator = socket.datagrams({ signal: controller.signal })
    const next = iterator.next()
    if (aborts) controller.abort()
    else socket.close()
    await next.catch(() => undefined)
    socket.close()
    return new WeakRef(iterator)
  }
  const abandoned: Array<WeakRef<object>> = []
  for (let i = 0; i < 20; i++) abandoned.push(await abandon(i % 2 === 0))
  await collected(abandoned)
})

it("sockets and servers that are closed leave no descriptor open", async () => {
  const use = async () => {
    const server = await sockets.serve(Datagram.ipv4, here, ({ data, from }, socket) => socket.send({ data, to: from }))
    const socket = await sockets.client(Datagram.ipv4)
    await socket.send({ data: Uint8Array.of(1), to: { address: "127.0.0.1", port: server.localAddress.port } })
    for await (const _ of socket) break
    void socket.receive().catch(() => undefined)
    socket.close()
    await server.close()
    await sockets.bind(Datagram.ipv4, { address: "192.0.2.1", port: 1 }).catch(() => undefined)
  }
  await use()
  const before = descriptors()
  for (let i = 0; i < 20; i++) await use()
  expect(descriptors()).toBe(before)
})
