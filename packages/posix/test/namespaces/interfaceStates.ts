/**
 * Runs inside a namespace, with the name of another one as its argument. Prints the listed interfaces in states that few hosts have, and the
 * reported changes.
 */
import { execFileSync } from "node:child_process"
import { LinuxSockets } from "@ancillary/effect3/node"
import { Datagram, type InterfaceChange, Interfaces, type NetworkInterface } from "@ancillary/effect3"
import { isFault } from "@ancillary/engine/driver/Driver"
import { Chunk, Effect, Either, Fiber, Layer, Queue, Stream } from "effect"

const [other = ""] = process.argv.slice(2)
const ip = (...words: ReadonlyArray<string | Buffer>) => {
  const line = words
    .map((word) => (typeof word === "string" ? Buffer.from(word) : word))
    .flatMap((word) => [word, Buffer.from(" ")])
  // By a shell, because the arguments of execFile are UTF-8.
  execFileSync("sh", ["-s"], { input: Buffer.concat([Buffer.from("ip "), ...line]) })
}
const inOther = (...words: ReadonlyArray<string>) => ip("-n", other, ...words)
const setting = (text: string) => execFileSync("sysctl", ["-qw", text])

const shown = ({ addresses, index, name, running, up }: NetworkInterface) =>
  [
    name,
    index,
    up ? "up" : "down",
    running === true ? "running" : "idle",
    ...addresses.map(({ address, prefix, ...states }) =>
      [`${String(address)}/${prefix}`, ...Object.entries(states).flatMap(([state, is]) => (is ? [state] : []))].join(
        " "
      )
    )
  ].join(" ")

const labelled = Effect.gen(function* () {
  const { byName, list, nameOf } = yield* Interfaces
  ip("addr", "add", "192.0.2.1/24", "dev", "v0")
  ip("addr", "add", "192.0.2.7/24", "dev", "v0", "label", "v0:vip")
  const all = (yield* list).filter(({ index }) => index === 77).map(shown)
  const byLabel = yield* Effect.flip(byName("v0:vip"))
  ip("addr", "flush", "dev", "v0")
  return { all, name: nameOf(77), byName: shown(yield* byName("v0")), byLabel: byLabel.reason }
})

/** Linux accepts any bytes in a name except NUL, slash, colon and white space. */
const otherBytes = Effect.gen(function* () {
  const { byIndex, byName } = yield* Interfaces
  ip("link", "add", Buffer.from([0x76, 0xff, 0xfe]), "index", "79", "type", "veth", "peer", "name", "w1")
  ip("link", "set", Buffer.from([0x76, 0xff, 0xfe]), "up")
  const { name } = yield* byIndex(79)
  const socket = yield* Datagram.bind(Datagram.ipv4, { address: "0.0.0.0", port: 0 })
  const joined = yield* Effect.either(Effect.scoped(socket.join("239.77.4.1", { interfaceIndex: 79 })))
  const { index } = yield* byName(name)
  ip("link", "del", Buffer.from([0x76, 0xff, 0xfe]))
  return { units: Array.from(name, (unit) => unit.charCodeAt(0)), index, joined: Either.isRight(joined) }
})

const states = Effect.gen(function* () {
  const { byName } = yield* Interfaces
  // An hour of duplicate address detection.
  setting("net.ipv6.conf.v0.accept_dad=1")
  setting("net.ipv6.conf.v0.dad_transmits=3600")
  ip("addr", "add", "2001:db8::5/64", "dev", "v0")
  ip("addr", "add", "2001:db8::6/64", "dev", "v0", "nodad", "preferred_lft", "0")
  const listed = shown(yield* byName("v0"))
  const bound = yield* Effect.flip(Effect.scoped(Datagram.bind(Datagram.ipv6, { address: "2001:db8::5", port: 0 })))
  const foreign = yield* Effect.flip(Effect.scoped(Datagram.bind(Datagram.ipv6, { address: "2001:db8::9", port: 0 })))
  ip("-6", "addr", "flush", "dev", "v0")
  return { listed, bound: bound.message, foreign: foreign.message }
})

const facts = Effect.gen(function* () {
  const { byName } = yield* Interfaces
  ip("link", "add", "bridge0", "type", "bridge")
  ip("link", "set", "v0", "master", "bridge0", "mtu", "1400", "address", "02:00:00:00:00:07")
  const bridge = yield* byName("bridge0")
  const { hardwareAddress, kind, master, mtu } = yield* byName("v0")
  const lo = yield* byName("lo")
  ip("link", "set", "v0", "nomaster")
  ip("link", "del", "bridge0")
  return { v0: { hardwareAddress, kind, mtu }, bridge: bridge.kind, isMaster: master === bridge.index, lo: lo.kind }
})

/** Each step, and the changes of v0 that it brings, until one is as expected. */
const changes = Effect.gen(function* () {
  const interfaces = yield* Interfaces
  const queue = yield* Queue.unbounded<InterfaceChange>()
  // An interval so long that it never ends here.
  const following = yield* Effect.fork(
    Stream.runForEach(interfaces.changes({ interval: "1 hour" }), (change) => Queue.offer(queue, change))
  )
  const seen: Array<string> = []
  const until = (count: number) =>
    Effect.gen(function* () {
      const found: Array<string> = []
      while (found.length < count) {
        const change = yield* Queue.take(queue)
        if (change.interface.index === 77) found.push(`${change._tag} ${shown(change.interface)}`)
      }
      seen.push(...found)
    })
  yield* until(1)
  inOther("link", "set", "v1", "down")
  yield* until(1)
  inOther("link", "set", "v1", "up")
  yield* until(1)
  // Within one turn of the event loop, so that no list is made in between.
  ip("link", "del", "v0")
  make()
  yield* until(2)
  yield* Fiber.interrupt(following)
  return { seen, rest: Chunk.toReadonlyArray(yield* Queue.takeAll(queue)).length }
})

/** More notices than the observer has room for. */
const lost = Effect.gen(function* () {
  const driver = yield* LinuxSockets.driver()
  const observer = driver.observeInterfaces?.()
  if (observer === undefined || isFault(observer)) return "no observer"
  const quiet = observer.take()
  const lines = Array.from({ length: 4000 }, (_, i) => `link set v0 mtu ${1400 + (i % 2)}\n`).join("")
  execFileSync("ip", ["-batch", "-"], { input: lines })
  const { changed, lost: isLost } = observer.take()
  const after = observer.take()
  observer.close()
  return { quiet, changed, isLost, after, closed: observer.take() }
})

const make = () => {
  ip("link", "add", "v0", "index", "77", "type", "veth", "peer", "name", "v1", "netns", other)
  ip("link", "set", "v0", "addrgenmode", "none", "up")
  inOther("link", "set", "v1", "up")
}

make()
const program = Effect.gen(function* () {
  return {
    labelled: yield* labelled,
    otherBytes: yield* otherBytes,
    states: yield* states,
    facts: yield* facts,
    changes: yield* changes,
    lost: yield* lost
  }
})
const layer = Interfaces.layer.pipe(Layer.provideMerge(LinuxSockets.layer))
console.log(JSON.stringify(await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(layer)))))
