/** Parses and validates the destinations that a program wrote. Port 0 has no receiver, and not every path is a valid socket address. */
import {
  Codec,
  type Endpoint,
  endpoint as toEndpoint,
  type Family,
  type InternetEndpoint,
  SocketAddress
} from "@ancillary/control"
import type { Plan } from "../plan/Plan.ts"
import { type Names, withIndex } from "../driver/zones.ts"

/** Fields of an object that names a destination. */
interface Written {
  readonly address?: unknown
  readonly path?: unknown
  readonly port?: unknown
}

/** Taken out of its module once: V8 looks up a member of a module by a call, for each datagram. */
const { isMalformed } = Codec

/** Maximum number of cached texts. Beyond it the cache is cleared. */
const maximumKnown = 4096

export class Destinations {
  #plan: Plan
  #names: Names
  /** The last endpoint for each text, because programs send to the same peers repeatedly, mostly at the same port. */
  #known = new Map<string, Endpoint<Family>>()
  /** The last endpoint that was made from an address object. */
  #last: InternetEndpoint<"ipv4"> | InternetEndpoint<"ipv6"> | undefined

  constructor(plan: Plan, names: Names) {
    this.#plan = plan
    this.#names = names
  }

  /**
   * Returns the endpoint, or the reason why it is invalid. Each field is read once. The endpoint is the engine's own, so no code of the
   * program runs while it is written into memory that is being filled.
   */
  of(to: unknown): Endpoint<Family> | string {
    if (typeof to !== "object" || to === null) return this.#read(to)
    try {
      return this.#plan.family === "unix" ? this.#unix(to) : this.#internet(to)
    } catch (cause) {
      return `the destination cannot be read (${Codec.format(cause)})`
    }
  }

  #unix(to: Written): Endpoint<Family> | string {
    const { path } = to
    if (typeof path !== "string") return this.#read(path === undefined ? to : { path })
    return this.#known.get(path) ?? this.#learn(path, { path })
  }

  #internet({ address, port }: Written): Endpoint<Family> | string {
    if (typeof address === "string") {
      const known = this.#known.get(address)
      return known !== undefined && known.family !== "unix" && known.port === port ? known : this.#named(address, port)
    }
    // The peer of a received datagram, because replies often go to the same peer.
    const last = this.#last
    if (last !== undefined && last.port === port && last.address.equals(address)) return last
    const endpoint = this.#read({ address, port })
    if (typeof endpoint !== "string" && endpoint.family !== "unix") this.#last = endpoint
    return endpoint
  }

  /** A zone name is looked up each time, because the interface may have been made again with another index. */
  #named(address: string, port: unknown): Endpoint<Family> | string {
    const text = address.includes("%") ? withIndex(this.#names, address) : address
    if (isMalformed(text)) return text.malformed
    return text === address ? this.#learn(address, { address, port }) : this.#read({ address: text, port })
  }

  #learn(text: string, to: Written): Endpoint<Family> | string {
    const endpoint = this.#read(to)
    if (typeof endpoint === "string") return endpoint
    if (this.#known.size === maximumKnown) this.#known.clear()
    this.#known.set(text, endpoint)
    return endpoint
  }

  #read(to: unknown): Endpoint<Family> | string {
    // This function validates the input, so its type is not known before.
    const endpoint = toEndpoint(this.#plan.family, to as never)
    return isMalformed(endpoint) ? endpoint.malformed : (this.#unreachable(endpoint) ?? endpoint)
  }

  /** Returns the reason why an endpoint cannot have a receiver. */
  #unreachable(to: Endpoint<Family>): string | undefined {
    if (to.family !== "unix") {
      // A ping goes to a host, and its replies come from port 0, so the port has no meaning.
      return to.port === 0 && this.#plan.kind.protocol !== "icmp"
        ? "port 0 is no destination: use a port from 1 to 65535"
        : undefined
    }
    return to.path === undefined
      ? "a socket without a name cannot be sent to"
      : SocketAddress.validateUnixPath(this.#plan.abi, to.path)
  }
}
