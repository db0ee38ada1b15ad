/** Random programs on the kernel and on the network in memory: each call has the same result. */
import { type Driver, isFault, isUnavailable } from "@ancillary/engine/driver/Driver"
import { LinuxSockets } from "@ancillary/posix"
import { Network } from "@ancillary/testing"
import type { Part } from "../part.ts"
import { Random } from "../random.ts"
import { Performer } from "./perform.ts"
import { draw, type Step } from "./step.ts"

/** Returns the reason why this is not such a host, or nothing. */
export const refuseHost = (driver: Driver): string | undefined => {
  const interfaces = driver.interfaces()
  const isThere = !isFault(interfaces) && interfaces.map(({ name }) => name).join(" ") === "lo eth0"
  return isThere
    ? undefined
    : "It is for a network namespace of its own: run packages/fuzz/test/namespace.sh with the command behind it."
}

const inMemory = (): Driver =>
  Network.make({ seed: 1, trace: false }).host("host", { addresses: ["10.9.0.1/24", "fd00:9::1/64"] }).driver

export const kernel = (): Driver => {
  const driver = LinuxSockets.driver()
  if (isUnavailable(driver)) throw new Error(driver.why)
  return driver
}

const compare = (real: Performer, steps: ReadonlyArray<Step>): ReadonlyArray<string> => {
  const expected = real.run(steps)
  const seen = new Performer(inMemory()).run(steps)
  const first = expected.findIndex((line, i) => line !== seen[i])
  if (first < 0) return []
  return [
    ...steps.slice(0, first + 1).map((step, i) => `${JSON.stringify(step)} → ${expected[i]}`),
    `in memory: ${seen[first]}`
  ]
}

/** The smallest part of a program that still differs at the same call. */
const shrunk = (real: Performer, steps: ReadonlyArray<Step>): ReadonlyArray<string> => {
  const smallest = Network.shrink(steps, (fewer) => compare(real, fewer).length > 0)
  return compare(real, smallest)
}

export const network =
  (driver: Driver, isShrunk = true): Part =>
  async ({ count, first, found, progress, seed }) => {
    const real = new Performer(driver)
    const random = new Random()
    for (let index = first; index < first + count; index++) {
      const steps = draw(random.drawFor(seed, index))
      const lines = compare(real, steps)
      if (lines.length > 0 && !found({ index, lines: isShrunk ? shrunk(real, steps) : lines })) return
      progress(index - first + 1)
      // Sockets of the kernel are closed outside of the loop.
      if (index % 64 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
  }
