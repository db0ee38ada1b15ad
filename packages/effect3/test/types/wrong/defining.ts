// @ts-nocheck: These must not compile. ../compile.types.test.ts removes this line and reads the errors.
import { type Codec, type ControlMessage, define } from "@ancillary/control"
import { Datagram, withControlMessage } from "@ancillary/effect3"
import type { Effect } from "effect"

const u32: Codec.Codec<number> = { size: 4, read: (view, at) => view.getUint32(at, true), write: () => 4 }
const text: Codec.Codec<string> = { size: 4, read: () => "", write: () => 4 }
const row = { request: [], receive: [{ level: 0, type: 99, payload: u32 }] }
const words = { request: [], receive: [{ level: 0, type: 99, payload: text }] }
const none = { unsupported: "no such thing" }

interface Own extends ControlMessage<"own", "ipv4"> {
  readonly received: { readonly own: number }
}
interface Both extends ControlMessage<"both", "ipv4" | "ipv6" | "dual"> {
  readonly received: { readonly both: number }
}

// ---- the table is total

// error: Property 'darwin' is missing
// held by: a table of every platform
// held by: define requiring its message type
define<Own>({ key: "own", presence: "required", table: { linux: { ipv4: row }, winsock: { ipv4: row } } })

define<Both>({
  key: "both",
  presence: "required",
  // error: Property 'ipv6' is missing
  // held by: a table of every family
  // held by: define requiring its message type
  table: { linux: { ipv4: row, ipv6: row }, winsock: { ipv4: row }, darwin: { ipv4: row, ipv6: row } }
})

// error: 'ipv6' does not exist in type
// held by: a table without other keys
// held by: define requiring its message type
define<Own>({
  key: "own",
  presence: "required",
  table: { linux: { ipv4: row, ipv6: row }, winsock: { ipv4: none }, darwin: { ipv4: none } }
})

// ---- and must agree with its type

// error: Type '"optional"' is not assignable to type '"required"'
// held by: presence being part of a message
// held by: the presence of a definition
define<Own>({
  key: "own",
  presence: "optional",
  table: { linux: { ipv4: row }, winsock: { ipv4: none }, darwin: { ipv4: none } }
})

// error: Type '"mine"' is not assignable to type '"own"'
// held by: the key of a definition
define<Own>({
  key: "mine",
  presence: "required",
  table: { linux: { ipv4: row }, winsock: { ipv4: none }, darwin: { ipv4: none } }
})

// error: is not assignable to type 'Unsupported | Row<number, never>'
// held by: the values of a table
// held by: define requiring its message type
define<Own>({
  key: "own",
  presence: "required",
  table: { linux: { ipv4: words }, winsock: { ipv4: none }, darwin: { ipv4: none } }
})

// error: is not assignable to type 'never'
// held by: define requiring its message type
define({
  key: "own",
  presence: "required",
  table: { linux: { ipv4: row }, winsock: { ipv4: none }, darwin: { ipv4: none } }
})

// ---- a program's own message has these restrictions, too

const own = define<Own>({
  key: "own",
  presence: "required",
  table: { linux: { ipv4: row }, winsock: { ipv4: none }, darwin: { ipv4: none } }
})

// error: 'own' does not exist for ipv6 sockets
// held by: the check for families
Datagram.ipv6.pipe(withControlMessage(own))

// error: 'own' is already declared by this spec
// held by: the check for duplicates
Datagram.ipv4.pipe(withControlMessage(own), withControlMessage(own))

const bindOwn = () => Datagram.bind(Datagram.ipv4.pipe(withControlMessage(own)), { address: "127.0.0.1", port: 9 })
declare const ownSocket: Effect.Effect.Success<ReturnType<typeof bindOwn>>

// error: 'own' cannot be sent on this socket
// held by: the refusal of undeclared keys
ownSocket.send({ data: new Uint8Array(1), to: { address: "127.0.0.1", port: 9 }, control: { own: 3 } })
