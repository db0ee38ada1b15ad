/** Programs of this face, while each call of their driver fails once. */
import {
  Datagram,
  DatagramError,
  DatagramFaultError,
  DatagramReceiveError,
  DatagramSockets,
  type DatagramSocket,
  type PktInfo,
  withErrorReports,
  withMaximumDatagramSize,
  withPktInfo
} from "@ancillary/socket"
import { type Face, group, here, peer, type Program, type Running } from "../../testing/faults/attempt.ts"
import { faults } from "../../testing/faults/exhaust.ts"
import { balance } from "./kit.ts"

// Small slots, because every run makes memory of its own.
const small = Datagram.ipv4.pipe(withMaximumDatagramSize(16))
const spec = small.pipe(withPktInfo())
type Socket = DatagramSocket<"ipv4", PktInfo>

/** A program over one socket. `loop` answers until it is aborted, or fails. */
const looping = (loop: (socket: Socket, signal: AbortSignal) => Promise<unknown>): Program => ({
  start: async (driver) => {
    const socket = await DatagramSockets.make(() => driver).bind(spec, here)
    return running(socket, loop)
  }
})

const running = <S extends Pick<Socket, "stats" | "close">>(
  socket: S,
  loop: (socket: S, signal: AbortSignal) => Promise<unknown>
): Running => {
  const stopping = new AbortController()
  const ended = loop(socket, stopping.signal)
  // It may reject before anything waits for it.
  ended.catch(() => undefined)
  return {
    ended,
    balance: () => balance(socket),
    stop: async () => {
      stopping.abort()
      socket.close()
      await ended.catch(() => undefined)
    }
  }
}

/** A program whose answer cannot be sent goes on with the next datagram. */
const ignored = (error: unknown): void => {
  if (!(error instanceof DatagramError)) throw error
}

/** A receive that failed because of an earlier datagram is repeated. */
const repeated = (error: unknown): undefined => {
  if (!(error instanceof DatagramReceiveError) || error.reason === "Closed" || error.reason === "Other") throw error
  return undefined
}

const served = (wait: boolean): Program => ({
  start: async (driver, signal) => {
    const server = await DatagramSockets.make(() => driver).serve(
      spec,
      here,
      async (asked, socket) => {
        if (wait) await Promise.resolve()
        await Datagram.reply(socket, asked, asked.data)
      },
      { signal, onError: () => undefined, shutdown: 0 }
    )
    return { ended: server.finished, stop: server.close, balance: () => balance(server.socket) }
  }
})

const programs: Face["programs"] = {
  serve: served(false),
  "serve with a handler that waits": served(true),
  serveInterfaces: {
    to: { address: group, port: here.port },
    start: async (driver, signal) => {
      const server = await DatagramSockets.make(() => driver).serveInterfaces(
        spec,
        { port: here.port, matches: ({ loopback, up }) => up && !loopback, groups: [group] },
        ({ data, from }, socket) => socket.send({ data, to: from }),
        { signal, onError: () => undefined, shutdown: 0 }
      )
      const [socket] = server.sockets()
      return {
        ended: server.finished,
        stop: server.close,
        balance: () => (socket === undefined ? 0n : balance(socket))
      }
    }
  },
  serveSessions: {
    start: async (driver, signal) => {
      const server = await DatagramSockets.make(() => driver).serveSessions(
        spec,
        here,
        async (session) => {
          for await (const { data } of session) await session.send(data).catch(ignored)
        },
        { signal, onError: () => undefined, shutdown: 0 }
      )
      return { ended: server.finished, stop: server.close, balance: () => balance(server.socket) }
    }
  },
  "for await over datagrams": looping(async (socket, signal) => {
    for await (const asked of socket.datagrams({ signal }))
      await Datagram.reply(socket, asked, asked.data).catch(ignored)
  }),
  "for await over outcomes": looping(async (socket, signal) => {
    for await (const asked of socket.outcomes({ signal }))
      if ("data" in asked) await Datagram.reply(socket, asked, asked.data).catch(ignored)
  }),
  receive: looping(async (socket, signal) => {
    for (;;) {
      const asked = await socket.receive({ signal }).catch(repeated)
      if (asked !== undefined) await Datagram.reply(socket, asked, asked.data).catch(ignored)
    }
  }),
  "peek and receiveWithin": looping(async (socket, signal) => {
    for (;;) {
      await socket.peek({ signal }).catch(repeated)
      const asked = await socket.receiveWithin(1000, { signal }).catch(repeated)
      if (asked !== undefined) await Datagram.reply(socket, asked, asked.data).catch(ignored)
    }
  }),
  "receiveBatch and sendAll": looping(async (socket, signal) => {
    for (;;) {
      const batch = await socket.receiveBatch({ signal })
      await socket.sendAll(batch.map(({ data, from }) => ({ data, to: from })))
    }
  }),
  forEach: looping((socket, signal) =>
    socket.forEach((asked) => void Datagram.tryReply(socket, asked, asked.data), { signal })
  ),
  forEachBorrowed: looping((socket, signal) =>
    socket.forEachBorrowed(({ data, from }) => void socket.trySend({ data, to: from }), { signal })
  ),
  "a connected socket": {
    start: async (driver) => {
      const socket = await DatagramSockets.make(() => driver).connect(small, peer, { local: here })
      return running(socket, async (socket, signal) => {
        for await (const { data } of socket.datagrams({ signal })) await socket.send({ data }).catch(ignored)
      })
    }
  },
  "a member of a group": {
    to: { address: group, port: here.port },
    start: async (driver) => {
      const sockets = DatagramSockets.make(() => driver)
      const socket = await sockets.bind(spec, { address: "0.0.0.0", port: here.port })
      try {
        socket.join(group, { interfaceIndex: 2 })
      } catch (error) {
        socket.close()
        throw error
      }
      return running(socket, async (socket, signal) => {
        for await (const { data, from } of socket.datagrams({ signal }))
          await socket.send({ data, to: from }).catch(ignored)
      })
    }
  },
  "a reader of error reports": {
    start: async (driver) => {
      const reporting = small.pipe(withErrorReports())
      const socket = await DatagramSockets.make(() => driver).bind(reporting, here)
      return running(socket, async (socket, signal) => {
        // The port has no socket, so each of these is reported.
        const reading = (async () => {
          for await (const _ of socket.events({ signal })) void _
        })()
        const answering = socket.forEach(
          ({ data, from }) => {
            socket.trySend({ data, to: { address: peer.address, port: 9 } })
            socket.trySend({ data, to: from })
          },
          { signal }
        )
        await Promise.all([reading, answering])
      })
    }
  }
}

faults({
  isTyped: (error) =>
    error instanceof DatagramError ||
    error instanceof DatagramFaultError ||
    // The rejection of a wait that was aborted.
    (error instanceof Error && error.name === "AbortError"),
  programs
})
