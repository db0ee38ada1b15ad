/**
 * The clocks of the bench, in nanoseconds.
 */

/** Wall time: the clock of latencies. */
export const wall = (): number => performance.now() * 1e6

/** Processor time of this process, including the threads that compile and that collect garbage. */
const processor = (): number => {
  const { system, user } = process.cpuUsage()
  return (system + user) * 1000
}

/** The clock of costs: processor time, which other programs do not change. With ANCILLARY_CLOCK=wall it is wall time, here and in the peers. */
export const clock: () => number = process.env["ANCILLARY_CLOCK"] === "wall" ? wall : processor

/** Pages that this process touched for the first time. */
export const minorFaults = (): number => process.resourceUsage().minorPageFault
