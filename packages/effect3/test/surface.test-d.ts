/** What a declaration means, to be read: what a spec receives, what it may send, what it needs. */
import type {
  Capability,
  Descriptor,
  ExtensionHeader,
  Ipv4Address,
  Ipv6Address,
  PacketInfo,
  PacketSource,
  PktInfo,
  StampRequest
} from "@ancillary/control"
import { NodeSockets } from "@ancillary/effect3/node"
import { LinuxSockets } from "@ancillary/effect3/node"
import { WinsockSockets } from "@ancillary/effect3/node"
import {
  Datagram,
  type DatagramBindError,
  type DatagramFault,
  type DatagramReceiveError,
  type DatagramSendError,
  type DatagramSocket,
  type DatagramSource,
  type DatagramSockets,
  type DatagramUnsupportedError,
  type SocketEvent,
  type Spec,
  withBindToDevice,
  withDestinationOptions,
  withDropCount,
  withDscp,
  withEcn,
  withErrorReports,
  withHopLimit,
  withNextHop,
  withOptional,
  withOriginalArrivalInterface,
  withPathMtuReports,
  withPktInfo,
  withScatter,
  withReceiveBufferSize,
  withReuseAddress,
  withRoutingHeader,
  withTimestamp,
  withTransmitTimestamps,
  type ConnectedSocket,
  withCredentials,
  type Outgoing,
  type SendReport,
  withBackpressure,
  withPidFd,
  withRights
} from "@ancillary/effect3"
import type { Effect, Layer, Option, Scope, Sink, Stream } from "effect"
import { describe, expectTypeOf, it } from "vitest"

const at = { address: "127.0.0.1", port: 0 }
type Needed<E> = E extends Effect.Effect<infer _A, infer _E, infer R> ? R : never
type Provided<L> = L extends Layer.Layer<infer A, infer _E, infer _R> ? A : never

describe("what is received", () => {
  it("is the bare value where the kernel tells it in every datagram", () => {
    const spec = Datagram.ipv4.pipe(withPktInfo(), withHopLimit())
    expectTypeOf<Spec.Received<typeof spec>>().toEqualTypeOf<{
      readonly pktInfo: PacketInfo<"ipv4">
      readonly hopLimit: number
    }>()
  })

  it("is an Option where it perhaps does, and where the platform perhaps does", () => {
    const spec = Datagram.ipv4.pipe(withTimestamp(), withOptional(withHopLimit()))
    expectTypeOf<Spec.Received<typeof spec>>().toEqualTypeOf<{
      readonly timestamp: Option.Option<bigint>
      readonly hopLimit: Option.Option<number>
    }>()
  })

  it("is an array where it may come any number of times, optional or not", () => {
    const required = Datagram.ipv6.pipe(withRoutingHeader())
    const optional = Datagram.ipv6.pipe(withOptional(withRoutingHeader()))
    type Headers = { readonly routingHeader: ReadonlyArray<ExtensionHeader.RoutingHeader> }
    expectTypeOf<Spec.Received<typeof required>>().toEqualTypeOf<Headers>()
    expectTypeOf<Spec.Received<typeof optional>>().toEqualTypeOf<Headers>()
  })

  it("is of the family: a dual socket's destination is one of either", () => {
    const four = Datagram.ipv4.pipe(withPktInfo())
    const both = Datagram.dual.pipe(withPktInfo())
    expectTypeOf<Spec.Received<typeof four>["pktInfo"]["destination"]>().toEqualTypeOf<Ipv4Address>()
    expectTypeOf<Spec.Received<typeof both>["pktInfo"]["destination"]>().toEqualTypeOf<Ipv4Address | Ipv6Address>()
  })

  it("is nothing where nothing was declared", () => {
    // oxlint-disable-next-line typescript/no-generated-empty-object-type -- nothing is what is meant
    expectTypeOf<Spec.Received<typeof Datagram.ipv4>>().toEqualTypeOf<{}>()
  })
})

describe("what may be sent", () => {
  it("is what was declared, each of it left out if one likes", () => {
    const spec = Datagram.ipv6.pipe(withPktInfo(), withHopLimit())
    expectTypeOf<Spec.Sendable<typeof spec>>().toEqualTypeOf<{
      readonly pktInfo?: PacketSource<"ipv6"> | undefined
      readonly hopLimit?: number | undefined
    }>()
  })

  it("is one header of a kind, whatever arrives of it", () => {
    const spec = Datagram.ipv6.pipe(withDestinationOptions(), withNextHop(), withRoutingHeader({ also: "send" }))
    expectTypeOf<Spec.Sendable<typeof spec>>().toEqualTypeOf<{
      readonly destinationOptions?: ExtensionHeader.OptionsToSend | undefined
      readonly nextHop?: string | Ipv6Address | undefined
      readonly routingHeader?: ExtensionHeader.RoutingHeaderToSend | undefined
    }>()
    expectTypeOf<Spec.Received<typeof spec>>().toEqualTypeOf<{
      readonly destinationOptions: ReadonlyArray<ExtensionHeader.OptionsHeader>
      readonly routingHeader: ReadonlyArray<ExtensionHeader.RoutingHeader>
    }>()
  })

  it("is nothing of what only arrives", () => {
    const spec = Datagram.ipv4.pipe(withTimestamp(), withDropCount())
    // oxlint-disable-next-line typescript/no-generated-empty-object-type -- nothing is what is meant
    expectTypeOf<Spec.Sendable<typeof spec>>().toEqualTypeOf<{}>()
  })
})

describe("an event of the socket", () => {
  const spec = Datagram.dual.pipe(withErrorReports(), withPathMtuReports(), withTransmitTimestamps())
  const program = Datagram.bind(spec, at)
  type Socket = Effect.Effect.Success<typeof program>

  it("is nothing that a datagram carries", () => {
    // oxlint-disable-next-line typescript/no-generated-empty-object-type -- nothing is what is meant
    expectTypeOf<Spec.Received<typeof spec>>().toEqualTypeOf<{}>()
    const optional = Datagram.ipv4.pipe(withOptional(withErrorReports()), withHopLimit())
    expectTypeOf<Spec.Received<typeof optional>>().toEqualTypeOf<{ readonly hopLimit: number }>()
  })

  it("is read from the socket, whatever that declares", () => {
    expectTypeOf<Socket["events"]>().toEqualTypeOf<Stream.Stream<SocketEvent, DatagramReceiveError>>()
    expectTypeOf<SocketEvent["_tag"]>().toEqualTypeOf<
      "ErrorReport" | "PathMtuReport" | "TransmitTimestamp" | "UserEvent"
    >()
    expectTypeOf<DatagramSource<"ipv4", never>["events"]>().toEqualTypeOf<Socket["events"]>()
  })

  it("is asked for with a datagram where it is about that one", () => {
    expectTypeOf<Spec.Sendable<typeof spec>>().toEqualTypeOf<{
      readonly transmitTimestamp?: number | StampRequest | undefined
    }>()
  })

  it("needs of the platform what it is called, and nothing where it is optional", () => {
    expectTypeOf<Needed<typeof program>>().toEqualTypeOf<
      | DatagramSockets
      | Scope.Scope
      | Capability<"errorReports">
      | Capability<"pathMtuReports">
      | Capability<"transmitTimestamps">
    >()
    const optional = Datagram.ipv4.pipe(withOptional(withTransmitTimestamps()), withOptional(withErrorReports()))
    expectTypeOf<Spec.Needs<typeof optional>>().toEqualTypeOf<never>()
  })
})

describe("one direction", () => {
  const spec = Datagram.ipv4.pipe(withHopLimit({ only: "send" }), withDscp({ only: "receive" }))

  it("receives what is not only sent", () => {
    expectTypeOf<Spec.Received<typeof spec>>().toEqualTypeOf<{ readonly dscp: number }>()
  })

  it("sends what is not only received", () => {
    expectTypeOf<Spec.Sendable<typeof spec>>().toEqualTypeOf<{ readonly hopLimit?: number | undefined }>()
  })
})

describe("a spec's type", () => {
  it("is the set of what it declares: order does not matter", () => {
    const one = Datagram.ipv4.pipe(withPktInfo(), withHopLimit(), withEcn())
    const two = Datagram.ipv4.pipe(withEcn(), withHopLimit(), withPktInfo())
    expectTypeOf(one).toEqualTypeOf(two)
  })

  it("does not tell a fragment from its parts", () => {
    const server = Datagram.combine(withPktInfo(), withHopLimit(), withReuseAddress())
    expectTypeOf(Datagram.dual.pipe(server)).toEqualTypeOf(Datagram.dual.pipe(withHopLimit(), withPktInfo()))
    const unix = Datagram.combine(withTimestamp(), withReceiveBufferSize(1 << 20))
    expectTypeOf(Datagram.unix.pipe(unix)).toEqualTypeOf(Datagram.unix.pipe(withTimestamp()))
  })
})

describe("what a program needs", () => {
  it("is a driver and a scope where every platform has what it declares", () => {
    const program = Datagram.bind(Datagram.ipv4.pipe(withPktInfo(), withHopLimit(), withReuseAddress()), at)
    expectTypeOf<Needed<typeof program>>().toEqualTypeOf<DatagramSockets | Scope.Scope>()
  })

  it("and a capability for each thing that not every platform has, of messages and options", () => {
    const program = Datagram.bind(Datagram.ipv4.pipe(withTimestamp(), withDropCount(), withBindToDevice("eth0")), at)
    expectTypeOf<Needed<typeof program>>().toEqualTypeOf<
      DatagramSockets | Scope.Scope | Capability<"timestamp"> | Capability<"dropCount"> | Capability<"bindToDevice">
    >()
  })

  it("by direction where a platform has one alone", () => {
    const received = Datagram.ipv6.pipe(withRoutingHeader({ maximumBytes: 64 }))
    const sent = Datagram.ipv6.pipe(withRoutingHeader({ only: "send" }))
    const both = Datagram.ipv6.pipe(withRoutingHeader({ also: "send" }))
    expectTypeOf<Spec.Needs<typeof received>>().toEqualTypeOf<Capability<"routingHeader">>()
    expectTypeOf<Spec.Needs<typeof sent>>().toEqualTypeOf<Capability<"sentRoutingHeader">>()
    expectTypeOf<Spec.Needs<typeof both>>().toEqualTypeOf<
      Capability<"routingHeader"> | Capability<"sentRoutingHeader">
    >()
  })

  it("but none for a message whose number the program gives", () => {
    const spec = Datagram.ipv6.pipe(withNextHop({ type: 9 }), withDestinationOptions({ type: 60, only: "receive" }))
    expectTypeOf<Spec.Needs<typeof spec>>().toEqualTypeOf<never>()
  })

  it("but none for what is optional", () => {
    const spec = Datagram.ipv4.pipe(withOptional(withOriginalArrivalInterface()), withOptional(withTimestamp()))
    expectTypeOf<Spec.Needs<typeof spec>>().toEqualTypeOf<never>()
  })
})

describe("a ping socket", () => {
  it("is one of its family: ICMP is a protocol, and not a family", () => {
    expectTypeOf(Datagram.icmp4).toEqualTypeOf(Datagram.ipv4)
    expectTypeOf(Datagram.icmp6).toEqualTypeOf(Datagram.ipv6)
    const spec = Datagram.icmp4.pipe(withPktInfo(), withHopLimit())
    expectTypeOf<Spec.Received<typeof spec>>().toEqualTypeOf<{
      readonly pktInfo: PacketInfo<"ipv4">
      readonly hopLimit: number
    }>()
    expectTypeOf<Needed<ReturnType<typeof Datagram.client<"ipv4", never, never>>>>().toEqualTypeOf<
      DatagramSockets | Scope.Scope
    >()
  })
})

describe("a layer's type is its list of features", () => {
  it("NodeSockets promises what every platform has", () => {
    expectTypeOf<Provided<typeof NodeSockets.layer>>().toEqualTypeOf<DatagramSockets>()
  })

  it("LinuxSockets and WinsockSockets what theirs have, by name", () => {
    expectTypeOf<"timestamp" | "dropCount" | "errorReports">().toExtend<(typeof LinuxSockets.capabilities)[number]>()
    expectTypeOf<"counterTimestamp">().not.toExtend<(typeof LinuxSockets.capabilities)[number]>()
    expectTypeOf<"originalArrivalInterface">().toExtend<(typeof WinsockSockets.capabilities)[number]>()
    expectTypeOf<"timestamp">().not.toExtend<(typeof WinsockSockets.capabilities)[number]>()
    expectTypeOf<"sentRoutingHeader" | "nextHop">().not.toExtend<(typeof LinuxSockets.capabilities)[number]>()
    expectTypeOf<"sentRoutingHeader">().toExtend<(typeof WinsockSockets.capabilities)[number]>()
    expectTypeOf<Provided<typeof LinuxSockets.layer>>().toEqualTypeOf<
      DatagramSockets | Capability<(typeof LinuxSockets.capabilities)[number]>
    >()
    expectTypeOf<Provided<typeof WinsockSockets.layer>>().toEqualTypeOf<
      DatagramSockets | Capability<(typeof WinsockSockets.capabilities)[number]>
    >()
  })

  it("all of them may fail where the system is another", () => {
    type Failing<L> = L extends Layer.Layer<infer _A, infer E, infer _R> ? E : never
    expectTypeOf<Failing<typeof NodeSockets.layer>>().toEqualTypeOf<DatagramUnsupportedError>()
    expectTypeOf<Failing<typeof LinuxSockets.layer>>().toEqualTypeOf<DatagramUnsupportedError>()
    expectTypeOf<Failing<typeof WinsockSockets.layer>>().toEqualTypeOf<DatagramUnsupportedError>()
  })
})

describe("parts and pairs", () => {
  it("a payload has as many parts as are declared, each a Uint8Array", () => {
    const spec = Datagram.ipv4.pipe(withScatter(12, 1500), withPktInfo())
    expectTypeOf<Spec.Received<typeof spec>["parts"]>().toEqualTypeOf<readonly [Uint8Array, Uint8Array]>()
    // @ts-expect-error: it is declared once.
    spec.pipe(withScatter(1))
    // @ts-expect-error: there is no third part.
    expectTypeOf<Spec.Received<typeof spec>["parts"][2]>().toBeAny()
    // @ts-expect-error: parts are always there, so there is nothing to be optional.
    withOptional(withScatter(1))
    expectTypeOf<Spec.Sendable<typeof spec>>().not.toHaveProperty("parts")
  })

  it("one read has as many parts as it gives sizes, beside what the spec declares", () => {
    const spec = Datagram.ipv4.pipe(withPktInfo())
    const read = (socket: DatagramSocket<"ipv4", PktInfo>) => socket.receiveScattered(12, 1500)
    type Read = Effect.Effect.Success<ReturnType<typeof read>>
    expectTypeOf<Read["parts"]>().toEqualTypeOf<readonly [Uint8Array, Uint8Array]>()
    expectTypeOf<Read["control"]>().toEqualTypeOf<Spec.Received<typeof spec>>()
    const many = (socket: DatagramSocket<"unix", never>, sizes: ReadonlyArray<number>) =>
      socket.receiveScattered(...sizes)
    expectTypeOf<Effect.Effect.Success<ReturnType<typeof many>>["parts"]>().toEqualTypeOf<ReadonlyArray<Uint8Array>>()
    // @ts-expect-error: sizes are numbers.
    const texts = (socket: DatagramSocket<"ipv4", never>) => socket.receiveScattered("12")
    return texts
  })

  it("the halves of a pair send to each other alone", () => {
    const halves = Datagram.pair(Datagram.unix)
    type Half = Effect.Effect.Success<typeof halves>[0]
    expectTypeOf<Half>().toEqualTypeOf<ConnectedSocket<"unix", never>>()
    expectTypeOf<Parameters<Half["send"]>[0]>().not.toHaveProperty("to")
  })
})

describe("open files and credentials", () => {
  const spec = Datagram.unix.pipe(withRights({ maximum: 2 }), withCredentials())

  it("arrive as an array of descriptors, and for certain", () => {
    expectTypeOf<Spec.Received<typeof spec>["rights"]>().toEqualTypeOf<ReadonlyArray<Descriptor>>()
    expectTypeOf<Spec.Received<typeof spec>["credentials"]["pid"]>().toEqualTypeOf<number>()
    expectTypeOf<Spec.Sendable<typeof spec>["rights"]>().toEqualTypeOf<ReadonlyArray<Descriptor | number> | undefined>()
    expectTypeOf<Spec.Needs<typeof spec>>().toEqualTypeOf<Capability<"rights"> | Capability<"credentials">>()
  })

  it("are of Unix sockets, bounded, and in the directions that were asked for", () => {
    // @ts-expect-error: descriptors cross no network.
    Datagram.ipv4.pipe(withRights({ maximum: 1 }))
    // @ts-expect-error: a peer decides how many, so the program has to.
    withRights()
    const sending = Datagram.unix.pipe(withCredentials(), withRights({ only: "send" }))
    expectTypeOf<Spec.Received<typeof sending>>().not.toHaveProperty("rights")
    const receiving = Datagram.unix.pipe(withCredentials(), withRights({ maximum: 1, only: "receive" }), withPidFd())
    expectTypeOf<Spec.Sendable<typeof receiving>>().not.toHaveProperty("rights")
    expectTypeOf<Spec.Sendable<typeof receiving>>().not.toHaveProperty("pidFd")
  })
})

describe("what can go wrong", () => {
  const program = Datagram.bind(Datagram.ipv4, at)
  type Socket = Effect.Effect.Success<typeof program>

  it("binding: what the platform lacks, and what the system refuses", () => {
    expectTypeOf<Effect.Effect.Error<typeof program>>().toEqualTypeOf<DatagramBindError | DatagramUnsupportedError>()
  })

  it("one datagram: a fault of it alone, or of the socket; a stream passes over the former", () => {
    type Datagrams = Stream.Stream.Error<Socket["datagrams"]>
    expectTypeOf<Effect.Effect.Error<Socket["receive"]>>().toEqualTypeOf<DatagramFault | DatagramReceiveError>()
    expectTypeOf<Datagrams>().toEqualTypeOf<DatagramReceiveError>()
  })

  it("sending", () => {
    expectTypeOf<Effect.Effect.Error<ReturnType<Socket["send"]>>>().toEqualTypeOf<DatagramSendError>()
  })

  it("a loop ends by an error alone", () => {
    expectTypeOf<Effect.Effect.Success<ReturnType<Socket["forEach"]>>>().toEqualTypeOf<never>()
  })
})

describe("connecting a bound socket", () => {
  const spec = Datagram.dual.pipe(withHopLimit())
  type Socket = Effect.Effect.Success<ReturnType<typeof Datagram.bind<"dual", Spec.Declared<typeof spec>, never>>>

  it("gives a connected socket of the same declarations, until a scope ends", () => {
    expectTypeOf<ReturnType<Socket["connect"]>>().toEqualTypeOf<
      Effect.Effect<
        ConnectedSocket<"dual", Spec.Declared<typeof spec>>,
        DatagramBindError | DatagramUnsupportedError,
        Scope.Scope
      >
    >()
    expectTypeOf<ConnectedSocket<"dual", never>>().not.toHaveProperty("connect")
  })

  it("takes a peer of the family: as it is written, or as it was received", () => {
    const use = (
      socket: Socket,
      four: DatagramSocket<"ipv4", never>,
      asked: Effect.Effect.Success<Socket["receive"]>
    ) => {
      void socket.connect(at)
      void socket.connect(asked.from)
      // @ts-expect-error -- a path is no peer of an internet socket
      void four.connect({ path: "/run/x" })
      // @ts-expect-error -- the port is missing
      void four.connect({ address: "127.0.0.1" })
    }
    expectTypeOf(use).toBeFunction()
  })
})

describe("sending many", () => {
  const spec = Datagram.ipv4.pipe(withHopLimit())
  type Socket = Effect.Effect.Success<ReturnType<typeof Datagram.bind<"ipv4", Spec.Declared<typeof spec>, never>>>
  const message = { data: new Uint8Array(3), to: at }

  it("takes what send takes, and cannot fail", () => {
    const use = (socket: Socket) => socket.sendAll([message, { ...message, control: { hopLimit: 3 }, segmentSize: 2 }])
    expectTypeOf<ReturnType<typeof use>>().toEqualTypeOf<Effect.Effect<SendReport>>()
  })

  it("takes nothing that is not declared, and no destination on a connected socket", () => {
    const use = (socket: Socket, connected: ConnectedSocket<"ipv4", never>) => {
      // @ts-expect-error -- 'ttl' is no message of this spec
      void socket.sendAll([{ ...message, control: { ttl: 3 } }])
      void connected.sendAll([{ data: message.data }])
      // @ts-expect-error -- it is connected
      void connected.sendAll([{ data: message.data, to: at }])
      // @ts-expect-error -- a datagram needs a destination
      void socket.sendAll([{ data: message.data }])
    }
    expectTypeOf(use).toBeFunction()
  })

  it("is a sink of the same messages, whose result is how many went", () => {
    expectTypeOf<Socket["sink"]>().toEqualTypeOf<
      Sink.Sink<number, Outgoing<"ipv4", Spec.Declared<typeof spec>>, never, DatagramSendError>
    >()
  })

  it("says what becomes of a datagram without room", () => {
    expectTypeOf(withBackpressure).parameter(0).toEqualTypeOf<"wait" | "fail" | "drop">()
    expectTypeOf(Datagram.unix.pipe(withBackpressure("drop"))).toEqualTypeOf<typeof Datagram.unix>()
  })
})
