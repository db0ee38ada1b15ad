/**
 * Picks the driver of the current system, and looks host names up. The faces build their layers and functions on it.
 *
 * @since 0.1.0
 */
export { HandOver, type HandOverFault, type HandOverStart, type PassedSocket } from "./handOver/handOver.ts"
export { notifyReady } from "./handOver/notices.ts"
export { type HandOverWords, readHandOverOptions, refusedSocketName } from "./handOver/options.ts"
export { type NamedDescriptor, passedSockets } from "./handOver/passedSockets.ts"
export { type HostNameFault, resolveHost } from "./resolveHost.ts"
export { systemDriver } from "./systemDriver.ts"
export { exponentialRestart } from "./workers/exponentialRestart.ts"
export { obeyOrders, type WorkerProgram } from "./workers/obeyOrders.ts"
export type { At, Began, Begin, Counters } from "./workers/orders.ts"
export type { Restart } from "./workers/place.ts"
export { type RunningWorkers, startWorkers, type WorkersStart } from "./workers/startWorkers.ts"
export { workerCount } from "./workers/workerCount.ts"
export { type CheckedWorkers, checkWorkerOptions, type WorkerWords } from "./workers/workerOptions.ts"
export type { WorkerFault } from "./workers/WorkerFault.ts"
