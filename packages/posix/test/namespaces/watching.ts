/** Prints each change of the interfaces of its namespace as a line, until it is ended. */
import { LinuxSockets } from "@ancillary/effect3/node"
import { Interfaces } from "@ancillary/effect3"
import { Console, Effect, Layer, Stream } from "effect"

const program = Effect.gen(function* () {
  const { changes } = yield* Interfaces
  yield* Stream.runForEach(changes({ interval: "10 millis" }), ({ _tag, interface: { addresses, name, up } }) =>
    Console.log(
      [
        _tag,
        name,
        up ? "up" : "down",
        ...addresses.map(({ address, prefix }) => `${String(address)}/${prefix}`).toSorted()
      ].join(" ")
    )
  )
})
void Effect.runPromise(program.pipe(Effect.provide(Layer.provide(Interfaces.layer, LinuxSockets.layer))))
