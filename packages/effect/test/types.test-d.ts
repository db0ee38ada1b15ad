/** Types of this face: what a spec receives, what a program requires, and the shapes of Effect 4. */
import type { Capability, HopLimit, PacketInfo, Timestamp } from "@ancillary/control"
import {
  Datagram,
  type DatagramBindError,
  type DatagramFault,
  type DatagramReceiveError,
  type DatagramSendError,
  type DatagramSockets,
  DatagramSockets as Sockets,
  type DatagramUnsupportedError,
  serve,
  type ServeOptions,
  serveOn,
  type Spec,
  withDropCount,
  withHopLimit,
  withOptional,
  withPktInfo,
  withTimestamp
} from "@ancillary/effect"
import { LinuxSockets } from "@ancillary/posix"
import {
  type Array as Arr,
  Context,
  type Duration,
  Effect,
  type Fiber,
  type Layer,
  type Option,
  type Result,
  type Scope,
  type Stream
} from "effect"
import { describe, expectTypeOf, it } from "vitest"

const at = { address: "127.0.0.1", port: 0 }
type Needed<E> = E extends Effect.Effect<infer _A, infer _E, infer R> ? R : never

describe("control", () => {
  const spec = Datagram.ipv4.pipe(withPktInfo(), withHopLimit(), withOptional(withTimestamp()))
  type Control = Datagram.Datagram<"ipv4", Spec.Declared<typeof spec>>["control"]

  it("required messages are bare values", () => {
    expectTypeOf<Control["pktInfo"]>().toEqualTypeOf<PacketInfo<"ipv4">>()
    expectTypeOf<Control["hopLimit"]>().toEqualTypeOf<number>()
  })

  it("optional messages are an Option of Effect 4", () => {
    expectTypeOf<Control["timestamp"]>().toEqualTypeOf<Option.Option<bigint>>()
    expectTypeOf<keyof Control>().toEqualTypeOf<"pktInfo" | "hopLimit" | "timestamp">()
  })

  it("a message that is not declared does not compile", () => {
    void Effect.flatMap(Datagram.bind(spec, at), (socket) =>
      // @ts-expect-error the spec does not declare ecn
      Effect.map(socket.receive, ({ control }) => control.ecn)
    )
  })

  it("reply does not compile for a socket without packet information", () => {
    void Effect.flatMap(Datagram.bind(Datagram.ipv4, at), (socket) =>
      // @ts-expect-error reply needs packet information
      Effect.flatMap(socket.receive, (asked) => Datagram.reply(socket, asked, asked.data))
    )
  })
})

describe("sockets", () => {
  const spec = Datagram.ipv4.pipe(withHopLimit())
  type Socket = Effect.Success<ReturnType<typeof bind>>
  const bind = () => Datagram.bind(spec, at)
  type One = Datagram.Datagram<"ipv4", HopLimit>

  it("reads return datagrams, arrays, streams and results", () => {
    expectTypeOf<Socket["receive"]>().toEqualTypeOf<Effect.Effect<One, DatagramFault | DatagramReceiveError>>()
    expectTypeOf<Socket["receiveBatch"]>().toEqualTypeOf<
      Effect.Effect<Arr.NonEmptyReadonlyArray<One>, DatagramReceiveError>
    >()
    expectTypeOf<Socket["outcomes"]>().toEqualTypeOf<
      Stream.Stream<Result.Result<One, DatagramFault>, DatagramReceiveError>
    >()
    expectTypeOf<ReturnType<Socket["receiveWithin"]>>().toEqualTypeOf<
      Effect.Effect<Option.Option<One>, DatagramFault | DatagramReceiveError>
    >()
    expectTypeOf<Parameters<Socket["receiveWithin"]>>().toEqualTypeOf<[duration: Duration.Input]>()
  })

  it("trySend and tryReply return a Result", () => {
    expectTypeOf<ReturnType<Socket["trySend"]>>().toEqualTypeOf<Result.Result<void, DatagramSendError>>()
    expectTypeOf<ReturnType<typeof Datagram.tryReply>>().toEqualTypeOf<Result.Result<void, DatagramSendError>>()
  })

  it("bind fails with two errors, and requires a driver and a scope", () => {
    expectTypeOf<Effect.Error<ReturnType<typeof bind>>>().toEqualTypeOf<DatagramBindError | DatagramUnsupportedError>()
    expectTypeOf<Needed<ReturnType<typeof bind>>>().toEqualTypeOf<DatagramSockets | Scope.Scope>()
  })

  it("a message that not every platform has requires a capability", () => {
    const program = () => Datagram.bind(Datagram.ipv4.pipe(withTimestamp(), withDropCount()), at)
    expectTypeOf<Needed<ReturnType<typeof program>>>().toEqualTypeOf<
      DatagramSockets | Scope.Scope | Capability<"timestamp"> | Capability<"dropCount">
    >()
    expectTypeOf<Timestamp["key"]>().toEqualTypeOf<"timestamp">()
  })
})

describe("layers", () => {
  it("the layer of a plain driver provides the named capabilities", () => {
    const layer = () => Sockets.layer(Sockets.driver(LinuxSockets.driver), ["timestamp", "dropCount"])
    type Layered = ReturnType<typeof layer>
    type Missing<Needs> = Exclude<Needs, Layer.Success<Layered>>
    expectTypeOf<Missing<DatagramSockets | Capability<"timestamp"> | Capability<"dropCount">>>().toEqualTypeOf<never>()
    expectTypeOf<Missing<DatagramSockets | Capability<"mark">>>().toEqualTypeOf<Capability<"mark">>()
    expectTypeOf<Layer.Error<Layered>>().toEqualTypeOf<DatagramUnsupportedError>()
    expectTypeOf<Layer.Services<Layered>>().toEqualTypeOf<never>()
  })
})

describe("servers", () => {
  class Database extends Context.Service<Database, { readonly put: Effect.Effect<void> }>()("Database") {}

  it("serve requires what its handler requires, without the handler's scope", () => {
    const server = () =>
      serve(Datagram.ipv4, at, () =>
        Effect.andThen(
          Effect.addFinalizer(() => Effect.void),
          Effect.flatMap(Database, ({ put }) => put)
        )
      )
    expectTypeOf<Needed<ReturnType<typeof server>>>().toEqualTypeOf<DatagramSockets | Scope.Scope | Database>()
    expectTypeOf<ServeOptions["shutdown"]>().toEqualTypeOf<Duration.Input | undefined>()
  })

  it("serveOn returns the fiber that reads", () => {
    const server = (socket: Effect.Success<ReturnType<typeof open>>) => serveOn(socket, () => Effect.void)
    const open = () => Datagram.bind(Datagram.ipv4, at)
    expectTypeOf<Effect.Success<ReturnType<typeof server>>>().toEqualTypeOf<Fiber.Fiber<never, DatagramReceiveError>>()
  })
})
