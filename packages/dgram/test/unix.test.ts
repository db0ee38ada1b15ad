/** `createSocket("unix_dgram")`, with the methods, events and callbacks of the package unix-dgram. */
import { once } from "node:events"
import { existsSync, mkdtempSync, rmSync } from "node:fs"
import Module, { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, it, onTestFinished } from "vitest"
import * as dgram from "@ancillary/dgram"

const { createSocket } = dgram

/** A path that nothing is bound to. */
const free = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "ancillary-unix-"))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return join(folder, "socket")
}

const make = (...given: readonly [((data: Buffer, info: dgram.UnixRemoteInfo) => void)?]): dgram.UnixSocket => {
  const socket = createSocket("unix_dgram", ...given)
  onTestFinished(() => {
    try {
      socket.close()
    } catch {
      // The test closed it.
    }
  })
  return socket
}

const errorsOf = (socket: dgram.UnixSocket): Array<string> => {
  const seen: Array<string> = []
  socket.on("error", (error: NodeJS.ErrnoException) => seen.push(`${error.syscall} ${error.code}`))
  return seen
}

it("a server receives datagrams to its path in order, with their size and sender", async () => {
  const [path, own] = [free(), free()]
  const seen: Array<unknown> = []
  const server = make((data, { address, path, size }) => seen.push([data.toString(), size, path, address.path ?? null]))
  let listening = 0
  server.on("listening", () => listening++)
  server.bind(path)
  expect([listening, existsSync(path)]).toEqual([1, true])
  const client = make()
  client.bind(own)
  let sent = 0
  client.send(Buffer.from("foobarbaz"), 3, 3, path, () => sent++)
  client.sendto(Buffer.from("second"), 0, 6, path, () => sent++)
  // Callbacks are called before the method returns.
  expect(sent).toBe(2)
  while (seen.length < 2) await once(server, "message")
  expect(seen).toEqual([
    ["bar", 3, own, own],
    ["second", 6, own, own]
  ])
  // The kernel chose its name.
  make().sendto(Buffer.from("x"), 0, 1, path)
  const [, info] = (await once(server, "message")) as [Buffer, dgram.UnixRemoteInfo]
  expect(info.path).toMatch(/^\0[0-9a-f]+$/)
})

it("a datagram larger than the send buffer is EMSGSIZE", () => {
  const path = free()
  make().bind(path)
  const client = make()
  const errors = errorsOf(client)
  client.sendto(Buffer.alloc(1_000_000), 0, 1_000_000, path)
  const given: Array<unknown> = []
  client.sendto(Buffer.alloc(1_000_000), 0, 1_000_000, path, (error) => given.push(error))
  expect(errors).toEqual(["send EMSGSIZE"])
  expect(given).toEqual([expect.objectContaining({ code: "EMSGSIZE", errno: -90, syscall: "send" })])
})

it("a connected client sends without a path, and a failed connect is an error event", async () => {
  const path = free()
  const client = make()
  const errors = errorsOf(client)
  client.connect(path)
  expect(errors).toEqual(["connect ENOENT"])
  const server = make()
  server.bind(path)
  let connected = 0
  client.on("connect", () => connected++)
  client.connect(path)
  expect(connected).toBe(1)
  const results: Array<unknown> = []
  client.send(Buffer.from("ping"), (error) => results.push(error))
  const [data] = (await once(server, "message")) as [Buffer]
  expect([data.toString(), results]).toEqual(["ping", [undefined]])
})

it("a full receiver is congestion, and room again is writable", async () => {
  const path = free()
  const server = make()
  server.bind(path)
  const client = make()
  client.connect(path)
  const congested: Array<string> = []
  const results: Array<string | undefined> = []
  client.on("congestion", (data: Buffer) => congested.push(data.toString()))
  // The event loop does not turn, so the server reads nothing meanwhile.
  for (let i = 0; i < 10_000 && congested.length === 0; i++)
    client.send(Buffer.from(String(i)), (error) =>
      results.push(error === undefined ? undefined : String(Reflect.get(error, "code")))
    )
  expect(congested).toEqual([String(results.length - 1)])
  expect(results.filter((code) => code !== undefined)).toEqual(["congestion"])
  let received = 0
  server.on("message", () => received++)
  await once(client, "writable")
  await new Promise((resolve) => {
    client.send(Buffer.from("again"), resolve)
  })
  while (received < results.length) await once(server, "message")
  expect(received).toBe(results.length)
})

it("errors go to the callback, or are error events, with the codes of the system", () => {
  const path = free()
  const [server, second, client] = [make(), make(), make()]
  server.bind(path)
  const errors = errorsOf(second)
  second.bind(path)
  second.connect(free())
  expect(errors).toEqual(["bind EADDRINUSE", "connect ENOENT"])
  const seen: Array<string | undefined> = []
  const note = (error?: NodeJS.ErrnoException) => void seen.push(error?.code)
  client.send(Buffer.from("x"), note)
  client.send(Buffer.from("x"), 0, 1, free(), note)
  client.close()
  client.send(Buffer.from("x"), 0, 1, path, note)
  expect(seen).toEqual(["ENOTCONN", "ENOENT", "EBADF"])
  expect(() => client.close()).toThrow("close EBADF")
})

it("hot-shots sends its metrics over it, unmodified", async () => {
  const path = free()
  const server = make()
  server.bind(path)
  const require = createRequire(import.meta.url)
  const modules = Module as unknown as { _load: (request: string, ...rest: ReadonlyArray<unknown>) => unknown }
  const load = modules._load
  modules._load = (request, ...rest) =>
    request === "unix-dgram" ? dgram : Reflect.apply(load, Module, [request, ...rest])
  onTestFinished(() => void (modules._load = load))
  const { StatsD } = require("hot-shots") as {
    readonly StatsD: new (options: object) => {
      readonly increment: (name: string, callback: (error?: Error) => void) => void
      readonly close: (callback: () => void) => void
    }
  }
  const client = new StatsD({ protocol: "uds", path, errorHandler: (error: Error) => expect(error).toBeUndefined() })
  const error = await new Promise((resolve) => {
    client.increment("page.views", resolve)
  })
  const [data] = (await once(server, "message")) as [Buffer]
  expect([error ?? undefined, data.toString().trim()]).toEqual([undefined, "page.views:1|c"])
  await new Promise<void>((resolve) => {
    client.close(resolve)
  })
})
