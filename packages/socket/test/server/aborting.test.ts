/** Signals of servers and clients: aborted at any step of a start, and objects that only resemble signals. */
import { isServedPort } from "@ancillary/engine/server"
import { Datagram, DatagramSockets, withPktInfo } from "@ancillary/socket"
import { Network } from "@ancillary/testing"
import { describe, expect, it } from "vitest"
import { Injected } from "../../../testing/faults/injected.ts"
import { closing, first, here, rejection, sockets, until } from "../kit.ts"

const spec = Datagram.ipv4.pipe(withPktInfo())
const at = { address: "10.0.0.1", port: 4007 }
type On = ReturnType<typeof DatagramSockets.make>
type Options = { readonly signal: AbortSignal }

const starts = {
  serve: (on: On, options: Options) => on.serve(spec, at, () => undefined, options),
  serveAll: (on: On, options: Options) => on.serveAll(spec, [at, { ...at, port: 4008 }], () => undefined, options),
  serveSessions: (on: On, options: Options) => on.serveSessions(spec, at, () => undefined, options),
  serveInterfaces: (on: On, options: Options) =>
    on.serveInterfaces(spec, { port: at.port, groups: ["239.1.2.3"] }, () => undefined, options)
}

describe.each(Object.entries(starts))("%s", (_, start) => {
  it("ends if its signal aborts at any step of the start, and leaves nothing open", async () => {
    const seen = new Set<string>()
    for (let steps = 0; steps < 24; steps++) {
      const network = Network.make({ seed: 1 })
      const { driver, live } = new Injected(network.host("server", { addresses: ["10.0.0.1/24"] }).driver)
      const controller = new AbortController()
      const { signal } = controller
      const starting = start(
        DatagramSockets.make(() => driver),
        { signal }
      ).then(
        async ({ finished }) => {
          await finished
          return "finished"
        },
        (error: unknown) => (error === signal.reason ? "rejected" : String(error))
      )
      for (let step = 0; step < steps; step++) await Promise.resolve()
      controller.abort()
      seen.add(await starting)
      // The observer of interfaces ends a moment later.
      await until(() => live.observers === 0)
      expect(live).toEqual({ sockets: 0, polls: 0, observers: 0 })
      expect(isServedPort(at.port)).toBe(false)
    }
    expect([...seen].toSorted()).toEqual(["finished", "rejected"])
  })
})

/** An object with the members of a signal, and other ones instead of some. */
const signalWith = (members: object): AbortSignal =>
  ({
    aborted: false,
    reason: "no",
    addEventListener: () => undefined,
    removeEventListener: () => undefined,
    ...members
  }) as unknown as AbortSignal

const boom = () => {
  throw new Error("boom")
}

describe("a request with an object that resembles a signal", () => {
  const lab = async () => {
    const server = closing(
      await sockets.serve(Datagram.ipv4, here, ({ data, from }, socket) => socket.send({ data, to: from }))
    )
    const client = closing(await sockets.makeClient(Datagram.ipv4, { key: ({ data }) => data[0] }))
    const ask = (key: number, signal?: AbortSignal) =>
      client.request({ key, data: Uint8Array.of(key), to: server.localAddress }, { signal })
    return { ask, client }
  }

  it("is refused if it cannot be left, and the client goes on", async () => {
    const { ask, client } = await lab()
    expect(await rejection(ask(1, signalWith({ removeEventListener: undefined })))).toMatchObject({
      reason: "InvalidArgument"
    })
    expect(await rejection(ask(1, signalWith({ addEventListener: boom })))).toMatchObject({ message: "boom" })
    expect(client.stats()).toMatchObject({ started: 0n })
    expect(first(await ask(1))).toBe(1)
  })

  it("is answered although the object throws when it is left, and the client goes on", async () => {
    const { ask, client } = await lab()
    expect(first(await ask(1, signalWith({ removeEventListener: boom })))).toBe(1)
    expect(first(await ask(1))).toBe(1)
    expect(client.stats()).toMatchObject({ answered: 2n, waiting: 0n })
  })

  it("is not sent if a field of it aborts the signal", async () => {
    const { client } = await lab()
    const controller = new AbortController()
    const { signal } = controller
    const request = {
      get key() {
        controller.abort()
        return 1
      },
      data: Uint8Array.of(1),
      to: { ...here, port: 9 }
    }
    expect(await rejection(client.request(request, { signal }))).toBe(signal.reason)
    expect(client.stats()).toMatchObject({ started: 0n, waiting: 0n })
  })
})

it("a server whose sockets cannot be closed closes all of them, and finishes", async () => {
  const network = Network.make({ seed: 1 })
  const { driver } = network.host("server", { addresses: ["10.0.0.1/24"] })
  let closed = 0
  const failing = {
    ...driver,
    open: (kind: Parameters<typeof driver.open>[0]) => {
      const native = driver.open(kind)
      if ("errno" in native) return native
      return {
        ...native,
        close: () => {
          closed++
          native.close()
          throw new Error("boom")
        }
      }
    }
  }
  const server = await DatagramSockets.make(() => failing).serveAll(spec, [at, { ...at, port: 4008 }], () => undefined)
  expect(await rejection(server.close())).toMatchObject({ message: "boom" })
  await server.finished
  expect(closed).toBe(2)
  await until(() => !isServedPort(at.port))
})
