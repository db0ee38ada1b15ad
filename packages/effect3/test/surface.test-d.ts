/** The types of declarations: received values, sendable values, and requirements. */
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

describe("received control data", () => {
  it("is the plain value if the kernel delivers it with every datagram", () => {
    const spec = Datagram.ipv4.pipe(withPktInfo(), withHopLimit())
    expectTypeOf<Spec.Received<typeof spec>>().toEqualTypeOf<{
      readonly pktInfo: PacketInfo<"ipv4">
      readonly hopLimit: number
    }>()
  })

  it("is an Option if the kernel may omit it, or the platform may lack it", () => {
    const spec = Datagram.ipv4.pipe(withTimestamp(), withOptional(withHopLimit()))
    expectTypeOf<Spec.Received<typeof spec>>().toEqualTypeOf<{
      readonly timestamp: Option.Option<bigint>
      readonly hopLimit: Option.Option<number>
    }>()
  })

  it("is an array if it may be repeated, optional or not", () => {
    const required = Datagram.ipv6.pipe(withRoutingHeader())
    const optional = Datagram.ipv6.pipe(withOptional(withRoutingHeader()))
    type Headers = { readonly routingHeader: ReadonlyArray<ExtensionHeader.RoutingHeader> }
    expectTypeOf<Spec.Received<typeof required>>().toEqualTypeOf<Headers>()
    expectTypeOf<Spec.Received<typeof optional>>().toEqualTypeOf<Headers>()
  })

  it("has the family: the destination of a dual socket is of either", () => {
    const four = Datagram.ipv4.pipe(withPktInfo())
    const both = Datagram.dual.pipe(withPktInfo())
    expectTypeOf<Spec.Received<typeof four>["pktInfo"]["destination"]>().toEqualTypeOf<Ipv4Address>()
    expectTypeOf<Spec.Received<typeof both>["pktInfo"]["destination"]>().toEqualTypeOf<Ipv4Address | Ipv6Address>()
  })

  it("is empty without declarations", () => {
    // oxlint-disable-next-line typescript/no-generated-empty-object-type -- nothing is what is meant
    expectTypeOf<Spec.Received<typeof Datagram.ipv4>>().toEqualTypeOf<{}>()
  })
})

describe("sendable control data", () => {
  it("has the declared messages, all optional", () => {
    const spec = Datagram.ipv6.pipe(withPktInfo(), withHopLimit())
    expectTypeOf<Spec.Sendable<typeof spec>>().toEqualTypeOf<{
      readonly pktInfo?: PacketSource<"ipv6"> | undefined
      readonly hopLimit?: number | undefined
    }>()
  })

  it("has one header of a kind, even if several are received", () => {
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

  it("has no message that is only received", () => {
    const spec = Datagram.ipv4.pipe(withTimestamp(), withDropCount())
    // oxlint-disable-next-line typescript/no-generated-empty-object-type -- nothing is what is meant
    expectTypeOf<Spec.Sendable<typeof spec>>().toEqualTypeOf<{}>()
  })
})

describe("an event of the socket", () => {
  const spec = Datagram.dual.pipe(withErrorReports(), withPathMtuReports(), withTransmitTimestamps())
  const program = Datagram.bind(spec, at)
  type Socket = Effect.Effect.Success<typeof program>

  it("is not part of a datagram", () => {
    // oxlint-disable-next-line typescript/no-generated-empty-object-type -- nothing is what is meant
    expectTypeOf<Spec.Received<typeof spec>>().toEqualTypeOf<{}>()
    const optional = Datagram.ipv4.pipe(withOptional(withErrorReports()), withHopLimit())
    expectTypeOf<Spec.Received<typeof optional>>().toEqualTypeOf<{ readonly hopLimit: number }>()
  })

  it("is read from any socket", () => {
    expectTypeOf<Socket["events"]>().toEqualTypeOf<Stream.Stream<SocketEvent, DatagramReceiveError>>()
    expectTypeOf<SocketEvent["_tag"]>().toEqualTypeOf<
      "ErrorReport" | "PathMtuReport" | "TransmitTimestamp" | "UserEvent"
    >()
    expectTypeOf<DatagramSource<"ipv4", never>["events"]>().toEqualTypeOf<Socket["events"]>()
  })

  it("is requested with a datagram if it is about that datagram", () => {
    expectTypeOf<Spec.Sendable<typeof spec>>().toEqualTypeOf<{
      readonly transmitTimestamp?: number | StampRequest | undefined
    }>()
  })

  it("requires its capability of the platform, and none if it is optional", () => {
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

  it("receives messages that are not only sent", () => {
    expectTypeOf<Spec.Received<typeof spec>>().toEqualTypeOf<{ readonly dscp: number }>()
  })

  it("sends messages that are not only received", () => {
    expectTypeOf<Spec.Sendable<typeof spec>>().toEqualTypeOf<{ readonly hopLimit?: number | undefined }>()
  })
})

describe("a spec's type", () => {
  it("is the set of its declarations: order does not matter", () => {
    const one = Datagram.ipv4.pipe(withPktInfo(), withHopLimit(), withEcn())
    const two = Datagram.ipv4.pipe(withEcn(), withHopLimit(), withPktInfo())
    expectTypeOf(one).toEqualTypeOf(two)
  })

  it("is equal for a fragment and for its parts", () => {
    const server = Datagram.combine(withPktInfo(), withHopLimit(), withReuseAddress())
    expectTypeOf(Datagram.dual.pipe(server)).toEqualTypeOf(Datagram.dual.pipe(withHopLimit(), withPktInfo()))
    const unix = Datagram.combine(withTimestamp(), withReceiveBufferSize(1 << 20))
    expectTypeOf(Datagram.unix.pipe(unix)).toEqualTypeOf(Datagram.unix.pipe(withTimestamp()))
  })
})

describe("the requirements of a program", () => {
  it("are a driver and a scope if every platform has its declarations", () => {
    const program = Datagram.bind(Datagram.ipv4.pipe(withPktInfo(), withHopLimit(), withReuseAddress()), at)
    expectTypeOf<Needed<typeof program>>().toEqualTypeOf<DatagramSockets | Scope.Scope>()
  })

  it("include a capability for each message or option that some platform lacks", () => {
    const program = Datagram.bind(Datagram.ipv4.pipe(withTimestamp(), withDropCount(), withBindToDevice("eth0")), at)
    expectTypeOf<Needed<typeof program>>().toEqualTypeOf<
      DatagramSockets | Scope.Scope | Capability<"timestamp"> | Capability<"dropCount"> | Capability<"bindToDevice">
    >()
  })

  it("depend on the direction if a platform has only one", () => {
    const received = Datagram.ipv6.pipe(withRoutingHeader({ maximumBytes: 64 }))
    const sent = Datagram.ipv6.pipe(withRoutingHeader({ only: "send" }))
    const both = Datagram.ipv6.pipe(withRoutingHeader({ also: "send" }))
    expectTypeOf<Spec.Needs<typeof received>>().toEqualTypeOf<Capability<"routingHeader">>()
    expectTypeOf<Spec.Needs<typeof sent>>().toEqualTypeOf<Capability<"sentRoutingHeader">>()
    expectTypeOf<Spec.Needs<typeof both>>().toEqualTypeOf<
      Capability<"routingHeader"> | Capability<"sentRoutingHeader">
    >()
  })

  it("include none for a message whose number the program gives", () => {
    const spec = Datagram.ipv6.pipe(withNextHop({ type: 9 }), withDestinationOptions({ type: 60, only: "receive" }))
    expectTypeOf<Spec.Needs<typeof spec>>().toEqualTypeOf<never>()
  })

  it("include none for optional messages", () => {
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
  it("NodeSockets promises the features of every platform", () => {
    expectTypeOf<Provided<typeof NodeSockets.layer>>().toEqualTypeOf<DatagramSockets>()
  })

  it("LinuxSockets and WinsockSockets promise the features of theirs, by name", () => {
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

  it("all of them may fail on another system", () => {
    type Failing<L> = L extends Layer.Layer<infer _A, infer E, infer _R> ? E : never
    expectTypeOf<Failing<typeof NodeSockets.layer>>().toEqualTypeOf<DatagramUnsupportedError>()
    expectTypeOf<Failing<typeof LinuxSockets.layer>>().toEqualTypeOf<DatagramUnsupportedError>()
    expectTypeOf<Failing<typeof WinsockSockets.layer>>().toEqualTypeOf<DatagramUnsupportedError>()
  })
})

describe("parts and pairs", () => {
  it("a payload has the declared number of parts, each a Uint8Array", () => {
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

  it("one read has one part for each given size, beside the declared messages", () => {
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

  it("the halves of a pair send only to each other", () => {
    const halves = Datagram.pair(Datagram.unix)
    type Half = Effect.Effect.Success<typeof halves>[0]
    expectTypeOf<Half>().toEqualTypeOf<ConnectedSocket<"unix", never>>()
    expectTypeOf<Parameters<Half["send"]>[0]>().not.toHaveProperty("to")
  })
})

describe("open files and credentials", () => {
  const spec = Datagram.unix.pipe(withRights({ maximum: 2 }), withCredentials())

  it("arrive as an array of descriptors, with every datagram", () => {
    expectTypeOf<Spec.Received<typeof spec>["rights"]>().toEqualTypeOf<ReadonlyArray<Descriptor>>()
    expectTypeOf<Spec.Received<typeof spec>["credentials"]["pid"]>().toEqualTypeOf<number>()
    expectTypeOf<Spec.Sendable<typeof spec>["rights"]>().toEqualTypeOf<ReadonlyArray<Descriptor | number> | undefined>()
    expectTypeOf<Spec.Needs<typeof spec>>().toEqualTypeOf<Capability<"rights"> | Capability<"credentials">>()
  })

  it("exist only on Unix sockets, with a maximum, in the declared directions", () => {
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

describe("error types", () => {
  const program = Datagram.bind(Datagram.ipv4, at)
  type Socket = Effect.Effect.Success<typeof program>

  it("binding: unsupported features, and refusals of the system", () => {
    expectTypeOf<Effect.Effect.Error<typeof program>>().toEqualTypeOf<DatagramBindError | DatagramUnsupportedError>()
  })

  it("one datagram: a fault or an error of the socket; a stream has only the latter", () => {
    type Datagrams = Stream.Stream.Error<Socket["datagrams"]>
    expectTypeOf<Effect.Effect.Error<Socket["receive"]>>().toEqualTypeOf<DatagramFault | DatagramReceiveError>()
    expectTypeOf<Datagrams>().toEqualTypeOf<DatagramReceiveError>()
  })

  it("sending", () => {
    expectTypeOf<Effect.Effect.Error<ReturnType<Socket["send"]>>>().toEqualTypeOf<DatagramSendError>()
  })

  it("a loop ends only with an error", () => {
    expectTypeOf<Effect.Effect.Success<ReturnType<Socket["forEach"]>>>().toEqualTypeOf<never>()
  })
})

describe("connecting a bound socket", () => {
  const spec = Datagram.dual.pipe(withHopLimit())
  type Socket = Effect.Effect.Success<ReturnType<typeof Datagram.bind<"dual", Spec.Declared<typeof spec>, never>>>

  it("returns a connected socket with equal declarations, until a scope ends", () => {
    expectTypeOf<ReturnType<Socket["connect"]>>().toEqualTypeOf<
      Effect.Effect<
        ConnectedSocket<"dual", Spec.Declared<typeof spec>>,
        DatagramBindError | DatagramUnsupportedError,
        Scope.Scope
      >
    >()
    expectTypeOf<ConnectedSocket<"dual", never>>().not.toHaveProperty("connect")
  })

  it("takes a peer of the family, as text or as received", () => {
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

  it("takes the messages of send, and cannot fail", () => {
    const use = (socket: Socket) => socket.sendAll([message, { ...message, control: { hopLimit: 3 }, segmentSize: 2 }])
    expectTypeOf<ReturnType<typeof use>>().toEqualTypeOf<Effect.Effect<SendReport>>()
  })

  it("takes no undeclared message, and no destination on a connected socket", () => {
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

  it("is a sink of these messages, and its result is the sent number", () => {
    expectTypeOf<Socket["sink"]>().toEqualTypeOf<
      Sink.Sink<number, Outgoing<"ipv4", Spec.Declared<typeof spec>>, never, DatagramSendError>
    >()
  })

  it("reports the outcome of a datagram without room", () => {
    expectTypeOf(withBackpressure).parameter(0).toEqualTypeOf<"wait" | "fail" | "drop">()
    expectTypeOf(Datagram.unix.pipe(withBackpressure("drop"))).toEqualTypeOf<typeof Datagram.unix>()
  })
})
