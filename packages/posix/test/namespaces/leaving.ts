/** Runs inside a namespace with the interfaces cA and cB. Prints the interface over which datagrams leave, and their possible sizes. */
import { readFileSync } from "node:fs"
import { LinuxSockets } from "@ancillary/effect3/node"
import {
  Datagram,
  type DatagramSendError,
  SocketOption,
  type Spec,
  withDontFragment,
  withMulticastAll,
  withMulticastHopLimit,
  withMulticastInterface,
  withMulticastLoopback,
  withUnicastInterface
} from "@ancillary/effect3"
import { Effect, Option } from "effect"

const index = (device: string) => Number(readFileSync(`/sys/class/net/${device}/ifindex`, "utf8"))
const bytes = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0))
const anywhere = { address: "::", port: 0 }
const groups = ["239.77.5.5", "ff15::775"]
const outcome = (sent: Effect.Effect<void, DatagramSendError>) =>
  Effect.match(sent, { onFailure: ({ reason }): string => reason, onSuccess: () => "sent" })

/** Over either interface, declared when the socket is made, then changed while it is open. */
const toGroups = Effect.gen(function* () {
  const spec = Datagram.dual.pipe(withMulticastInterface(index("cA")), withMulticastHopLimit(4))
  const socket = yield* Datagram.bind(spec, anywhere)
  for (const device of ["cA", "cB"]) {
    yield* socket.setOption(SocketOption.multicastInterface, index(device))
    for (const address of groups) yield* socket.send({ data: bytes(device), to: { address, port: 5397 } })
  }
})

/** Two routes lead there, the better one over cA. */
const toHosts = Effect.gen(function* () {
  const to = { address: "10.77.9.1", port: 5397 }
  const plain = yield* Datagram.bind(Datagram.dual, anywhere)
  yield* plain.send({ data: bytes("as the routes say"), to })
  const chosen = yield* Datagram.bind(Datagram.dual.pipe(withUnicastInterface(index("cB"))), anywhere)
  yield* chosen.send({ data: bytes("by cB"), to })
  yield* chosen.setOption(SocketOption.unicastInterface, undefined)
  yield* chosen.send({ data: bytes("as the routes say again"), to })
})

/** True if this host receives its own datagrams, with multicast loopback on and off. */
const loopback = Effect.gen(function* () {
  const interfaceIndex = index("cA")
  const listener = yield* Datagram.bind(Datagram.dual.pipe(withMulticastAll(false)), anywhere)
  const spec = Datagram.dual.pipe(withMulticastInterface(interfaceIndex))
  const loud = yield* Datagram.bind(spec, anywhere)
  const silent = yield* Datagram.bind(spec.pipe(withMulticastLoopback(false)), anywhere)
  const heard: Array<string> = []
  for (const address of groups) {
    yield* listener.join(address, { interfaceIndex })
    const to = { address, port: listener.localAddress.port }
    yield* silent.send({ data: bytes(`${address} silent`), to })
    yield* loud.send({ data: bytes(`${address} loud`), to })
    for (;;) {
      const next = yield* listener.receiveWithin("30 millis")
      if (Option.isNone(next)) break
      heard.push(String.fromCharCode(...next.value.data))
    }
  }
  return heard
})

/** A socket that has joined no group, while another socket of this host has: the groups that it receives by default, and with the option off. */
const bystanders = Effect.gen(function* () {
  const interfaceIndex = index("cA")
  const other = yield* Datagram.bind(Datagram.dual, anywhere)
  const sender = yield* Datagram.bind(Datagram.dual.pipe(withMulticastInterface(interfaceIndex)), anywhere)
  const heard = <R>(spec: Spec<"dual", never, R>) =>
    Effect.gen(function* () {
      const socket = yield* Datagram.bind(spec, anywhere)
      for (const address of groups) {
        yield* other.join(address, { interfaceIndex })
        yield* sender.send({ data: bytes(address), to: { address, port: socket.localAddress.port } })
      }
      const texts: Array<string> = []
      for (;;) {
        const next = yield* socket.receiveWithin("30 millis")
        if (Option.isNone(next)) return texts
        texts.push(String.fromCharCode(...next.value.data))
      }
    })
  const set = (all: boolean) => Datagram.dual.pipe(withMulticastAll(all))
  return { bareKernel: yield* heard(Datagram.dual), on: yield* heard(set(true)), off: yield* heard(set(false)) }
})

/** A datagram larger than the MTU: fragmented, rejected, fragmented again. */
const large = Effect.gen(function* () {
  const socket = yield* Datagram.bind(Datagram.dual.pipe(withDontFragment()), anywhere)
  const data = new Uint8Array(3000)
  const sizes = Effect.forEach(["10.77.1.1", "fd77:1::1"], (address) =>
    outcome(socket.send({ data, to: { address, port: 9 } }))
  )
  const forbidden = yield* sizes
  yield* socket.setOption(SocketOption.dontFragment, false)
  const allowed = yield* sizes
  const modes: Array<readonly [string, ReadonlyArray<string>]> = []
  for (const mode of ["want", "do", "probe", "omit"] as const) {
    yield* socket.setOption(SocketOption.pathMtuDiscovery, mode)
    modes.push([mode, yield* sizes])
  }
  return { forbidden, allowed, modes: Object.fromEntries(modes) }
})

const program = Effect.gen(function* () {
  yield* Effect.scoped(toGroups)
  yield* Effect.scoped(toHosts)
  return {
    loopback: yield* Effect.scoped(loopback),
    bystanders: yield* Effect.scoped(bystanders),
    large: yield* Effect.scoped(large)
  }
})
console.log(JSON.stringify(await Effect.runPromise(Effect.provide(program, LinuxSockets.layer))))
