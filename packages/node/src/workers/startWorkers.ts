/** Several processes that serve on the sockets of one port. */
import { addCounters } from "./counters.ts"
import type { At, Counters } from "./orders.ts"
import { Place, type Start } from "./place.ts"
import type { WorkerFault } from "./WorkerFault.ts"

/**
 * How the processes are run. Times are in milliseconds. `descriptors` has the socket of each worker, as a descriptor of this process; an absent one
 * is bound by its worker.
 *
 * @category models
 * @since 0.1.0
 */
export interface WorkersStart extends Omit<Start, "descriptor"> {
  readonly descriptors: ReadonlyArray<number | undefined>
  /** Closes the socket of a worker that is given up and reads no more. The kernel then distributes its peers over the others. */
  readonly onGivenUp: (worker: number) => Promise<void>
}

/**
 * Processes that serve, until `stop`.
 *
 * @category models
 * @since 0.1.0
 */
export interface RunningWorkers {
  /** Resolves when every worker serves, with the endpoint of the first one; or with the fault of the first worker that is given up. */
  readonly ready: Promise<At | WorkerFault>
  /** Resolves when a worker is given up, with the reason; with `undefined` when the workers are stopped. */
  readonly failure: Promise<WorkerFault | undefined>
  /** Each worker: the id of its process, absent unless it serves, and the number of its restarts. */
  readonly state: () => ReadonlyArray<{ readonly pid: number | undefined; readonly restarts: number }>
  /** Returns the sum over all workers, including earlier ones. Waits at most 5 seconds for the reports. */
  readonly stats: () => Promise<Counters | undefined>
  /** Lets the workers finish the answers that they have begun. Resolves when all processes have ended. */
  readonly stop: () => Promise<void>
}

/**
 * Starts a process for each descriptor, and starts it again according to `restart` when it dies.
 *
 * @category constructors
 * @since 0.1.0
 */
export const startWorkers = ({ descriptors, onGivenUp, ...how }: WorkersStart): RunningWorkers => {
  const places = descriptors.map((descriptor, worker) => new Place(worker, { ...how, descriptor }))
  const givenUp = places.map(async ({ over }, worker) => {
    const fault = await over
    if (fault !== undefined) await onGivenUp(worker)
    return fault
  })
  const failure = new Promise<WorkerFault | undefined>((resolve) => {
    for (const one of givenUp) void one.then((fault) => fault !== undefined && resolve(fault))
    void Promise.all(givenUp).then(() => resolve(undefined))
  })
  const allServe = Promise.all(places.map(({ ready }) => ready)).then(([first]) => first ?? how.at)
  return {
    // The workers are stopped only after they were ready, or after a fault: until then there is one or the other.
    ready: Promise.race([allServe, failure.then((fault) => fault ?? how.at)]),
    failure,
    state: () => places.map(({ state }) => state),
    stats: async () => {
      const all = await Promise.all(places.map((place) => place.stats()))
      return all.reduce((sum, one) => (sum === undefined || one === undefined ? (sum ?? one) : addCounters(sum, one)))
    },
    stop: async () => {
      await Promise.all(places.map((place) => place.stop()))
    }
  }
}
