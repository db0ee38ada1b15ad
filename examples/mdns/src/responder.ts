/** A responder for multicast DNS on each link of this host, with the addresses of that link. */
import {
  Datagram,
  type DatagramSocket,
  Interfaces,
  type NetworkInterface,
  type Spec,
  serve,
  withDefaultHopLimit,
  withMulticastHopLimit,
  withPktInfo,
  withReuseAddress
} from "@ancillary/effect3"
import { Effect, FiberMap, Stream } from "effect"
import { decodeQuery, encodeResponse } from "./message.ts"
import { type Address, announcement, answerTo, bytesOf, recordsOf, type Records, type Service } from "./service.ts"

const port = 5353
const groups = { ipv4: "224.0.0.251", ipv6: "ff02::fb" } as const

/** One socket for both families. Other responders of this host may share the port. Hop limits: RFC 6762, section 11. */
const spec = Datagram.dual.pipe(withPktInfo(), withReuseAddress(), withDefaultHopLimit(255), withMulticastHopLimit(255))

type Socket = DatagramSocket<"dual", Spec.Declared<typeof spec>>
type Family = keyof typeof groups

/** A link of this host, and the records with its addresses. */
interface Link extends NetworkInterface {
  readonly records: Records
}

/** Answers until it is interrupted. */
export const responder = (service: Service) =>
  Effect.gen(function* () {
    const links = new Map<number, Link>()
    const server = yield* serve(spec, { address: "::", port }, (asked, socket) => {
      const link = links.get(asked.control.pktInfo.interfaceIndex)
      const query = decodeQuery(asked.data)
      // Queries of other networks are not answered, because their sources may be forged: RFC 6762, section 11.
      if (link === undefined || query === undefined || !isOnLink(link, asked.from.address)) return Effect.void
      const legacy = asked.from.port !== port
      const response = answerTo(link.records, query, legacy)
      if (response === undefined) return Effect.void
      const bytes = encodeResponse(response)
      return legacy || query.questions.every(({ unicast }) => unicast)
        ? Datagram.reply(socket, asked, bytes)
        : sendToGroup(socket, link, asked.from.family, bytes)
    })

    // Each link has a fiber, which is a member of the groups as long as the link is there.
    const memberships = yield* FiberMap.make<number>()
    const interfaces = yield* Interfaces
    yield* Stream.runForEach(interfaces.changes(), ({ _tag, interface: { index, ...rest } }) =>
      Effect.gen(function* () {
        links.delete(index)
        yield* FiberMap.remove(memberships, index)
        if (_tag === "Removed" || !rest.up || rest.addresses.length === 0) return
        const link = { ...rest, index, records: recordsOf(service, addressesOf(rest)) }
        links.set(index, link)
        yield* FiberMap.run(memberships, index, stayOn(server, link))
      })
    )
  }).pipe(Effect.scoped)

/** Joins the groups of a link, announces the service, and takes it back at the end. */
const stayOn = (socket: Socket, link: Link) =>
  Effect.gen(function* () {
    const families = (["ipv4", "ipv6"] as const).filter((family) =>
      link.addresses.some(({ address }) => address.family === family)
    )
    const tell = (ttl?: 0) => {
      const bytes = encodeResponse(announcement(link.records, ttl))
      return Effect.forEach(families, (family) => Effect.ignore(sendToGroup(socket, link, family, bytes)))
    }
    for (const family of families) yield* socket.join(groups[family], { interfaceIndex: link.index })
    yield* Effect.addFinalizer(() => tell(0))
    yield* Effect.log(`answering on ${link.name}: ${addressesOf(link).join(", ")}`)
    // Twice, because the first one may be lost: RFC 6762, section 8.3.
    yield* tell()
    yield* Effect.sleep("1 second")
    yield* tell()
    return yield* Effect.never
  }).pipe(
    Effect.scoped,
    // A link may go while it is joined.
    Effect.catchAll((error) => Effect.logWarning(`${link.name}: ${error.message}`))
  )

const sendToGroup = (socket: Socket, link: NetworkInterface, family: Family, data: Uint8Array) =>
  socket.send({ data, to: { address: groups[family], port }, control: { pktInfo: { interfaceIndex: link.index } } })

const addressesOf = (link: Pick<NetworkInterface, "addresses">) => link.addresses.map(({ address }) => address)

/** True if the first bits of the address are those of an address of the link. */
export const isOnLink = ({ addresses }: Pick<NetworkInterface, "addresses">, address: Address): boolean => {
  const bytes = bytesOf(address)
  return addresses.some(({ address: own, prefix }) => {
    if (own.family !== address.family) return false
    const differences = bytesOf(own).map((byte, i) => byte ^ (bytes[i] ?? 0))
    const first = differences.findIndex((byte) => byte !== 0)
    // Equal bits from the left: clz32 counts the 24 bits above a byte, too.
    return first < 0 || first * 8 + Math.clz32(differences[first] ?? 0) - 24 >= prefix
  })
}
