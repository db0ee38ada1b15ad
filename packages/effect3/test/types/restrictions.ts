/**
 * The restrictions that reject wrong programs, each with the change that removes it. `restriction.types.test.ts` makes the changes in memory,
 * one at a time, and compiles the programs.
 */
import type { Patch } from "./compiler.ts"

const at = (file: string, from: string, to: string): Patch => ({ file, from, to })
const messages = "packages/control/src/ControlMessage.ts"
const endpoints = "packages/control/src/Endpoint.ts"
const spec = "packages/engine/src/spec/Spec.ts"
const combinators = "packages/engine/src/spec/combinators/messages.ts"
const options = "packages/engine/src/spec/combinators/options.ts"
const definition = "packages/engine/src/spec/option/definition.ts"
const datagram = "packages/effect3/src/Datagram.ts"
const received = "packages/effect3/src/ReceivedDatagram.ts"
const socket = "packages/effect3/src/DatagramSocket.ts"
const outgoing = "packages/engine/src/send/OutgoingDatagram.ts"
const routingHeader = "packages/control/src/message/RoutingHeader.ts"
const extensionHeader = "packages/control/src/ExtensionHeader.ts"
const pktInfo = "packages/control/src/message/PktInfo.ts"

/** By the name in the wrong programs (`// held by: …`). */
export const restrictions: { readonly [name in string]: ReadonlyArray<Patch> } = {
  // ---- declaring
  "the check for duplicates": [at(spec, "? `'${M[\"key\"]}' is already declared by this spec`", "? never")],
  "the check for families": [at(spec, ": `'${M[\"key\"]}' does not exist for ${F} sockets`", ": never")],
  "each member of a union being checked by itself": [
    at(spec, '= M extends unknown\n  ? M["key"]', '= [M] extends [unknown]\n  ? M["key"]')
  ],
  "the families of options": [
    at(spec, "  : `this option does not exist for ${Exclude<F, For>} sockets`", "  : unknown")
  ],
  "the families of options within combine": [
    at(spec, "infer _N> ? Exclude<Family, For> : never\n", "infer _N> ? never : never\n")
  ],
  "the check for duplicates within combine": [
    at(spec, ": `'${MessagesOf<Head>[\"key\"]}' is declared twice`", ": unknown")
  ],
  "the two directions": [at(spec, '(options: { readonly only: "send" })', "(options: { readonly only: string })")],
  "withTimestamp having one direction": [
    at(
      combinators,
      "withTimestamp = (): With<Timestamp>",
      "withTimestamp = (_?: { readonly only: string }): With<Timestamp>"
    )
  ],
  "the three policies": [
    at(spec, 'export type Truncation = "fail" | "deliver" | "drop"', "export type Truncation = string")
  ],
  "withOptional taking messages only": [
    at(
      spec,
      "<M extends ControlMessage.Any>(self: With<M>)",
      "<M extends ControlMessage.Any>(self: With<M> | Configure<any, any>)"
    )
  ],

  // ---- setting
  "the value of an option's type": [
    at(options, "  value: NoInfer<A>\n): Configure<Families, Needs>", "  value: any\n): Configure<Families, Needs>")
  ],
  "the value of a live option's type": [at(socket, "    value: NoInfer<A>\n", "    value: any\n")],
  "the modes of path MTU discovery": [
    at(
      "packages/engine/src/spec/option/fragmentation.ts",
      'export type PathMtuMode = "dont" | "want" | "do" | "probe" | "interface" | "omit"',
      "export type PathMtuMode = any"
    )
  ],
  "an option's table of every platform": [
    at(
      definition,
      "    readonly [P in Platform]: { readonly [F in Exclude<",
      "    readonly [P in Platform]?: { readonly [F in Exclude<"
    )
  ],
  "an option's table of every family": [
    at(
      definition,
      'readonly [F in Exclude<Families, "dual">]: Row<A>',
      'readonly [F in Exclude<Families, "dual">]?: Row<A>'
    )
  ],
  "the codec of an option's value": [
    at(definition, "readonly codec: Codec.Codec<A>", "readonly codec: Codec.Codec<any>")
  ],

  // ---- joining
  "a Unix socket joining no groups": [at(outgoing, 'Refused<"a Unix socket joins no groups">', "string")],
  "a group of the socket's family": [at(outgoing, ": string | Address<F>\n", ": any\n")],
  "a connected socket joining no groups": [
    at(
      socket,
      "ConnectedSocket<in out F extends Family, in D extends ControlMessage.Any>\n  extends",
      'ConnectedSocket<in out F extends Family, in D extends ControlMessage.Any>\n  extends Pick<DatagramSocket<F, D>, "join">,'
    )
  ],
  "a membership needing a scope": [
    at(
      socket,
      "readonly source?: Group<F> | undefined }\n  ) => Effect.Effect<void, DatagramMembershipError, Scope.Scope>",
      "readonly source?: Group<F> | undefined }\n  ) => Effect.Effect<void, DatagramMembershipError>"
    )
  ],

  // ---- reading
  "the record of received control data": [at(received, "readonly control: Control<F, D>", "readonly control: any")],
  "that record being read-only": [
    at(
      spec,
      `      ? (_: Presented<D["presence"], ControlMessage.Received<D, F>, Kind>) => void
      : never
) extends (_: infer All) => void
  ? { readonly [K in keyof All]`,
      `      ? (_: Presented<D["presence"], ControlMessage.Received<D, F>, Kind>) => void
      : never
) extends (_: infer All) => void
  ? { -readonly [K in keyof All]`
    )
  ],
  "an Option where the kernel may omit it": [at(spec, "Maybe<Kind, Fields[K]>", "Fields[K]")],
  "an array where it comes any number of times": [at(spec, ": ReadonlyArray<Fields[K]>", ": Fields[K]")],
  "a send-only message not being received": [
    at(spec, 'D extends { readonly direction: "send" }', 'D extends { readonly direction: "neither" }')
  ],

  // ---- sending
  "the refusal of undeclared keys": [
    at(outgoing, "readonly control?: Exact<Given, SendControl<F, D>> | undefined", "readonly control?: Given")
  ],
  "received information not being a source": [
    at(pktInfo, '  readonly [Arrived]?: "received packet information is not a source: use Datagram.reply"', "")
  ],
  "the type of a given value": [
    at(
      socket,
      "readonly send: <const Given extends Sendable<F, D> = SendControl<F, D>>(\n    message: Outgoing",
      "readonly send: <const Given = SendControl<F, D>>(\n    message: Outgoing"
    )
  ],
  "a receive-only message not being sent": [
    at(spec, 'D extends { readonly direction: "receive" }', 'D extends { readonly direction: "neither" }')
  ],
  "a destination of the socket's family": [at(outgoing, "EndpointInput<F> | Destination<F>", "any")],
  "no source route being sent": [
    at(
      extensionHeader,
      "RoutingHeaderToSend = HomeAddressToSend | SegmentsToSend",
      "RoutingHeaderToSend = HomeAddressToSend | SegmentsToSend | SourceRoute"
    )
  ],
  "alignments to powers of two": [at(extensionHeader, "readonly x: 1 | 2 | 4 | 8", "readonly x: number")],
  "a payload of bytes": [
    at(outgoing, "readonly data: Uint8Array | ReadonlyArray<Uint8Array>", "readonly data: unknown")
  ],
  "no destination with a peer": [
    at(socket, 'Omit<Outgoing<F, D, Given>, "to">\n  ) => Effect', "Outgoing<F, D, Given>\n  ) => Effect")
  ],

  // ---- who has what passes for whom
  "SendOnly narrowing the direction": [at(messages, '  readonly direction: "send"\n', "")],
  "ReceiveOnly narrowing the direction": [at(messages, '  readonly direction: "receive"\n', "")],
  "presence being part of a message": [at(messages, "readonly presence: Present\n", "readonly presence: any\n")],
  "in D of datagrams": [at(received, "Datagram<out F extends Family, in D", "Datagram<out F extends Family, D")],
  "in F of sockets": [at(socket, "DatagramSocket<in out F extends Family", "DatagramSocket<out F extends Family")],
  "in D of sockets, sources and datagrams": [
    at(socket, "DatagramSocket<in out F extends Family, in D", "DatagramSocket<in out F extends Family, D"),
    at(socket, "ConnectedSocket<in out F extends Family, in D", "ConnectedSocket<in out F extends Family, D"),
    at(socket, "DatagramSource<out F extends Family, in D", "DatagramSource<out F extends Family, D"),
    at(socket, "out F extends Family,\n  in D extends", "out F extends Family,\n  D extends"),
    at(received, "Datagram<out F extends Family, in D", "Datagram<out F extends Family, D")
  ],
  "the family of a socket": [
    at(
      socket,
      "DatagramSocket<in out F extends Family, in D extends ControlMessage.Any>\n  extends DatagramSource<F, D>, SocketOptions<F>, DatagramSender<Outgoing<F, D>>",
      "DatagramSocket<F extends Family, in D extends ControlMessage.Any>\n  extends DatagramSource<any, D>, SocketOptions<any>, DatagramSender<Outgoing<any, D>>"
    ),
    at(
      outgoing,
      'type Group<F extends Family> = F extends "unix" ? Refused<"a Unix socket joins no groups"> : string | Address<F>',
      "type Group<F extends Family> = string"
    ),
    at(
      socket,
      "peer: EndpointInput<F> | Endpoint<F>\n  ) => Effect.Effect<ConnectedSocket<F, D>",
      "peer: EndpointInput<any> | Endpoint<any>\n  ) => Effect.Effect<ConnectedSocket<any, D>"
    ),
    at(
      socket,
      "readonly send: <const Given extends Sendable<F, D> = SendControl<F, D>>(\n    message: Outgoing<F, D, Given>",
      "readonly send: <const Given extends Sendable<any, D> = SendControl<any, D>>(\n    message: Outgoing<any, D, Given>"
    ),
    at(
      socket,
      "readonly trySend: <const Given extends Sendable<F, D> = SendControl<F, D>>(\n    message: Outgoing<F, D, Given>",
      "readonly trySend: <const Given extends Sendable<any, D> = SendControl<any, D>>(\n    message: Outgoing<any, D, Given>"
    )
  ],
  "a spec not passing for a larger one": [
    at(spec, "readonly declared: (_: D) => D", "readonly declared: (_: never) => D")
  ],
  "a spec not passing for a smaller one": [
    at(spec, "readonly declared: (_: D) => D", "readonly declared: (_: D) => unknown")
  ],

  // ---- needing
  "the needs of messages": [at(spec, "= D extends unknown ? ControlMessage.Needs<D> : never", "= never")],
  "the needs of a direction": [
    at(routingHeader, '("send" extends this["direction"] ? Capability<"sentRoutingHeader"> : never)', "never")
  ],
  "the needs of options": [
    at(spec, "SupportsFamily<F, For>\n  ): Spec<F, D, R | Needs>", "SupportsFamily<F, For>\n  ): Spec<F, D, R>")
  ],
  "bind needing a driver": [
    at(
      datagram,
      "  at: EndpointInput<F>\n): Effect.Effect<\n  DatagramSocket<F, D>,\n  DatagramBindError | DatagramUnsupportedError,\n  DatagramSockets | Scope.Scope",
      "  at: EndpointInput<F>\n): Effect.Effect<\n  DatagramSocket<F, D>,\n  DatagramBindError | DatagramUnsupportedError,\n  Scope.Scope"
    )
  ],
  "bind needing a scope": [
    at(
      datagram,
      "  at: EndpointInput<F>\n): Effect.Effect<\n  DatagramSocket<F, D>,\n  DatagramBindError | DatagramUnsupportedError,\n  DatagramSockets | Scope.Scope",
      "  at: EndpointInput<F>\n): Effect.Effect<\n  DatagramSocket<F, D>,\n  DatagramBindError | DatagramUnsupportedError,\n  DatagramSockets"
    )
  ],
  "an address of the family": [
    at(
      endpoints,
      "? { readonly path: string } | UnixEndpoint\n  : { readonly address: string | Address<F> | TaggedAddressOf[F & Internet]; readonly port: number }",
      "? any\n  : any"
    )
  ],
  "a pair being of Unix sockets": [
    at(
      datagram,
      'pair = <D extends ControlMessage.Any, R>(\n  spec: Spec<"unix", D, R>',
      "pair = <D extends ControlMessage.Any, R>(\n  spec: Spec<any, D, R>"
    )
  ],

  // ---- defining
  "a table of every platform": [at(messages, "    readonly [P in Platform]: {", "    readonly [P in Platform]?: {")],
  "a table of every family": [
    at(messages, '[F in Exclude<M["families"], "dual">]:', '[F in Exclude<M["families"], "dual">]?:')
  ],
  "a table without other keys": [
    at(
      messages,
      "  readonly table: {\n",
      "  readonly table: { readonly [P in Platform]: { readonly [other in string]: unknown } } & {\n"
    )
  ],
  "the values of a table": [
    at(
      messages,
      '| Row<Value<ControlMessage.Received<M, F>, M["key"]> | Event<M>, Value<ControlMessage.Sendable<M, F>, M["key"]>>',
      "| Row<any, any>"
    )
  ],
  "the key of a definition": [
    at(
      messages,
      'Definition<M extends ControlMessage.Any> {\n  readonly key: M["key"]',
      "Definition<M extends ControlMessage.Any> {\n  readonly key: string"
    )
  ],
  "the presence of a definition": [
    at(messages, '  readonly presence: M["presence"]\n  /** Total', "  readonly presence: Presence\n  /** Total")
  ],
  "define requiring its message type": [
    at(messages, "define = <M extends ControlMessage.Any = never>", "define = <M extends ControlMessage.Any>"),
    at(messages, "  readonly table: {\n", "  readonly table: any & {\n")
  ]
}
