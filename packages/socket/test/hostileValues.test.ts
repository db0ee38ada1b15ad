/** Values that the compiler would reject, given to each function: a typed error of the call, and the socket still works. */
import { Abi } from "@ancillary/control"
import { Datagram, Descriptor, HostName, Interfaces, SocketOption, withPktInfo } from "@ancillary/socket"
import { describe, expect, it } from "vitest"
import { bind, bytes, here, open, sockets, text } from "./kit.ts"

const trap = (): never => {
  throw new Error("trap")
}
const revoked = () => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}
const circle: { self?: unknown } = {}
circle.self = circle

/** Values of every kind, by a name. */
const values: ReadonlyArray<readonly [string, unknown]> = [
  ["undefined", undefined],
  ["null", null],
  ["NaN", Number.NaN],
  ["-1", -1],
  ["a bigint", 2n ** 70n],
  ["a symbol", Symbol("x")],
  ["a text", "x"],
  ["an array", [1, {}]],
  ["a function", () => undefined],
  ["an object without a prototype", Object.create(null)],
  ["a circle", circle],
  ["a getter that throws", new Proxy({}, { get: trap, has: trap, ownKeys: trap, getPrototypeOf: trap })],
  ["a revoked proxy", revoked()]
]

/** The errors of this package, and those of JavaScript that name the argument. */
const typed = /^(Datagram\w*Error|DescriptorUnavailableError|HostNameError|TypeError|RangeError)$/

/** Calls a function, and returns the name of its error, or `undefined`. */
const nameOf = async (call: () => unknown): Promise<string | undefined> => {
  try {
    await call()
  } catch (error) {
    expect(error).toBeInstanceOf(Error)
    expect((error as Error).message).not.toBe("trap")
    return (error as Error).name
  }
  return undefined
}

type Socket = Awaited<ReturnType<typeof open>>
type Call = (socket: Socket, value: never) => unknown

const calls: { readonly [name in string]: Call } = {
  receive: (socket, value) => socket.receiveWithin(0, value),
  receiveWithin: (socket, value) => socket.receiveWithin(value, { signal: AbortSignal.timeout(5) }).catch(passAbort),
  receiveScattered: (socket, value) => socket.receiveScattered(value),
  receiveUpTo: (socket, value) => socket.receiveUpTo(value, { signal: AbortSignal.timeout(5) }).catch(passAbort),
  forEach: (socket, value) => socket.forEach(value, { signal: AbortSignal.timeout(5) }).catch(passAbort),
  forEachBorrowed: (socket, value) =>
    socket.forEachBorrowed(value, { signal: AbortSignal.timeout(5) }).catch(passAbort),
  "forEach, options": (socket, value) => socket.forEach(trap, { signal: value, ...aborted(value) }).catch(passAbort),
  datagrams: (socket, value) => socket.datagrams({ signal: value }).return?.(),
  send: (socket, value) => socket.send(value),
  "send, data": (socket, value) => socket.send({ data: value, to: socket.localAddress }),
  "send, to": (socket, value) => socket.send({ data: bytes("x"), to: value }),
  trySend: (socket, value) => {
    const error = socket.trySend(value)
    if (error !== undefined) throw error
  },
  sendAll: async (socket, value) => {
    const { failed } = await socket.sendAll(value)
    if (failed[0] !== undefined) throw failed[0].error
  },
  setOption: (socket, value) => socket.setOption(value, value),
  "setOption, value": (socket, value) => socket.setOption(SocketOption.receiveBufferSize, value),
  getOption: (socket, value) => socket.getOption(value),
  join: (socket, value) => socket.join(value),
  "join, options": (socket, value) => socket.join("224.0.0.251", value).leave(),
  block: (socket, value) => socket.block(value, value),
  leave: (socket, value) => socket.leave(value),
  connect: (socket, value) => socket.connect(value).close(),
  bind: async (_, value) => (await sockets.bind(value, here)).close(),
  "bind, at": async (_, value) => (await sockets.bind(Datagram.ipv4, value)).close(),
  "connect, peer": async (_, value) => (await sockets.connect(Datagram.ipv4, value)).close(),
  "connect, options": async (_, value) => (await sockets.connect(Datagram.ipv4, { ...here, port: 9 }, value)).close(),
  adopt: async (_, value) => (await sockets.adopt(Datagram.ipv4, value)).close(),
  pair: async (_, value) => (await sockets.pair(value))[0].close(),
  serve: async (_, value) => (await sockets.serve(Datagram.ipv4, here, value, value)).close(),
  serveAll: async (_, value) => (await sockets.serveAll(Datagram.ipv4, value, value, value)).close(),
  "serveAll, addresses": async (_, value) =>
    (await sockets.serveAll(Datagram.ipv4, [here, value], () => undefined)).close(),
  serveInterfaces: async (_, value) =>
    (await sockets.serveInterfaces(Datagram.ipv4, value, () => undefined, value)).close(),
  "serveInterfaces, where": async (_, value) =>
    (
      await sockets.serveInterfaces(
        Datagram.ipv4,
        { port: 0, matches: value, groups: value, interval: value },
        () => undefined
      )
    ).close(),
  "serveInterfaces, each": async (_, value) =>
    (
      await sockets.serveInterfaces(
        Datagram.ipv4,
        { port: 0, matches: ({ loopback }) => loopback, groups: [value] },
        () => undefined
      )
    ).close(),
  serveSessions: async (_, value) => (await sockets.serveSessions(Datagram.ipv4, here, value, value)).close(),
  makeClient: async (_, value) => (await sockets.makeClient(Datagram.ipv4, value)).close(),
  "makeClient, options": async (_, value) =>
    (await sockets.makeClient(Datagram.ipv4, { key: value, retransmit: value, timeout: value })).close(),
  request: async (_, value) => {
    await using client = await sockets.makeClient(Datagram.ipv4, { key: () => 1, retransmit: [], timeout: 0 })
    await client.request(value, value)
  },
  "request, times": async (_, value) => {
    await using client = await sockets.makeClient(Datagram.ipv4, { key: () => 1, retransmit: [], timeout: 0 })
    const times = { retransmit: value, timeout: value, signal: AbortSignal.timeout(20) }
    await client.request({ key: value, data: value, to: { address: "127.0.0.1", port: 9 } }, times).catch(passAbort)
  },
  handOver: async (_, value) => (await sockets.handOver(value)).close(),
  "handOver, patience": async (_, value) => (await sockets.handOver({ patience: value, store: value })).close(),
  reply: (socket, value) => Datagram.reply(socket as never, value, bytes("x")),
  "reply, socket": (_, value) => Datagram.reply(value, value, bytes("x")),
  tryReply: (socket, value) => {
    const error = Datagram.tryReply(socket as never, value, bytes("x"))
    if (error !== undefined) throw error
  },
  explain: (_, value) => Datagram.explain(value, Abi.linuxGlibc64),
  "Descriptor.take": (_, value) => Descriptor.take(value),
  "HostName.resolve": (_, value) => HostName.resolve("ipv4", value),
  "Interfaces.byName": async (_, value) => (await Interfaces.open()).byName(value),
  "Interfaces.byIndex": async (_, value) => (await Interfaces.open()).byIndex(value),
  "Interfaces.changes": async (_, value) =>
    (await Interfaces.open()).changes({ interval: value }).return(undefined as never)
}

/** A wait that the test itself ended is no error. */
const passAbort = (error: unknown): void => {
  if (!(error instanceof DOMException)) throw error
}
const aborted = (value: unknown): object => (value === undefined ? { signal: AbortSignal.abort() } : {})

describe.each(Object.keys(calls))("%s", (name) => {
  it("fails with a typed error for a value of each kind, and the socket still works", async () => {
    const socket = await open()
    for (const [kind, value] of values) {
      const error = await nameOf(() => calls[name]?.(socket, value as never))
      if (error !== undefined) expect([kind, error]).toEqual([kind, expect.stringMatching(typed)])
    }
    await socket.send({ data: bytes("after"), to: socket.localAddress })
    let last = ""
    while (last !== "after") last = text((await socket.receive()).data)
    socket.close()
  })
})

it("a socket of another object is refused by reply", async () => {
  const socket = await bind(Datagram.ipv4.pipe(withPktInfo()), here)
  await socket.send({ data: bytes("x"), to: socket.localAddress })
  const asked = await socket.receive()
  const copy = Object.create(socket) as typeof socket
  await expect(Datagram.reply(copy, asked, bytes("x"))).rejects.toMatchObject({ reason: "InvalidArgument" })
})
