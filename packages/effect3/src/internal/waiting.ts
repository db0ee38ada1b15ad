/** Waits of readers and senders, as effects that can be interrupted. None of them takes a datagram. */
import { type DatagramSendError, receiveClosed } from "@ancillary/engine/errors/DatagramError"
import { type DatagramReceiveError, fail } from "../DatagramError.ts"
import type { Cancel, Conversation, ReceiveWait } from "@ancillary/engine/socket"
import * as Effect from "effect/Effect"
import { cancellable } from "./cancellable.ts"

/** A cancellation that is over at once. */
const withdrawn = (cancel: Cancel) => (onCancelled: () => void) => {
  cancel()
  onCancelled()
}

type Wait = Effect.Effect<void, DatagramReceiveError>

const waiting = (begin: (f: (closed: boolean) => void) => Cancel): Wait =>
  cancellable((resume) => withdrawn(begin((closed) => resume(closed ? fail(receiveClosed()) : Effect.void))))

/** Waits until there may be something to read. */
export const readable = (socket: Conversation): Wait => waiting((f) => socket.onReadable(f))

/** Waits until there are events. */
export const eventful = (socket: Conversation): Wait => waiting((f) => socket.onEvent(f))

/** Performs a wait that is due before a receive. */
export const waitFor = (socket: Conversation, due: ReceiveWait): Wait => waiting((f) => socket.wait(due, f))

/** Fails with the record of the engine, as a queue requires. */
type Sendable = Effect.Effect<void, DatagramSendError>

const sendable = (begin: (f: (error: DatagramSendError | undefined) => void) => Cancel): Sendable =>
  cancellable((resume) => withdrawn(begin((error) => resume(error === undefined ? Effect.void : Effect.fail(error)))))

/** Waits until another attempt may succeed after a send that would have blocked. */
export const sendSpace = (socket: Conversation, to: Parameters<Conversation["onSendSpace"]>[0]): Sendable =>
  sendable((f) => socket.onSendSpace(to, f))

/** Waits until the socket's own buffer has room for another datagram. */
export const writable = (socket: Conversation): Sendable => sendable((f) => socket.onWritable(f))
