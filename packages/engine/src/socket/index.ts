/**
 * Datagram sockets over a driver, plain and synchronous. A call returns immediately. Waits, interruption, streams and timeouts belong to
 * its caller.
 *
 * **Details**
 *
 * `open` returns a socket or an error record. `receive`, `tryReceive`, `receiveEach`, `receiveBorrowed` and `peek` return queued datagrams;
 * `due` and `wait` give the event loop its turns. `trySend` and `sendQueue` send as long as there is room. `onReadable`, `onWritable`,
 * `onSendSpace`, `onEvent` and `afterPause` call a function once and return a function that cancels it.
 *
 * A called function may use the socket in any way: receive, send, close it, cancel other waits. None is called while the engine holds a
 * batch or lent memory. The exceptions are callbacks of a loan and definitions that decode lent memory; a read in them returns the next
 * datagram in order.
 *
 * @since 0.1.0
 */
export type { ErrorReport, UserEvent, PathMtuReport, SocketEvent, TransmitTimestamp } from "../events/SocketEvent.ts"
export { DatagramFault } from "../receive/DatagramFault.ts"
export { retain as retainDescriptors, take as takeDescriptor } from "../receive/descriptors.ts"
export { type Outcome, ReceivedDatagram } from "../receive/incoming.ts"
export type { Loop, LoopCalls, LoopEnd } from "../receive/loop.ts"
export type { ReceiveWait } from "../receive/receiver.ts"
export { receiveInvalid } from "../receive/receiveInvalid.ts"
export { ScatteredDatagram } from "../receive/scattered.ts"
export { answerPath, answersAsAsked } from "../send/answering.ts"
export { notSent } from "../send/notSent.ts"
export { isItself, validateSource } from "../send/ownAddress.ts"
export { hostOf } from "../send/ping.ts"
export { type Pause, SendQueue } from "../send/queue.ts"
export type { Group, Outgoing, Refused, Sendable } from "../send/OutgoingDatagram.ts"
export { type Answer, answerTo, withoutSource } from "../send/reply.ts"
export type { HeldResult, Together } from "../send/together.ts"
export { notASocket, replyOf } from "../send/replying.ts"
export { closeAll } from "../driver/closing.ts"
export { FailureKinds } from "./failureKinds.ts"
export type { Joined } from "./groups.ts"
export type { Limits } from "./limits.ts"
export { open, type Opening, openNew, openPair } from "./open.ts"
export { ConnectedSocket, type Conversation, OpenSocket } from "./openSocket.ts"
export { compileSpec, type Opener, openAdopted, openBound, openClient, openConnected, openPairOf } from "./openings.ts"
export type { OptionValue } from "./options.ts"
export type { Cancel } from "./sendSpace.ts"
export { Served } from "./served.ts"
export { spanAttributes } from "./spanAttributes.ts"
export { type DatagramStats, statsOf } from "./stats.ts"
export type { Waiter } from "./waiters.ts"
