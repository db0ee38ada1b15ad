/** Types of this face: the control messages that a spec receives, the shapes of promises, and the programs that do not compile. */
import type { HopLimit, PacketInfo } from "@ancillary/control"
import {
  type Control,
  type ConnectedSocket,
  Datagram,
  type DatagramFault,
  type DatagramSendError,
  type DatagramServer,
  type DatagramSocket,
  type InterfaceServer,
  Interfaces,
  type Membership,
  serve,
  serveInterfaces,
  type Spec,
  SocketOption,
  withEcn,
  withHopLimit,
  withOptional,
  withPktInfo,
  withTimestamp
} from "@ancillary/socket"
import { describe, expectTypeOf, it } from "vitest"

const at = { address: "127.0.0.1", port: 0 }

describe("control", () => {
  const spec = Datagram.ipv4.pipe(withPktInfo(), withHopLimit(), withOptional(withTimestamp()))
  type Received = Datagram.Datagram<"ipv4", Spec.Declared<typeof spec>>["control"]

  it("required messages are bare values", () => {
    expectTypeOf<Received["pktInfo"]>().toEqualTypeOf<PacketInfo<"ipv4">>()
    expectTypeOf<Received["hopLimit"]>().toEqualTypeOf<number>()
  })

  it("optional messages are their value or undefined", () => {
    expectTypeOf<Received["timestamp"]>().toEqualTypeOf<bigint | undefined>()
    expectTypeOf<keyof Received>().toEqualTypeOf<"pktInfo" | "hopLimit" | "timestamp">()
    expectTypeOf<Control<"ipv4", HopLimit>>().toEqualTypeOf<{ readonly hopLimit: number }>()
  })

  it("a message that is not declared does not compile", () => {
    void (async () => {
      const socket = await Datagram.bind(spec, at)
      const { control } = await socket.receive()
      // @ts-expect-error the spec does not declare ecn
      void control.ecn
    })
  })
})

describe("sockets", () => {
  const spec = Datagram.ipv4.pipe(withHopLimit())
  const bind = () => Datagram.bind(spec, at)
  type Socket = Awaited<ReturnType<typeof bind>>
  type One = Datagram.Datagram<"ipv4", HopLimit>

  it("bind resolves with the socket of its spec", () => {
    expectTypeOf<Socket>().toEqualTypeOf<DatagramSocket<"ipv4", HopLimit>>()
    expectTypeOf<ReturnType<Socket["connect"]>>().toEqualTypeOf<ConnectedSocket<"ipv4", HopLimit>>()
    expectTypeOf<ReturnType<Socket["join"]>>().toEqualTypeOf<Membership>()
  })

  it("reads resolve with datagrams, arrays or undefined, and iterate", () => {
    expectTypeOf<ReturnType<Socket["receive"]>>().toEqualTypeOf<Promise<One>>()
    expectTypeOf<ReturnType<Socket["receiveWithin"]>>().toEqualTypeOf<Promise<One | undefined>>()
    expectTypeOf<ReturnType<Socket["receiveBatch"]>>().toEqualTypeOf<Promise<ReadonlyArray<One>>>()
    void (async (socket: Socket) => {
      for await (const datagram of socket) expectTypeOf(datagram).toEqualTypeOf<One>()
      for await (const outcome of socket.outcomes()) expectTypeOf(outcome).toEqualTypeOf<One | DatagramFault>()
      const { parts } = await socket.receiveScattered([4, 8])
      expectTypeOf(parts).toEqualTypeOf<readonly [Uint8Array, Uint8Array]>()
    })
  })

  it("trySend and tryReply return the error or undefined", () => {
    expectTypeOf<ReturnType<Socket["trySend"]>>().toEqualTypeOf<DatagramSendError | undefined>()
    expectTypeOf<ReturnType<typeof Datagram.tryReply>>().toEqualTypeOf<DatagramSendError | undefined>()
    expectTypeOf<ReturnType<typeof Datagram.reply>>().toEqualTypeOf<Promise<void>>()
  })

  it("the error of a send has the reasons of sends", () => {
    void ((error: DatagramSendError) => {
      expectTypeOf(error).toExtend<Error>()
      expectTypeOf(error.code).toEqualTypeOf<string>()
      // @ts-expect-error no send has this reason
      void (error.reason === "AddressInUse")
    })
  })

  it("a server has the socket of its spec", () => {
    const serving = () => serve(spec, at, (datagram, socket) => socket.send({ data: datagram.data, to: datagram.from }))
    expectTypeOf<Awaited<ReturnType<typeof serving>>>().toEqualTypeOf<DatagramServer<"ipv4", HopLimit>>()
  })

  it("serveInterfaces gives its handler the datagrams and the socket of the spec", () => {
    const serving = () =>
      serveInterfaces(spec, { port: 7, groups: ["239.1.2.3"] }, ({ control }, socket) => {
        expectTypeOf(control).toEqualTypeOf<{ readonly hopLimit: number }>()
        expectTypeOf(socket).toEqualTypeOf<DatagramSocket<"ipv4", HopLimit>>()
      })
    type Server = Awaited<ReturnType<typeof serving>>
    expectTypeOf<Server>().toEqualTypeOf<InterfaceServer<"ipv4", HopLimit>>()
    expectTypeOf<ReturnType<Server["sockets"]>>().toEqualTypeOf<ReadonlyArray<DatagramSocket<"ipv4", HopLimit>>>()
    // @ts-expect-error a server of interfaces has no address, only a port
    void serveInterfaces(spec, { address: "127.0.0.1", port: 7 }, () => undefined)
    // @ts-expect-error a duration is a number of milliseconds
    void serveInterfaces(spec, { port: 7, interval: "1 second" }, () => undefined)
  })

  it("interfaces are listed at once", () => {
    expectTypeOf<ReturnType<Interfaces["byName"]>["index"]>().toEqualTypeOf<number>()
  })
})

describe("programs that do not compile", () => {
  it("a message of the other family, and the same message twice", () => {
    // @ts-expect-error 'ecn' is already declared by this spec
    void Datagram.ipv4.pipe(withEcn(), withEcn())
    // @ts-expect-error 'pktInfo' does not exist for unix sockets
    void Datagram.unix.pipe(withPktInfo())
  })

  it("a message that the spec does not declare for sending", () => {
    void (async () => {
      const socket = await Datagram.bind(Datagram.ipv4.pipe(withHopLimit({ only: "receive" })), at)
      // @ts-expect-error 'hopLimit' cannot be sent on this socket: its spec does not declare it for sending
      await socket.send({ data: new Uint8Array(1), to: at, control: { hopLimit: 3 } })
    })
  })

  it("a reply without packet information", () => {
    void (async () => {
      const socket = await Datagram.bind(Datagram.ipv4, at)
      const asked = await socket.receive()
      // @ts-expect-error reply needs packet information
      await Datagram.reply(socket, asked, asked.data)
    })
  })

  it("an address without a port, a group of a Unix socket, another value", () => {
    void (async () => {
      // @ts-expect-error the port is missing
      await Datagram.bind(Datagram.ipv4, { address: "127.0.0.1" })
      const unix = await Datagram.bind(Datagram.unix, { path: "/tmp/x" })
      // @ts-expect-error a Unix socket joins no groups
      unix.join("224.0.0.1")
      const socket = await Datagram.bind(Datagram.ipv4, at)
      // @ts-expect-error a number of bytes
      socket.setOption(SocketOption.receiveBufferSize, "4096")
      // @ts-expect-error a connected socket has one peer
      await socket.connect(at).send({ data: new Uint8Array(1), to: at })
    })
  })
})
