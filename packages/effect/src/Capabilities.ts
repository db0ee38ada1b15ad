/**
 * Measures the support of each control message on this machine, with real sockets over loopback.
 *
 * @since 0.1.0
 */
import * as control from "@ancillary/control"
import {
  type AbiName,
  type ReceiveFormat,
  Codec,
  type ControlMessage,
  define,
  isUnsupported,
  isMessage,
  type Message,
  type Platform,
  type Row
} from "@ancillary/control"
import * as Darwin from "@ancillary/control/platform/darwin"
import * as Linux from "@ancillary/control/platform/linux"
import * as Winsock from "@ancillary/control/platform/winsock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Datagram from "./Datagram.ts"
import type { DatagramError } from "./DatagramError.ts"
import type { DatagramSource } from "./DatagramSocket.ts"
import { DatagramSockets } from "./DatagramSockets.ts"
import { columns } from "@ancillary/engine/plan/formatTable"
import { same, tryable } from "@ancillary/engine/plan/sampleValue"
import { declare, make, type Spec } from "@ancillary/engine/spec/Spec"

/**
 * Result for one direction of a message.
 *
 * **Details**
 *
 * - `supported`: the message arrived; or a sent message arrived as it was sent.
 * - `accepted`: the system accepts the option or the message, and loopback cannot show more.
 * - `ignored`: the system accepts the message, but it has no effect.
 * - `refused`: the system returns an error; `code` is its name.
 * - `absent`: the platform lacks the message, according to its definition.
 * - `untried`: the test was not possible.
 *
 * @category models
 * @since 0.1.0
 */
export interface Answer {
  readonly answer: "supported" | "accepted" | "ignored" | "refused" | "absent" | "untried"
  /** Name of the error in the system: `"ENOPROTOOPT"`, `"WSAEINVAL"`. */
  readonly code: string | undefined
  readonly why: string
}

/**
 * Results of a message on sockets of one kind.
 *
 * @category models
 * @since 0.1.0
 */
export interface Finding {
  readonly key: string
  readonly family: "ipv4" | "ipv6" | "unix"
  readonly received: Answer
  readonly sent: Answer
}

/**
 * All results: data, and a table when it is printed.
 *
 * @category models
 * @since 0.1.0
 */
export interface Capabilities {
  readonly abi: AbiName
  readonly findings: ReadonlyArray<Finding>
  readonly toString: () => string
}

/** All messages of the library, found among its exports. A new message is probed automatically. */
const builtIns: ReadonlyArray<Message<ControlMessage.Any>> = Object.values<unknown>(control).filter(isMessage)

/**
 * Tests all messages of the library, or the given ones, on sockets of every family for which they are defined. It
 * reports whether each arrives, whether it can be sent, and the error of the system otherwise.
 *
 * **Details**
 *
 * Opens its own sockets on loopback, one after the other, and closes them. It changes nothing in the program, and no
 * datagram leaves the host. If a message requires a privilege, the privileges of this process decide. It never fails,
 * because failures are its results.
 *
 * **Gotchas**
 *
 * Uses the real clock (not `TestClock`) and waits one second for each missing datagram.
 *
 * @example
 * ```ts
 * import { Capabilities } from "@ancillary/effect"
 * import { Console, Effect } from "effect"
 *
 * const print = Effect.flatMap(Capabilities.probe(), (found) => Console.log(String(found)))
 * ```
 * @category constructors
 * @since 0.1.0
 */
export const probe = (
  given: ReadonlyArray<Message<ControlMessage.Any>> = builtIns
): Effect.Effect<Capabilities, never, DatagramSockets> =>
  Effect.gen(function* () {
    const { abi } = (yield* DatagramSockets).driver
    const messages = readable(given)
    const findings: Array<Finding> = []
    for (const family of ["ipv4", "ipv6", "unix"] as const) {
      const those = messages.filter((message) => message.families.includes(family))
      const validates = those.length > 0 && (yield* validatesSentControl(family))
      for (const message of those)
        findings.push(
          yield* Effect.catchDefect(findingOf(abi.platform, message, family, validates), (defect) =>
            Effect.succeed(unreadable(message, family, defect))
          )
        )
    }
    return { abi: abi.name, findings, toString: () => print(abi.name, findings) }
  }).pipe(Effect.withSpan("Capabilities.probe"))

/** Values whose families can be read. Other values are not messages and are omitted. */
const readable = (given: unknown): ReadonlyArray<Message<ControlMessage.Any>> => {
  try {
    return Array.isArray(given) ? given.filter(isWhole) : []
  } catch {
    return []
  }
}

const isFamilies = (families: unknown): boolean =>
  Array.isArray(families) && families.every((family) => typeof family === "string")

const isWhole = (value: unknown): value is Message<ControlMessage.Any> => {
  try {
    return isMessage(value) && typeof value.key === "string" && isFamilies(value.families)
  } catch {
    return false
  }
}

type RowFamily = Finding["family"]

const answerOf = (answer: Answer["answer"], why = "", code?: string): Answer => ({ answer, code, why })

/** The definition may belong to the program and may throw. */
const unreadable = ({ key }: Message<ControlMessage.Any>, family: RowFamily, defect: unknown): Finding => {
  const answer = answerOf("refused", `its definition throws (${Codec.format(defect)})`)
  return { key, family, received: answer, sent: answer }
}

const findingOf = (
  platform: Platform,
  message: Message<ControlMessage.Any>,
  family: RowFamily,
  validatesSentControl: boolean
): Effect.Effect<Finding, never, DatagramSockets> =>
  Effect.gen(function* () {
    const { key } = message
    const cell = message.cell(platform, family)
    if (isUnsupported(cell)) {
      const absent = answerOf("absent", cell.unsupported)
      return { key, family, received: absent, sent: absent }
    }
    const { receive, send } = cell
    const { answer: received, usual } =
      receive === undefined || isUnsupported(receive)
        ? { answer: answerOf("absent", receive?.unsupported ?? "it is only sent"), usual: undefined }
        : yield* receiving(message, family, receive)
    if (send === undefined || isUnsupported(send))
      return { key, family, received, sent: answerOf("absent", send?.unsupported ?? "it is only received") }
    const sent = yield* sending(message, family, cell, { answer: received, usual }, validatesSentControl)
    // If the message arrived as it was sent, it was delivered.
    return { key, family, received: sent.answer === "supported" ? sent : received, sent }
  })

interface Received {
  readonly answer: Answer
  /** Its value with a datagram that was sent without control data. */
  readonly usual: unknown
}

const receiving = (
  message: Message<ControlMessage.Any>,
  family: RowFamily,
  arrives: ReadonlyArray<ReceiveFormat<unknown>>
): Effect.Effect<Received, never, DatagramSockets> =>
  exchange(message, family, "receive", undefined).pipe(
    Effect.map((usual): Received => {
      const event = arrives.some(({ event }) => event !== undefined)
      const why = event ? "it comes as an event, and none was provoked" : "it does not come with every datagram"
      return { answer: usual === undefined ? answerOf("accepted", why) : answerOf("supported"), usual }
    }),
    Effect.catch((error) => Effect.succeed({ answer: complaint(error), usual: undefined }))
  )

const sending = (
  message: Message<ControlMessage.Any>,
  family: RowFamily,
  row: Row<unknown, never>,
  { answer: { answer }, usual }: Received,
  validatesSentControl: boolean
): Effect.Effect<Answer, never, DatagramSockets> =>
  Effect.gen(function* () {
    const tried = tryable(row, usual)
    if (tried === undefined) return answerOf("untried", "its definition rejects every sample value")
    const { value } = tried
    const comes = answer === "supported" || answer === "accepted"
    const seen = yield* exchange(message, family, comes ? "both" : "send", { [message.key]: value })
    // If no other datagram has the message, it arrived because it was sent, even if the system changed its value.
    if (seen !== undefined && (usual === undefined || same(seen, value))) return answerOf("supported")
    // The fields of a sent record differ from those of a received one.
    if (seen !== undefined && typeof value !== "object") return answerOf("ignored", "it did not arrive as it was sent")
    return validatesSentControl
      ? answerOf("accepted", "nothing arrives that shows it")
      : answerOf("ignored", "this system accepts any control data, even invalid data")
  }).pipe(Effect.catch((error) => Effect.succeed(complaint(error))))

const complaint = (error: DatagramError): Answer => {
  if (error._tag === "DatagramFault") return answerOf("ignored", error.message)
  // The error occurred before any system call: the probe requested an impossible value.
  if (error.errno === 0) return answerOf("untried", error.message)
  const privilege = /^(EPERM|EACCES|WSAEACCES)$/.test(error.code)
  return answerOf("refused", privilege ? "a privilege is missing" : `reported by ${error.syscall}`, error.code)
}

/** Sends a datagram with the given control data to its own socket. Returns the received value of the message, or nothing. */
const exchange = (
  message: Message<ControlMessage.Any>,
  family: RowFamily,
  direction: "receive" | "send" | "both",
  sent: object | undefined
): Effect.Effect<unknown, DatagramError, DatagramSockets> =>
  Effect.gen(function* () {
    const { receive, send } = yield* family === "unix"
      ? acrossPair(specOf("unix", message, direction))
      : toItself(specOf(family, message, direction))
    yield* send(sent)
    const arrived = yield* receive
    return Option.isNone(arrived) || direction === "send" ? undefined : valueOf(message, arrived.value)
  }).pipe(Effect.scoped)

/** The spec of a message that is known only at run time. Its type declares nothing, so the caller reads the value itself. */
const specOf = <F extends RowFamily>(
  family: F,
  message: Message<ControlMessage.Any>,
  direction: "receive" | "send" | "both"
): Spec<F, never> => declare(message, message.key, { direction })(make(family) as never) as unknown as Spec<F, never>

interface Ends {
  readonly send: (control: object | undefined) => Effect.Effect<void, DatagramError>
  readonly receive: Effect.Effect<Option.Option<object>, DatagramError>
}

const data = Uint8Array.of(1, 2, 3, 4)

const receiveFrom = <F extends RowFamily>(source: DatagramSource<F, never>): Ends["receive"] =>
  Effect.map(
    source.receiveWithin("1 second"),
    Option.map(({ control }) => control)
  )

const toItself = <F extends "ipv4" | "ipv6">(
  spec: Spec<F, never>
): Effect.Effect<Ends, DatagramError, DatagramSockets | Scope.Scope> =>
  Effect.map(
    // Both families take an address and a port. The compiler requires one of them.
    Datagram.bind(spec as unknown as Spec<"ipv4", never>, {
      address: spec.family === "ipv4" ? "127.0.0.1" : "::1",
      port: 0
    }),
    (socket) => ({
      receive: receiveFrom(socket),
      send: (control) => socket.send({ data, to: socket.localAddress, control })
    })
  )

const acrossPair = (spec: Spec<"unix", never>): Effect.Effect<Ends, DatagramError, DatagramSockets | Scope.Scope> =>
  Effect.map(Datagram.pair(spec), ([one, other]) => ({
    receive: receiveFrom(other),
    send: (control) => one.send({ data, control })
  }))

/** The value in the form of the message's presence: bare, an `Option`, or an array. */
const valueOf = ({ key, presence }: Message<ControlMessage.Any>, control: object): unknown => {
  const value: unknown = Object.entries(control).find(([name]) => name === key)?.[1]
  if (presence === "required") return value
  if (presence === "repeated") return Array.isArray(value) ? (value as ReadonlyArray<unknown>)[0] : undefined
  return Option.isOption(value) ? Option.getOrUndefined(value) : undefined
}

/** True if the system reads control data that is sent: it refuses a message that no system defines. */
const validatesSentControl = (family: RowFamily): Effect.Effect<boolean, never, DatagramSockets> =>
  exchange(nonsense, family, "send", { nonsense: 1 }).pipe(
    Effect.as(false),
    Effect.catch(() => Effect.succeed(true))
  )

interface Nonsense extends ControlMessage<"nonsense", RowFamily> {
  readonly sendable: { readonly nonsense?: number }
}
const nothing = (level: number) => ({ request: [], send: { level, type: 0x7e57, payload: control.Codec.int32 } })
const nothings = (ip: number, ipv6: number, socket: number) => ({
  ipv4: nothing(ip),
  ipv6: nothing(ipv6),
  unix: nothing(socket)
})
const nonsense = define<Nonsense>({
  key: "nonsense",
  presence: "required",
  table: {
    linux: nothings(Linux.IPPROTO_IP, Linux.IPPROTO_IPV6, Linux.SOL_SOCKET),
    darwin: nothings(Darwin.IPPROTO_IP, Darwin.IPPROTO_IPV6, Darwin.SOL_SOCKET),
    winsock: nothings(Winsock.IPPROTO_IP, Winsock.IPPROTO_IPV6, Winsock.SOL_SOCKET)
  }
})

const print = (abi: AbiName, findings: ReadonlyArray<Finding>): string => {
  const line = ({ family, key }: Finding, direction: string, { answer, code, why }: Answer) => [
    key,
    family,
    direction,
    code === undefined ? answer : `${answer}, ${code}`,
    why
  ]
  const lines = findings.flatMap((finding) => {
    const { received, sent } = finding
    return same(received, sent)
      ? [line(finding, "both ways", received)]
      : [line(finding, "received", received), line(finding, "sent", sent)]
  })
  return [`control messages on ${abi}, as its sockets do them`, ...columns(lines)].join("\n")
}
