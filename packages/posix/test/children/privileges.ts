/** Sets options that require privileges without having them, before binding and on an open socket. Prints the results. */
import { LinuxSockets } from "@ancillary/effect3/node"
import {
  Datagram,
  SocketOption,
  withBindToDevice,
  withDefaultMark,
  withDefaultPriority,
  withFreebind,
  withMark,
  withPriority,
  withTransmitTime,
  withTransparent
} from "@ancillary/effect3"
import { Effect, Either } from "effect"

const at = { address: "127.0.0.1", port: 0 }

const told = <A, E extends { readonly message: string }, R>(attempt: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.either(attempt), (outcome) =>
    Either.match(outcome, {
      onLeft: (error): unknown => Object.assign({}, error, { message: error.message }),
      onRight: () => "done"
    })
  )

/** Sends messages that require privileges. The socket still works, and sends messages that require none. */
const sent = Effect.gen(function* () {
  const data = Uint8Array.of(1)
  const socket = yield* Datagram.bind(Datagram.dual.pipe(withMark(), withPriority(), withTransmitTime()), {
    address: "::",
    port: 0
  })
  const outcomes: Array<unknown> = []
  const privileged: ReadonlyArray<{ readonly mark?: number; readonly priority?: number }> = [
    { mark: 1 },
    { priority: 7 },
    { priority: 6, mark: 1 }
  ]
  for (const address of ["127.0.0.1", "::1"]) {
    const to = { address, port: socket.localAddress.port }
    for (const control of privileged) outcomes.push(yield* told(socket.send({ data, to, control })))
    yield* socket.send({ data, to, control: { priority: 6, transmitTime: 1n } })
    outcomes.push((yield* socket.receive).control)
  }
  return outcomes
})

const program = Effect.gen(function* () {
  if (process.getuid?.() === 0) process.setuid?.(65_534)
  const socket = yield* Datagram.bind(Datagram.dual, { address: "::", port: 0 })
  return {
    transparent: yield* told(Datagram.bind(Datagram.ipv4.pipe(withTransparent()), at)),
    transparent6: yield* told(Datagram.bind(Datagram.ipv6.pipe(withTransparent()), { address: "::1", port: 0 })),
    mark: yield* told(Datagram.bind(Datagram.ipv4.pipe(withDefaultMark(1)), at)),
    lowPriority: yield* told(Datagram.bind(Datagram.ipv4.pipe(withDefaultPriority(6)), at)),
    highPriority: yield* told(Datagram.bind(Datagram.ipv4.pipe(withDefaultPriority(7)), at)),
    freebind: yield* told(Datagram.bind(Datagram.ipv4.pipe(withFreebind()), { address: "192.0.2.77", port: 0 })),
    device: yield* told(Datagram.bind(Datagram.ipv4.pipe(withBindToDevice("lo")), at)),
    sent: yield* sent,
    byAnotherClock: yield* told(Datagram.bind(Datagram.ipv4.pipe(withTransmitTime({ clock: "tai" })), at)),
    live: {
      transparent: yield* told(socket.setOption(SocketOption.transparent, true)),
      mark: yield* told(socket.setOption(SocketOption.defaultMark, 1)),
      device: yield* told(socket.setOption(SocketOption.bindToDevice, "lo")),
      noDevice: yield* told(socket.setOption(SocketOption.bindToDevice, undefined)),
      boundTo: yield* socket.getOption(SocketOption.bindToDevice)
    }
  }
})
console.log(JSON.stringify(await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(LinuxSockets.layer)))))
