/** A DHCP server that answers each request by the interface on which it arrived, with an address of that interface's network. */
import { Datagram, Interfaces, type NetworkInterface, serve, withBroadcast, withPktInfo } from "@ancillary/effect3"
import { Clock, Effect } from "effect"
import { Leases, type Network } from "./leases.ts"
import { decodeRequest, encodeReply, kind, type Reply, type Request } from "./message.ts"

/** A client without an address is answered by a broadcast, on its own link. */
const spec = Datagram.ipv4.pipe(withPktInfo(), withBroadcast())

/** Seconds. */
const leaseTime = 3600

/** Serves these interfaces until its scope ends. */
export const server = (names: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const interfaces = yield* Interfaces
    const leases = new Map<string, Leases>()
    const leasesOf = (network: Network) => {
      const name = `${network.address}/${network.prefix}`
      const known = leases.get(name) ?? new Leases(network)
      leases.set(name, known)
      return known
    }

    return yield* serve(spec, { address: "0.0.0.0", port: 67 }, (asked, socket) =>
      Effect.gen(function* () {
        const request = decodeRequest(asked.data)
        const { interfaceIndex } = asked.control.pktInfo
        // A request that a relay forwarded is for another network.
        if (request === undefined || !request.relay.isUnspecified) return
        if (!names.includes(interfaces.nameOf(interfaceIndex) ?? "")) return
        const network = networkOf(yield* interfaces.byIndex(interfaceIndex))
        if (network === undefined) return
        const reply = answer(request, network, leasesOf(network), yield* Clock.currentTimeMillis)
        if (reply === undefined) return
        // A client without an address sends from 0.0.0.0, and gets a broadcast on the link on which it asked.
        yield* Datagram.reply(socket, asked, encodeReply(request, reply))
        yield* Effect.log(`${interfaces.nameOf(interfaceIndex)}: ${request.client} ${reply.address ?? "refused"}`)
      })
    )
  })

const networkOf = ({ addresses }: NetworkInterface): Network | undefined => {
  for (const { address, prefix } of addresses)
    if (address.family === "ipv4" && !address.isLinkLocal) return { address, prefix }
  return undefined
}

/** Decides the reply to a request, by the table of RFC 2131, section 4.3. */
export const answer = (request: Request, network: Network, leases: Leases, now: number): Reply | undefined => {
  const { client, clientAddress, requested, server } = request
  const { address: own, prefix } = network
  const forAnother = server !== undefined && !server.equals(own)
  const refusal = { kind: kind.refuse, server: own }
  switch (request.kind) {
    case kind.discover: {
      const address = leases.offer(client, requested, now)
      return address && { kind: kind.offer, server: own, address, prefix, leaseTime }
    }
    case kind.request: {
      if (forAnother) return undefined
      const address = requested ?? clientAddress
      if (!leases.take(client, address, leaseTime * 1000, now)) return refusal
      return { kind: kind.acknowledge, server: own, address, prefix, leaseTime }
    }
    case kind.decline:
      if (requested !== undefined && !forAnother) leases.decline(client, requested, now)
      return undefined
    case kind.release:
      if (!forAnother) leases.release(client, clientAddress)
      return undefined
    // It has an address from elsewhere.
    case kind.inform:
      return { kind: kind.acknowledge, server: own, prefix }
    default:
      return undefined
  }
}
