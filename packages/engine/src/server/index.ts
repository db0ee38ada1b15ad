/**
 * Parts of a server that are the same for every face: limits of what it answers, sessions, and requests of a client. They are plain and
 * synchronous. Time is an argument, in milliseconds.
 *
 * @since 0.1.0
 */
export { type Aged, AgeList } from "./ageList.ts"
export { copyRequest } from "./copyRequest.ts"
export { Guard, LimitCounters, type Limits } from "./guard.ts"
export { ignoreRejection } from "./ignoreRejection.ts"
export { type InvalidOption, invalidOption, isInvalidOption } from "./invalidOption.ts"
export { type LimitOptions, readLimits, type ResponseRateOptions } from "./limitOptions.ts"
export { usableAddresses } from "./interfaceAddresses.ts"
export {
  type InterfaceChoice,
  InterfaceServices,
  type InterfaceStats,
  type InterfaceSteps,
  readInterfaceChoice
} from "./interfaceServices.ts"
export { PeerTable } from "./peerTable.ts"
export { type Rate, ResponseRate } from "./responseRate.ts"
export { Room } from "./room.ts"
export { addServedPort, isServedPort } from "./servedPorts.ts"
export { allowanceOf, validatePeer } from "./peers.ts"
export {
  type DurationReader,
  readServeSettings,
  readSessionTimes,
  type ServeSettings,
  type SessionTimes
} from "./serveSettings.ts"
export {
  peerKey,
  readKey,
  readSessionSettings,
  SessionCounters,
  type SessionEnd,
  type SessionKey,
  type SessionPath,
  type SessionSettings,
  SessionState,
  SessionTable
} from "./sessions.ts"
export { type SessionResult, Sessions, type SessionServing } from "./sessionServer.ts"
export { RequestCounters, RequestTable, type WaitingRequest } from "./requests.ts"
