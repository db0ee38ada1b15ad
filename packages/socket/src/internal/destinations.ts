/**
 * Where datagrams go, read from what a program wrote and checked: nobody is at port 0, and not every path can be a name.
 */
import {
  Codec,
  type Endpoint,
  endpoint as toEndpoint,
  type Family,
  InternetEndpoint,
  SocketAddress,
  UnixEndpoint
} from "@ancillary/control"
import type { Plan } from "../Plan.ts"

/** Objects that name a destination may say this much. */
interface Written {
  readonly address?: unknown
  readonly path?: unknown
  readonly port?: unknown
}

/** Texts that are known; beyond that all are forgotten. */
const mostKnown = 4096

export class Destinations {
  #plan: Plan
  /** What was made of a text last: the same peers are written to again and again, mostly at the same port. */
  #known = new Map<string, Endpoint<Family>>()

  constructor(plan: Plan) {
    this.#plan = plan
  }

  /** The endpoint, or why there is none. */
  of(to: unknown): Endpoint<Family> | string {
    // It is checked faster than it is found.
    if (to instanceof InternetEndpoint || typeof to !== "object" || to === null) return this.#read(to)
    const { address, path, port } = to as Written
    const text = this.#plan.family === "unix" ? path : address
    if (typeof text !== "string") return this.#read(to)
    const known = this.#known.get(text)
    if (known !== undefined && (known.family === "unix" || known.port === port)) return known
    const endpoint = this.#read(to instanceof UnixEndpoint ? to : { address, path, port })
    if (typeof endpoint === "string") return endpoint
    if (this.#known.size === mostKnown) this.#known.clear()
    this.#known.set(text, endpoint)
    return endpoint
  }

  #read(to: unknown): Endpoint<Family> | string {
    const endpoint = toEndpoint(this.#plan.family, to as never)
    return Codec.isMalformed(endpoint) ? endpoint.malformed : (this.#unreachable(endpoint) ?? endpoint)
  }

  /** Why nobody can be at an endpoint. */
  #unreachable(to: Endpoint<Family>): string | undefined {
    if (to.family !== "unix") {
      // A ping goes to a host, and its replies come from port 0: the port there means nothing.
      return to.port === 0 && this.#plan.kind.protocol !== "icmp"
        ? "port 0 is nobody's: a datagram goes to 1 to 65535"
        : undefined
    }
    return to.path === undefined
      ? "a socket without a name cannot be sent to"
      : SocketAddress.refuseUnixPath(this.#plan.abi, to.path)
  }
}
