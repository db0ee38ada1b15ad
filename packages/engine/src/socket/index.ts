/**
 * Datagram sockets over a driver, plain and synchronous. A call returns at once: what waits, interrupts, streams or times is its caller's.
 *
 * **Details**
 *
 * `open` returns a socket or an error record. `receive`, `tryReceive`, `receiveEach`, `receiveBorrowed` and `peek` take what is there; `due` and
 * `wait` give the event loop its turns. `trySend` and `sendQueue` send what there is room for. `onReadable`, `onWritable`, `onSendSpace`, `onEvent` and
 * `afterPause` call a function once and return what cancels it.
 *
 * A function that is called may use the socket in any way: read, send, close it, cancel other waits. None is called while the engine holds a batch or
 * lent memory, but for callbacks that are lent memory and definitions that read it; what they read is the next datagram, in order.
 *
 * @since 0.1.0
 */
export type { ErrorReport, UserEvent, PathMtuReport, SocketEvent, TransmitTimestamp } from "../events/SocketEvent.ts"
export { DatagramFault } from "../receive/DatagramFault.ts"
export { hold as retainDescriptors, take as takeDescriptor } from "../receive/descriptors.ts"
export { type Outcome, ReceivedDatagram } from "../receive/incoming.ts"
export type { LoopEnd } from "../receive/loop.ts"
export type { ReceiveWait } from "../receive/receiver.ts"
export { receiveInvalid } from "../receive/receiveInvalid.ts"
export { ScatteredDatagram } from "../receive/scattered.ts"
export { notSent } from "../send/notSent.ts"
export { isItself, validateSource } from "../send/ownAddress.ts"
export { hostOf } from "../send/ping.ts"
export { type Pause, SendQueue } from "../send/queue.ts"
export { type Answer, answerTo, withoutSource } from "../send/reply.ts"
export type { Joined } from "./groups.ts"
export type { Limits } from "./limits.ts"
export { open, type Opening, openNew, openPair } from "./open.ts"
export { ConnectedSocket, type Conversation, OpenSocket } from "./openSocket.ts"
export type { OptionValue } from "./options.ts"
export type { Cancel } from "./sendSpace.ts"
export { Served } from "./served.ts"
export type { Waiter } from "./waiters.ts"
