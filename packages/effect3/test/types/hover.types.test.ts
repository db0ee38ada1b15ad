/**
 * Displayed types and not only assignable ones. Hovers stay as short as the names, and documentation is shown at every use. The last line of an
 * error is a sentence, and a long spec is cheap.
 */
import { describe, expect, it } from "vitest"
import { completions, cost, errors, quickInfo } from "./hover.ts"

/** Members of the union in a type's second argument. A union shows its members in the order of their creation. */
const declared = (display: string): ReadonlyArray<string> =>
  (/<[^,]*, (.*), [^,]*>$/.exec(display)?.[1] ?? display).split(" | ").toSorted()

const bound = (spec: string) => `
  import {
    Datagram, withDscp, withEcn, withHopLimit, withOptional, withOriginalArrivalInterface, withPktInfo, withTimestamp
  } from "@ancillary/effect3"
  import { Effect } from "effect"
  const /*^*/spec = ${spec}
  export const program = Effect.gen(function* () {
    const /*^*/socket = yield* Datagram.bind(spec, { address: "::", port: 5300 })
    const /*^*/datagram = yield* socket.receive
    return datagram./*^*/control
  })
  export const unused = [
    withDscp, withEcn, withHopLimit, withOptional, withOriginalArrivalInterface, withPktInfo, withTimestamp
  ]
`
/** The displays of a program's `spec`, its socket, a datagram and what it carries. */
const shown = (spec: string) => {
  const [ofSpec = "", ofSocket = "", ofDatagram = "", ofControl = ""] = quickInfo(bound(spec)).map((at) => at.display)
  return { spec: ofSpec, socket: ofSocket, datagram: ofDatagram, control: ofControl.replace(/\s+/g, " ") }
}

describe("an editor shows", () => {
  it("a spec as its declared messages", () => {
    const { datagram, socket, spec } = shown("Datagram.ipv4.pipe(withPktInfo(), withHopLimit())")
    expect(spec).toMatch(/^const spec: Spec<"ipv4", [A-Za-z |]+, never>$/)
    expect(declared(spec)).toEqual(["HopLimit", "PktInfo"])
    expect(socket).toMatch(/^const socket: DatagramSocket<"ipv4", [A-Za-z |]+>$/)
    expect(datagram).toMatch(/^const datagram: Datagram\.Datagram<"ipv4", [A-Za-z |]+>$/)
  })

  it("an equal type for another order", () => {
    const { spec } = shown("Datagram.ipv4.pipe(withHopLimit(), withPktInfo())")
    expect(declared(spec)).toEqual(["HopLimit", "PktInfo"])
  })

  it("one direction and optional messages by their names", () => {
    const { spec } = shown(
      'Datagram.ipv4.pipe(withHopLimit({ only: "send" }), withOptional(withOriginalArrivalInterface()))'
    )
    expect(declared(spec)).toEqual(["Optional<OriginalArrivalInterface>", "SendOnly<HopLimit>"])
  })

  it("the control data of a datagram as one flat record", () => {
    const { control } = shown("Datagram.ipv4.pipe(withPktInfo(), withHopLimit())")
    expect(control.split(".control: ")[1]).toBe('{ readonly pktInfo: PacketInfo<"ipv4">; readonly hopLimit: number; }')
  })

  it("an optional message as an Option", () => {
    const { control } = shown("Datagram.dual.pipe(withEcn(), withOptional(withTimestamp()))")
    expect(control.split(".control: ")[1]).toBe("{ readonly ecn: EcnCodepoint; readonly timestamp: Option<bigint>; }")
  })

  it("a shared fragment by its messages and requirements", () => {
    const [info] = quickInfo(`
      import { Datagram, withBindToDevice, withHopLimit, withPktInfo, withReuseAddress } from "@ancillary/effect3"
      export const /*^*/defaults = Datagram.combine(withPktInfo(), withHopLimit(), withReuseAddress(), withBindToDevice("eth0"))
    `)
    expect(info?.display).toMatch(
      /^const defaults: Combined<(PktInfo \| HopLimit|HopLimit \| PktInfo), Capability<"bindToDevice">, "unix">$/
    )
  })
})

describe("the documentation is shown", () => {
  const socket = `
    import type { Datagram, DatagramSocket } from "@ancillary/effect3"
    import type { ControlMessage, HopLimit, Optional, PktInfo } from "@ancillary/control"
    interface Mark extends ControlMessage<"mark", "ipv4"> {
      readonly received: {
        /** The packet's mark, as firewall rules set it. */
        readonly mark: number
      }
    }
    declare const datagram: Datagram.Datagram<"ipv4", PktInfo | Optional<HopLimit> | Mark>
    declare const socket: DatagramSocket<"ipv4", PktInfo>
  `
  it("at the fields of a datagram, for a program's own messages, and through Optional", () => {
    const infos = quickInfo(`${socket}
      export const fields = [datagram.control./*^*/hopLimit, datagram.control./*^*/mark, datagram./*^*/data]
      export const of = [datagram.control./*^*/pktInfo, datagram.control.pktInfo./*^*/destination, socket./*^*/receiveWithin]
    `)
    expect(infos.map(({ documentation }) => documentation)).toEqual([
      "Routers that the datagram could still have crossed when it arrived, 0 to 255 (IPv4 says TTL).",
      "The packet's mark, as firewall rules set it.",
      "The payload, as a copy that the program owns. Other payloads may share `data.buffer`, so a view of that buffer must\nstart at `data.byteOffset`.",
      "The arrival of the datagram: destination address and interface.",
      "The destination address in the IP header: ours, a group's, or a broadcast address.",
      "Receives one datagram, or returns `None` after the duration. Unlike `Effect.timeout(socket.receive, …)` it never\ntakes a datagram and then loses it."
    ])
  })
})

describe("sending", () => {
  const socket = `
    import { type DatagramSocket } from "@ancillary/effect3"
    import type { Ecn, HopLimit, PktInfo } from "@ancillary/control"
    declare const socket: DatagramSocket<"ipv4", PktInfo | HopLimit | Ecn>
    const data = new Uint8Array(1)
    const to = { address: "192.0.2.1", port: 53 }
  `
  it("is shown in at most six lines", () => {
    const infos = quickInfo(`${socket}
      export const bare = socket./*^*/send
      export const called = socket./*^*/send({ data, to, control: { hopLimit: 3 } })
    `)
    for (const { display } of infos) expect(display.split("\n").length).toBeLessThanOrEqual(6)
    expect(infos[0]?.display).toContain('(message: Outgoing<"ipv4", PktInfo | HopLimit | Ecn, Given>)')
  })

  it("completes declared messages and their values", () => {
    expect(completions(`${socket} socket.send({ data, to, control: { /*^*/ } })`)).toEqual([
      "ecn",
      "hopLimit",
      "pktInfo"
    ])
    expect(completions(`${socket} socket.send({ data, to, control: { pktInfo: { /*^*/ } } })`)).toEqual([
      "interfaceIndex",
      "source"
    ])
    expect(completions(`${socket} socket.send({ data, to, control: { ecn: "/*^*/" } })`).toSorted()).toEqual([
      "ce",
      "ect0",
      "ect1",
      "not-ect"
    ])
  })
})

describe("the last line of an error is a sentence", () => {
  const header = `
    import { Datagram, type DatagramSocket, withBindToDevice, withHopLimit, withPktInfo, withReuseAddress } from "@ancillary/effect3"
    import { type ControlMessage, define, type HopLimit, type PktInfo } from "@ancillary/control"
    import { NodeSockets } from "@ancillary/effect3/node"
    import { Effect } from "effect"
    declare const plain: DatagramSocket<"ipv4", never>
    declare const informed: DatagramSocket<"ipv4", PktInfo | HopLimit>
    declare const datagram: Datagram.Datagram<"ipv4", PktInfo>
    declare const bare: Datagram.Datagram<"ipv4", never>
    const data = new Uint8Array(1)
    const to = { address: "192.0.2.1", port: 53 }
    interface Own extends ControlMessage<"own", "ipv4"> { readonly received: { readonly own: number } }
    const none = { ipv4: { unsupported: "no such thing" } }
    export const used = [
      Datagram, withBindToDevice, withHopLimit, withPktInfo, withReuseAddress, define, NodeSockets, Effect,
      plain, informed, datagram, bare, data, to, none
    ]
    export type Used = Own
  `
  it.each([
    [
      "the same message twice",
      "Datagram.ipv4.pipe(withPktInfo(), withPktInfo())",
      `Type 'Spec<"ipv4", PktInfo, never>' is not assignable to type '"'pktInfo' is already declared by this spec"'.`
    ],
    [
      "twice in a fragment",
      "Datagram.combine(withPktInfo(), withHopLimit(), withPktInfo())",
      `Type '[With<PktInfo>, With<HopLimit>, With<PktInfo>]' is not assignable to type '"'pktInfo' is declared twice"'.`
    ],
    [
      "a message of another family",
      "Datagram.unix.pipe(withHopLimit())",
      `Type 'Spec<"unix", never, never>' is not assignable to type '"'hopLimit' does not exist for unix sockets"'.`
    ],
    [
      "an option of another family",
      "Datagram.unix.pipe(withReuseAddress())",
      `Type 'Spec<"unix", never, never>' is not assignable to type '"this option does not exist for unix sockets"'.`
    ],
    [
      "what is not declared for sending",
      "plain.send({ data, to, control: { hopLimit: 3 } })",
      `Type 'number' is not assignable to type 'Refused<"'hopLimit' cannot be sent on this socket: its spec does not declare it for sending">'.`
    ],
    [
      "what is not declared for sending, kept in a variable",
      "const kept = { hopLimit: 3, ecn: 'ce' } as const; informed.send({ data, to, control: kept })",
      `Type 'string' is not assignable to type 'Refused<"'ecn' cannot be sent on this socket: its spec does not declare it for sending">'.`
    ],
    [
      "what was received where a source is to be given",
      "informed.send({ data, to, control: { pktInfo: { destination: datagram.control.pktInfo.destination } } })",
      `Object literal may only specify known properties, and 'destination' does not exist in type 'PacketSource<"ipv4">'.`
    ],
    [
      "a destination without a port",
      'informed.send({ data, to: { address: "192.0.2.1" } })',
      `Property 'port' is missing in type '{ address: string; }' but required in type '{ readonly address: string | Ipv4Address; readonly port: number; }'.`
    ],
    [
      "a reply without packet information",
      "Datagram.reply(plain, datagram, data)",
      `Type 'DatagramSocket<"ipv4", never>' is not assignable to type '"reply needs packet information: declare withPktInfo() on this socket, for both directions and not as optional"'.`
    ],
    [
      "a reply without a fiber, and without packet information",
      "Datagram.tryReply(plain, datagram, data)",
      `Type 'DatagramSocket<"ipv4", never>' is not assignable to type '"reply needs packet information: declare withPktInfo() on this socket, for both directions and not as optional"'.`
    ],
    [
      "a reply to a datagram without packet information",
      "Datagram.reply(informed, bare, data)",
      `Type 'Datagram<"ipv4", never>' is not assignable to type '"reply needs packet information: declare withPktInfo() on this socket, for receiving and not as optional"'.`
    ],
    [
      "what the layer lacks",
      'Effect.runPromise(Effect.scoped(Datagram.bind(Datagram.ipv4.pipe(withBindToDevice("eth0")), to)).pipe(Effect.provide(NodeSockets.layer)))',
      `Type 'Capability<"bindToDevice">' is not assignable to type 'never'.`
    ],
    [
      "no layer",
      "Effect.runPromise(Effect.scoped(Datagram.bind(Datagram.ipv4, to)))",
      "Type 'DatagramSockets' is not assignable to type 'never'."
    ],
    [
      "a missing cell of a table",
      'define<Own>({ key: "own", presence: "required", table: { linux: none, winsock: none } })',
      /^Property 'darwin' is missing in type /
    ]
  ])("%s", (_, code, last) => {
    const found = errors(`${header}${code}`)
    expect(found).toHaveLength(1)
    if (typeof last === "string") expect(found[0]?.at(-1)).toBe(last)
    else expect(found[0]?.at(-1)).toMatch(last)
  })
})

describe("fifteen messages", () => {
  const names = Array.from({ length: 8 }, (_, index) => `own${index}`)
  const source = `
    import { type ControlMessage, type Message } from "@ancillary/control"
    import {
      Datagram, withBindToDevice, withControlMessage, withDropCount, withDscp, withEcn, withHopLimit, withOptional, withPktInfo,
      withRoutingHeader, withTimestamp
    } from "@ancillary/effect3"
    import { Effect } from "effect"
    ${names
      .map(
        (name) => `
          interface ${name.toUpperCase()} extends ControlMessage<"${name}", "ipv6"> {
            readonly received: { readonly ${name}: number }
            readonly sendable: { readonly ${name}?: number | undefined }
          }
          declare const ${name}: Message<${name.toUpperCase()}>`
      )
      .join("")}
    const /*^*/spec = Datagram.ipv6.pipe(
      withPktInfo(), withHopLimit(), withEcn(), withDscp(), withOptional(withTimestamp()), withDropCount(), withRoutingHeader(),
      ${names.map((name) => `withControlMessage(${name})`).join(", ")},
      withBindToDevice("eth0")
    )
    export const program = Effect.gen(function* () {
      const socket = yield* Datagram.bind(spec, { address: "::", port: 5300 })
      const datagram = yield* socket.receive
      yield* Datagram.reply(socket, datagram, datagram.data)
      yield* socket.send({ data: datagram.data, to: datagram.from, control: { own3: 2, hopLimit: 64 } })
      return datagram./*^*/control
    })
  `
  it("stay one line with every name", () => {
    expect(errors(source)).toEqual([])
    const [spec, control] = quickInfo(source).map(({ display }) => display)
    expect(spec).not.toContain("\n")
    expect(declared(spec ?? "")).toEqual(
      ["PktInfo", "HopLimit", "Ecn", "Dscp", "Optional<Timestamp>", "DropCount", "ReceiveOnly<RoutingHeader>"]
        .concat(names.map((name) => name.toUpperCase()))
        .toSorted()
    )
    expect(control?.split("\n")).toHaveLength(17)
  })

  it("are checked with little work", () => {
    // Counted and not timed: some 8,000 instantiations take a third of a second.
    const instantiations = cost(source)
    // Twice the present number, so a spec whose types grow with the square of its messages fails.
    expect(instantiations).toBeGreaterThan(1000)
    expect(instantiations).toBeLessThan(16_000)
  })
})
