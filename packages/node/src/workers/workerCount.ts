/** Number of sockets that can share the traffic of one port. */
import { availableParallelism } from "node:os"
import { type Abi, Codec } from "@ancillary/control"

/** Each worker is a process. A larger number is probably a mistake of the program. */
const maximum = 1024

/** The reason why a platform serves with one worker. */
const alone: { readonly [P in Abi["platform"]]: string | undefined } = {
  linux: undefined,
  // Darwin: sockets can share a port, but one of them receives all unicast datagrams.
  darwin: "macOS does not spread the peers over the sockets of a port",
  // Winsock: there is no SO_REUSEPORT. With SO_REUSEADDR the last socket that binds can take the traffic.
  winsock:
    "Windows does not spread peers over the sockets of a port, and its SO_REUSEADDR lets any program take over the address"
}

/**
 * Returns the requested number of workers, or the number of cores, or one if more would be useless. Returns a sentence if the number is invalid
 * (`invalid`), or if the platform does not distribute peers (`unsupported`).
 *
 * @category constructors
 * @since 0.1.0
 */
export const workerCount = (
  platform: Abi["platform"],
  requested: number | undefined
): number | { readonly invalid: string } | { readonly unsupported: string; readonly remedy: string } => {
  const why = alone[platform]
  if (requested === undefined) return why === undefined ? Math.min(availableParallelism(), maximum) : 1
  if (!Codec.isInteger(requested, 1, maximum))
    return {
      invalid: `workers: ${Codec.format(requested)} is not an integer from 1 to ${maximum}. Leave it out for one a core.`
    }
  return requested === 1 || why === undefined
    ? requested
    : { unsupported: why, remedy: "Leave `workers` out: one serves there, and is restarted as elsewhere" }
}
