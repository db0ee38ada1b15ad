/**
 * The report of a program that has just bound its first socket: what the process has used since it began.
 */

/** Prints processor and wall time in nanoseconds, minor faults, and resident bytes. Then the process ends. */
export const report = (): void => {
  const { maxRSS, minorPageFault, systemCPUTime, userCPUTime } = process.resourceUsage()
  const values = [(userCPUTime + systemCPUTime) * 1000, performance.now() * 1e6, minorPageFault, maxRSS * 1024]
  process.stdout.write(`${values.join(" ")}\n`, () => process.exit(0))
}
