/**
 * Errors of a socket as tagged errors. One tag is one situation that a caller treats differently. Each has the system call, the code and the number of the
 * platform, and a message that ends with a remedy.
 *
 * @since 0.1.0
 */
import * as Engine from "@ancillary/engine/errors/DatagramError"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { DatagramFault } from "./DatagramFault.ts"
import { Data } from "./requires effect 3 - run npm install effect@3 - or install @ancillary/effect beside effect 4.ts"

export type { Described } from "@ancillary/engine/errors/DatagramError"

/**
 * A socket could not be opened, set up or bound.
 *
 * @category errors
 * @since 0.1.0
 */
export class DatagramBindError extends Data.TaggedError("DatagramBindError")<
  Engine.Described & {
    readonly reason: Engine.DatagramBindError["reason"]
    /** The option that could not be set, if one is concerned. */
    readonly option: Option.Option<string>
  }
> {}

/**
 * The platform lacks a part that a spec requires.
 *
 * @category errors
 * @since 0.1.0
 */
export class DatagramUnsupportedError extends Data.TaggedError("DatagramUnsupportedError")<
  Engine.Described & {
    /** The part as the program wrote it: `withOriginalArrivalInterface()`. */
    readonly feature: string
    readonly why: string
    /** One sentence without its full stop. */
    readonly remedy: string
  }
> {}

/**
 * A datagram was not sent.
 *
 * @category errors
 * @since 0.1.0
 */
export class DatagramSendError extends Data.TaggedError("DatagramSendError")<
  Engine.Described & {
    readonly reason: Engine.DatagramSendError["reason"]
    /** The field of the message that is concerned: `"to"`, `"data"`, `"control.hopLimit"`. */
    readonly field: Option.Option<string>
    /** Bytes of the payload that were sent before the failure, in whole segments. 0 unless the payload leaves in segments. */
    readonly sentBytes: number
  }
> {}

/**
 * A socket could not be read. `ConnectionRefused`, `Unreachable` and `MessageTooLarge` report an earlier send: the next receive goes on.
 *
 * @category errors
 * @since 0.1.0
 */
export class DatagramReceiveError extends Data.TaggedError("DatagramReceiveError")<
  Engine.Described & { readonly reason: Engine.DatagramReceiveError["reason"] }
> {}

/**
 * No interface of the host has that name or index, or the system does not list its interfaces.
 *
 * @category errors
 * @since 0.1.0
 */
export class DatagramInterfaceError extends Data.TaggedError("DatagramInterfaceError")<
  Engine.Described & { readonly reason: Engine.DatagramInterfaceError["reason"] }
> {}

/**
 * An option of a bound socket was not set, or could not be read. The option is unchanged, except that on a dual socket one family may already have the
 * new value.
 *
 * @category errors
 * @since 0.1.0
 */
export class DatagramOptionError extends Data.TaggedError("DatagramOptionError")<
  Engine.Described & {
    readonly reason: Engine.DatagramOptionError["reason"]
    /** The option's name: `"SO_RCVBUF"`. */
    readonly option: string
  }
> {}

/**
 * A group was not joined or not left, or a source in it was not blocked. The socket's other memberships are unchanged.
 *
 * @category errors
 * @since 0.1.0
 */
export class DatagramMembershipError extends Data.TaggedError("DatagramMembershipError")<
  Engine.Described & {
    readonly reason: Engine.DatagramMembershipError["reason"]
    /** The group as it was given. */
    readonly group: string
  }
> {}

/**
 * A received descriptor that cannot be taken: it was taken before, it is closed, or it never came with a datagram.
 *
 * @category errors
 * @since 0.1.0
 */
export class DescriptorUnavailableError extends Data.TaggedError("DescriptorUnavailableError")<{
  readonly reason: "Taken" | "Closed" | "Foreign"
  readonly message: string
}> {}

/**
 * A request of a client that has no answer. `NoAnswer`: its schedule and `timeout` are over. `InvalidArgument`: it was not sent.
 *
 * @category errors
 * @since 0.1.0
 */
export class DatagramRequestError extends Data.TaggedError("DatagramRequestError")<{
  readonly reason: "NoAnswer" | "InvalidArgument"
  readonly message: string
}> {}

/** The errors by their tags. */
interface Errors {
  readonly DatagramBindError: DatagramBindError
  readonly DatagramUnsupportedError: DatagramUnsupportedError
  readonly DatagramSendError: DatagramSendError
  readonly DatagramReceiveError: DatagramReceiveError
  readonly DatagramInterfaceError: DatagramInterfaceError
  readonly DatagramOptionError: DatagramOptionError
  readonly DatagramMembershipError: DatagramMembershipError
}

/**
 * Every error of a socket.
 *
 * @category errors
 * @since 0.1.0
 */
export type DatagramError = Errors[keyof Errors] | DatagramFault

/**
 * The error of a record of the engine.
 *
 * @category models
 * @since 0.1.0
 */
export type ErrorOf<R extends Engine.DatagramError> = Errors[R["_tag"]]

/**
 * Makes the error of a record of the engine.
 *
 * @category constructors
 * @since 0.1.0
 */
export const errorOf = <R extends Engine.DatagramError>(record: R): ErrorOf<R> => make(record) as ErrorOf<R>

const make = (record: Engine.DatagramError): Errors[keyof Errors] => {
  switch (record._tag) {
    case "DatagramBindError":
      return new DatagramBindError({ ...record, option: Option.fromNullable(record.option) })
    case "DatagramUnsupportedError":
      return new DatagramUnsupportedError(record)
    case "DatagramSendError":
      return new DatagramSendError({ ...record, field: Option.fromNullable(record.field) })
    case "DatagramReceiveError":
      return new DatagramReceiveError(record)
    case "DatagramInterfaceError":
      return new DatagramInterfaceError(record)
    case "DatagramOptionError":
      return new DatagramOptionError(record)
    default:
      return new DatagramMembershipError(record)
  }
}

/**
 * Fails with the error of a record of the engine.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fail = <R extends Engine.DatagramError>(record: R): Effect.Effect<never, ErrorOf<R>> =>
  Effect.fail(errorOf(record))

/**
 * An argument of opening a socket that was refused before any system call.
 *
 * @category constructors
 * @since 0.1.0
 */
export const invalidBind = (message: string, option?: string): DatagramBindError =>
  errorOf(Engine.invalidBind(message, option))

/**
 * A part that a platform lacks: as the program wrote it, why, and what to do.
 *
 * @category constructors
 * @since 0.1.0
 */
export const unsupported = (feature: string, why: string, remedy: string): DatagramUnsupportedError =>
  errorOf(Engine.unsupported(feature, why, remedy))
