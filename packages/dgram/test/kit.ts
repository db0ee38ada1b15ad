/** The two makers of sockets that the same cases run against, and what the cases need around a socket. */
import dgram, * as node from "node:dgram"
import { once } from "node:events"
import { pathToFileURL } from "node:url"
import { afterEach } from "vitest"
import * as ours from "@ancillary/dgram"
import { built } from "./programs.ts"

export type Type = "udp4" | "udp6"

/** One maker of sockets: `node:dgram`, or ours. */
export interface Kit {
  readonly name: "node:dgram" | "@ancillary/dgram"
  readonly createSocket: typeof ours.createSocket
  readonly Socket: typeof ours.Socket
  /** The value of `import dgram from`, as the documentation of Node writes it. */
  readonly imported: Pick<Kit, "createSocket" | "Socket">
  /** The module that a child process imports. */
  readonly specifier: () => string
  /** Parts of the documentation that came after Node 20. */
  readonly has: {
    readonly blockLists: boolean
    readonly reusePort: boolean
    readonly bindSync: boolean
    /** An address of the socket's family is not looked up, and a closed socket emits neither `listening` nor `connect`. */
    readonly literals: boolean
  }
}

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number)

export const nodeKit: Kit = {
  name: "node:dgram",
  createSocket: node.createSocket as unknown as Kit["createSocket"],
  Socket: node.Socket as unknown as Kit["Socket"],
  imported: dgram as unknown as Kit["imported"],
  specifier: () => "node:dgram",
  has: {
    blockLists: major > 22 || (major === 22 && minor >= 13),
    reusePort: major > 22 || (major === 22 && minor >= 12),
    bindSync: "bindSync" in node.Socket.prototype,
    literals: "bindSync" in node.Socket.prototype
  }
}

export const ourKit: Kit = {
  name: "@ancillary/dgram",
  createSocket: ours.createSocket,
  Socket: ours.Socket,
  imported: ours.default,
  specifier: () => pathToFileURL(built("../src/index.ts")).href,
  has: { blockLists: true, reusePort: true, bindSync: true, literals: true }
}

export const loopback = { udp4: "127.0.0.1", udp6: "::1" } as const
export const any = { udp4: "0.0.0.0", udp6: "::" } as const
export const familyOf = { udp4: "IPv4", udp6: "IPv6" } as const

/** A host name that no resolver asks a server for: its first label is longer than a label may be. */
export const noHost = `${"x".repeat(64)}.invalid`

const opened = new Set<ours.Socket>()

/** Closes what a test left open. */
export const closeAfterEach = (): void => {
  afterEach(async () => {
    for (const socket of opened) await closed(socket)
    opened.clear()
  })
}

/** A socket that is closed at the end of the test. */
export const open = (
  kit: Kit,
  options: Parameters<Kit["createSocket"]>[0] = "udp4",
  listener?: Parameters<Kit["createSocket"]>[1]
): ours.Socket => {
  const socket = kit.createSocket(options, listener)
  opened.add(socket)
  return socket
}

/** Closes a socket, unless it is closed. */
export const closed = async (socket: ours.Socket): Promise<void> => {
  try {
    const end = once(socket, "close")
    socket.removeAllListeners("error").on("error", () => undefined)
    socket.close()
    await end
  } catch {
    // It was closed.
  }
}

/** Binds to the loopback address. */
export const listening = async (socket: ours.Socket, port = 0): Promise<ours.Socket> => {
  const done = once(socket, "listening")
  socket.bind(port, loopback[socket.type])
  await done
  return socket
}

export const bound = (
  kit: Kit,
  options: Parameters<Kit["createSocket"]>[0] = "udp4",
  listener?: Parameters<Kit["createSocket"]>[1]
): Promise<ours.Socket> => listening(open(kit, options, listener))

export interface Received {
  readonly data: Buffer
  readonly info: ours.RemoteInfo
}

/** The next datagram. */
export const message = async (socket: ours.Socket): Promise<Received> => {
  const [data, info] = (await once(socket, "message")) as [Buffer, ours.RemoteInfo]
  return { data, info }
}

/** The next datagrams, in order. */
export const messages = (socket: ours.Socket, count: number): Promise<ReadonlyArray<Received>> =>
  new Promise((resolve, reject) => {
    const all: Array<Received> = []
    socket.once("error", reject)
    socket.on("message", (data, info) => {
      if (all.push({ data, info }) === count) resolve(all)
    })
  })

export const texts = (received: ReadonlyArray<Received>): ReadonlyArray<string> =>
  received.map(({ data }) => data.toString())

/** The arguments of a callback's first call. */
export const called = <A extends ReadonlyArray<unknown>>(f: (callback: (...args: A) => void) => void): Promise<A> =>
  new Promise((resolve) => {
    f((...args) => resolve(args))
  })

/** The error of a call that throws. */
export const thrown = (f: () => unknown): NodeJS.ErrnoException => {
  try {
    f()
  } catch (error) {
    return error as NodeJS.ErrnoException
  }
  throw new Error("The call did not throw.")
}

/** Some turns of the event loop, in which all that is due happens. */
export const turns = async (count = 8): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve))
}

/** A port at which no socket is, on the loopback address of both families: one that a socket had a moment ago. */
export const freePort = async (kit: Kit, type: Type = "udp4"): Promise<number> => {
  const socket = await bound(kit, type)
  const { port } = socket.address()
  await closed(socket)
  return port
}
