/** Runs inside a namespace: prints the fragment size and the checksum of each datagram as a line of JSON. */
import { LinuxSockets } from "@ancillary/effect3/node"
import { Datagram, withChecksum, withFragmentSize } from "@ancillary/effect3"
import { Console, Effect, Option, Stream } from "effect"

const port = 5398
const program = Effect.gen(function* () {
  const four = yield* Datagram.bind(Datagram.ipv4.pipe(withFragmentSize(), withChecksum()), {
    address: "0.0.0.0",
    port
  })
  const six = yield* Datagram.bind(Datagram.ipv6.pipe(withFragmentSize()), { address: "::", port })
  yield* Console.log("listening")
  const print = (from: unknown, bytes: number, fragmentSize: Option.Option<number>, checksum?: Option.Option<number>) =>
    Console.log(
      JSON.stringify({
        from: String(from),
        bytes,
        fragmentSize: Option.getOrNull(fragmentSize),
        checksum: checksum === undefined ? "never" : Option.getOrNull(checksum)
      })
    )
  const ours = Stream.map(four.datagrams, ({ control, data, from }) =>
    print(from.address, data.length, control.fragmentSize, control.checksum)
  )
  const theirs = Stream.map(six.datagrams, ({ control, data, from }) =>
    print(from.address, data.length, control.fragmentSize)
  )
  yield* Stream.runForEach(Stream.merge(ours, theirs), (line) => line)
})
void Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(LinuxSockets.layer)))
