/**
 * Two hosts and the router between them, as network namespaces. Hop limits fall, errors come back, and a path has a smaller MTU than its ends.
 *
 * ```text
 * client: cR 10.78.1.2  fd78:1::2 ═══ rC 10.78.1.1  fd78:1::1 :router: rS 10.78.2.1  fd78:2::1 ═══ sR 10.78.2.2  fd78:2::2 :server
 * ```
 */
import { cable, hosts, inside, sysctl } from "./network.ts"

export interface Routed {
  readonly client: string
  readonly router: string
  readonly server: string
  readonly remove: () => void
}

/** `mtu` is the MTU of the second cable, in bytes. The first has 1500. */
export const makeRouted = (options?: { readonly mtu?: number }): Routed =>
  hosts(["client", "router", "server"], ({ client, router, server }) => {
    for (const setting of ["net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1"]) sysctl(router, setting)
    cable(
      { host: client, device: "cR", addresses: ["10.78.1.2/24", "fd78:1::2/64"] },
      { host: router, device: "rC", addresses: ["10.78.1.1/24", "fd78:1::1/64"] }
    )
    cable(
      { host: router, device: "rS", addresses: ["10.78.2.1/24", "fd78:2::1/64"] },
      { host: server, device: "sR", addresses: ["10.78.2.2/24", "fd78:2::2/64"] }
    )
    if (options?.mtu !== undefined) {
      inside(router, "link", "set", "rS", "mtu", String(options.mtu))
      inside(server, "link", "set", "sR", "mtu", String(options.mtu))
    }
    inside(client, "route", "add", "10.78.2.0/24", "via", "10.78.1.1")
    inside(server, "route", "add", "10.78.1.0/24", "via", "10.78.2.1")
    inside(client, "-6", "route", "add", "fd78:2::/64", "via", "fd78:1::1")
    inside(server, "-6", "route", "add", "fd78:1::/64", "via", "fd78:2::1")
  })
