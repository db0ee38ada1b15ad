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

/** What an object may say. */
interface Written {
  readonly address?: unknown
  readonly path?: unknown
  readonly port?: unknown
}
/** What it said when it was read. */
interface Known extends Written {
  readonly endpoint: Endpoint<Family>
}

export class Destinations {
  #plan: Plan
  /** One object is often written for many datagrams: what was made of it is kept for as long as it is. */
  #known = new WeakMap<object, Known>()

  constructor(plan: Plan) {
    this.#plan = plan
  }

  /** The endpoint, or why there is none. */
  of(to: unknown): Endpoint<Family> | string {
    // It is checked faster than it is found.
    if (to instanceof InternetEndpoint || typeof to !== "object" || to === null) return this.#read(to)
    const { address, path, port } = to as Written
    const known = this.#known.get(to)
    // Objects change.
    if (known !== undefined && known.address === address && known.port === port && known.path === path)
      return known.endpoint
    const endpoint = this.#read(to instanceof UnixEndpoint ? to : { address, path, port })
    if (typeof endpoint !== "string") this.#known.set(to, { address, path, port, endpoint })
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
