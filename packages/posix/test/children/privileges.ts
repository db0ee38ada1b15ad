/** Sets what wants privileges, without them, before binding and on an open socket. Prints what came of it. */
import { LinuxSockets } from "@ancillary/posix"
import {
  Datagram,
  SocketOption,
  withBindToDevice,
  withDefaultMark,
  withDefaultPriority,
  withFreebind,
  withTransparent
} from "@ancillary/socket"
import { Effect, Either } from "effect"

const at = { address: "127.0.0.1", port: 0 }

const told = <A, E extends { readonly message: string }, R>(attempt: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.either(attempt), (outcome) =>
    Either.match(outcome, {
      onLeft: (error): unknown => Object.assign({}, error, { message: error.message }),
      onRight: () => "done"
    })
  )

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
