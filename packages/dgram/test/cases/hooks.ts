import { AsyncLocalStorage, createHook } from "node:async_hooks"
import { subscribe, unsubscribe } from "node:diagnostics_channel"
import { describe, expect, it } from "vitest"
import { bound, called, type Kit, message, open, turns } from "../kit.ts"

export const hooks = (kit: Kit): unknown =>
  describe("hooks", () => {
    it("the channel udp.socket publishes each socket that is made", () => {
      const seen: Array<unknown> = []
      const listener = (published: unknown) => void seen.push((published as { socket: unknown }).socket)
      subscribe("udp.socket", listener)
      try {
        const socket = open(kit)
        expect(seen).toStrictEqual([socket])
      } finally {
        unsubscribe("udp.socket", listener)
      }
    })

    it("an async hook sees a resource of the type UDPWRAP for each socket", () => {
      const types: Array<string> = []
      const hook = createHook({ init: (_, type) => void types.push(type) }).enable()
      open(kit)
      hook.disable()
      expect(types).toContain("UDPWRAP")
    })

    it("a listener of message has the storage of createSocket", async () => {
      const storage = new AsyncLocalStorage<string>()
      const socket = storage.run("created", () => open(kit))
      await storage.run("bound", () => called<[]>((done) => socket.bind(0, "127.0.0.1", done)))
      const seen = new Promise((resolve) => socket.on("message", () => resolve(storage.getStore())))
      storage.run("sent", () => socket.send("x", socket.address().port, "127.0.0.1"))
      expect(await seen).toBe("created")
    })

    it("each of several datagrams is delivered with the storage of createSocket", async () => {
      const storage = new AsyncLocalStorage<string>()
      const socket = storage.run("created", () => open(kit))
      await called<[]>((done) => socket.bind(0, "127.0.0.1", done))
      const seen: Array<string | undefined> = []
      const all = new Promise<void>((resolve) => {
        socket.on("message", () => {
          if (seen.push(storage.getStore()) === 5) resolve()
        })
      })
      for (let i = 0; i < 5; i++) storage.run(`sent ${i}`, () => socket.send("x", socket.address().port, "127.0.0.1"))
      await all
      expect(seen).toStrictEqual(Array(5).fill("created"))
    })

    it("callbacks of send have the storage of their call", async () => {
      const storage = new AsyncLocalStorage<string>()
      const socket = await bound(kit)
      const seen: Array<string | undefined> = []
      await called((done) => {
        for (const name of ["one", "two", "three"])
          storage.run(name, () =>
            socket.send("x", socket.address().port, "127.0.0.1", () => {
              if (seen.push(storage.getStore()) === 3) done()
            })
          )
      })
      expect(seen).toStrictEqual(["one", "two", "three"])
    })

    it("callbacks of bind, connect and close have the storage of their call", async () => {
      const storage = new AsyncLocalStorage<string>()
      const socket = open(kit)
      const seen: Array<string | undefined> = []
      const note = (done: () => void) => () => {
        seen.push(storage.getStore())
        done()
      }
      await called<[]>((done) => storage.run("bind", () => socket.bind(0, "127.0.0.1", note(done))))
      await called<[]>((done) => storage.run("connect", () => socket.connect(9, "127.0.0.1", note(done))))
      await called<[]>((done) => storage.run("close", () => socket.close(note(done))))
      expect(seen).toStrictEqual(["bind", "connect", "close"])
    })

    it("a promise of once resolves with the first datagram", async () => {
      const socket = await bound(kit)
      const received = message(socket)
      socket.send("hello", socket.address().port, "127.0.0.1")
      expect((await received).data.toString()).toBe("hello")
      await turns(1)
    })
  })
