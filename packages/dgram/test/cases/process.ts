/** The effects of a socket on its process, shown by child processes. */
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { text } from "node:stream/consumers"
import { describe, expect, it, onTestFinished } from "vitest"
import { bound, freePort, type Kit, message, messages, open, texts } from "../kit.ts"
import { built } from "../programs.ts"

const start = (...words: ReadonlyArray<string>): ChildProcess => {
  // Workers of a cluster are in its group.
  const child = spawn(process.execPath, words, { stdio: ["ignore", "pipe", "pipe"], detached: true })
  onTestFinished(() => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL")
    } catch {
      // It has ended.
    }
  })
  return child
}

/** Runs a program with `createSocket`, and returns what it printed and its exit code. */
const run = async (kit: Kit, code: string) => {
  const imports = `import { createSocket } from ${JSON.stringify(kit.specifier())};`
  const child = start("--input-type=module", "-e", `${imports}\n${code}`)
  if (child.stdout === null || child.stderr === null) throw new Error("The child has no pipes.")
  const [out, err, [status]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")])
  return { out: out.trim().split("\n"), err, status: status as number | null }
}

export const processes = (kit: Kit): unknown =>
  describe("the process", () => {
    it("ends if its socket is not bound", async () => {
      const { status } = await run(kit, `createSocket("udp4")`)
      expect(status).toBe(0)
    })

    it("goes on for a bound socket, which an answer shows, and ends once it is closed", async () => {
      const socket = await bound(kit)
      const asked = message(socket)
      const child = run(
        kit,
        `const socket = createSocket("udp4", (data) => { console.log(String(data)); socket.close() });
         socket.bind(0, "127.0.0.1", () => socket.send("hello", ${socket.address().port}, "127.0.0.1"))`
      )
      const { info } = await asked
      // Nothing else keeps it.
      await new Promise((resolve) => setTimeout(resolve, 200))
      socket.send("are you there", info.port, info.address)
      expect(await child).toMatchObject({ out: ["are you there"], status: 0 })
    })

    it.each([
      ["after it was bound", `socket.bind(0, () => { console.log("bound"); socket.unref() })`],
      ["before it is bound", `socket.unref(); socket.bind(0, () => console.log("bound"))`],
      ["twice", `socket.unref().unref(); socket.bind(0, () => console.log("bound"))`],
      ["and bound by a send", `socket.unref(); socket.send("x", 9, () => console.log("bound"))`],
      ["and connected", `socket.unref(); socket.connect(9, () => console.log("bound"))`]
    ])("ends if its only socket is unreferenced %s", async (_, code) => {
      const { out, status } = await run(kit, `const socket = createSocket("udp4"); ${code}`)
      expect(status).toBe(0)
      expect(out).toStrictEqual(["bound"])
    })

    it("goes on for a socket that is referenced again", async () => {
      const socket = await bound(kit)
      const asked = message(socket)
      const child = run(
        kit,
        `const socket = createSocket("udp4", () => { console.log("message"); socket.close() });
         socket.bind(0, "127.0.0.1", () => {
           socket.unref(); socket.ref();
           socket.send("hello", ${socket.address().port}, "127.0.0.1")
         })`
      )
      const { info } = await asked
      await new Promise((resolve) => setTimeout(resolve, 200))
      socket.send("x", info.port, info.address)
      expect(await child).toMatchObject({ out: ["message"], status: 0 })
    })

    it("ends while one socket is unreferenced, when the other one is closed", async () => {
      const { out, status } = await run(
        kit,
        `const [one, other] = [createSocket("udp4"), createSocket("udp4")];
         one.unref().bind(0, () => other.bind(0, () => other.close(() => console.log("closed"))))`
      )
      expect({ out, status }).toStrictEqual({ out: ["closed"], status: 0 })
    })

    it("ends with an error that no listener takes", async () => {
      const first = await bound(kit)
      const { err, status } = await run(kit, `createSocket("udp4").bind(${first.address().port}, "127.0.0.1")`)
      expect(status).toBe(1)
      expect(err).toContain(`bind EADDRINUSE 127.0.0.1:${first.address().port}`)
    })

    it("sends what was sent before it ends by itself", async () => {
      const socket = await bound(kit)
      const received = messages(socket, 3)
      await run(
        kit,
        `const socket = createSocket("udp4").unref();
         for (const text of ["1", "2", "3"]) socket.send(text, ${socket.address().port}, "127.0.0.1")`
      )
      expect(texts(await received)).toStrictEqual(["1", "2", "3"])
    })
  })

export const clusters = (kit: Kit): unknown =>
  describe("in workers of node:cluster", () => {
    const play = async (scene: string, port: number): Promise<ReadonlyArray<string>> => {
      const child = start(built("children/cluster.ts"), kit.specifier(), scene, String(port))
      if (child.stdout === null || child.stderr === null) throw new Error("The child has no pipes.")
      const [out, err] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")])
      if (err !== "") throw new Error(err)
      return out.trim().split("\n").toSorted()
    }

    it("a bind to one port is shared: both workers listen", async () => {
      const port = await freePort(kit)
      expect(await play("shared", port)).toStrictEqual([`listening ${port}`, `listening ${port}`])
    })

    it("each datagram to a shared port arrives at one worker", async () => {
      const port = await freePort(kit)
      expect(await play("received", port)).toStrictEqual(Array.from({ length: 10 }, (_, i) => `received ${i}`))
    })

    it("an exclusive bind to one port fails in the second worker", async () => {
      const port = await freePort(kit)
      expect(await play("exclusive", port)).toStrictEqual(["failed EADDRINUSE", `listening ${port}`])
    })

    it("a bind to port 0 is shared as well, and gives both the same port", async () => {
      const [one, other] = await play("shared", 0)
      expect(one).toMatch(/^listening [1-9]\d+$/)
      expect(other).toBe(one)
    })

    it("an implicit bind is exclusive: workers that only send have ports of their own", async () => {
      const receiver = open(kit)
      const port = await freePort(kit)
      receiver.bind(port, "127.0.0.1")
      await once(receiver, "listening")
      const received = messages(receiver, 2)
      await play("implicit", port)
      expect(new Set((await received).map(({ info }) => info.port)).size).toBe(2)
    })

    it("a bind that fails in the primary emits its error in the worker", async () => {
      const first = await bound(kit)
      expect(await play("shared", first.address().port)).toStrictEqual(["failed EADDRINUSE", "failed EADDRINUSE"])
    })
  })
