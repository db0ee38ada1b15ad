/**
 * Does as `servingInterfaces.ts` of the namespace tests of posix, with Effect 4.
 */
import { Datagram, serveInterfaces, withPktInfo, withReuseAddress } from "@ancillary/effect"
import { LinuxSockets } from "@ancillary/effect/node"
import { Console, Effect, Option } from "effect"
import { groupOfTest, portOfTest } from "../../../posix/test/namespaces/servedPort.ts"

const spec = Datagram.ipv4.pipe(withPktInfo(), withReuseAddress())
const matches = ({ loopback, up }: { readonly loopback: boolean; readonly up: boolean }) => up && !loopback

const program = Effect.gen(function* () {
  const echo = yield* serveInterfaces(spec, { port: portOfTest, matches }, (asked, socket) =>
    Datagram.reply(socket, asked, asked.data)
  )
  const group = yield* serveInterfaces(
    spec,
    { port: portOfTest + 1, matches, groups: [groupOfTest] },
    () => Effect.void
  )
  const look = Effect.gen(function* () {
    const answers: Array<string> = []
    for (const { localAddress } of yield* echo.sockets) {
      const client = yield* Datagram.client(Datagram.ipv4)
      yield* client.send({ data: Uint8Array.of(1), to: localAddress })
      if (Option.isSome(yield* client.receiveWithin("500 millis"))) answers.push(String(localAddress))
    }
    const { begun, ended, failed } = yield* echo.stats
    const joined = (yield* group.interfaces).map(({ name }) => name)
    return [answers.toSorted().join(" "), joined.toSorted().join(" "), `${begun} ${ended} ${failed}`].join("; ")
  }).pipe(
    Effect.scoped,
    // An address may go between the look and the question.
    Effect.orElseSucceed(() => "")
  )
  let last = ""
  for (;;) {
    const seen = yield* look
    if (seen !== "" && seen !== last) yield* Console.log(seen)
    if (seen !== "") last = seen
    yield* Effect.sleep("10 millis")
  }
})
void Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(LinuxSockets.layer)))
