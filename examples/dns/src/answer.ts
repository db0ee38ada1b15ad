/** The answer to a query, as bytes. Nothing of it knows a socket. */
import * as dns from "dns-packet"
import type { Zone } from "./zone.ts"

/** The largest answer that no IPv6 link fragments, with its headers, as DNS Flag Day 2020 recommends. */
const largest = 1232
/** The largest answer for a client without EDNS. RFC 1035, 4.2.1. */
const largestWithoutEdns = 512

/** Response codes. RFC 1035, 4.1.1. */
const rcode = { NOERROR: 0, FORMERR: 1, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5 } as const

/** Returns the answer, or nothing for a datagram that is no query. A response is never answered, or two servers would answer each other for ever. */
export const answer = (zone: Zone, bytes: Uint8Array): Uint8Array | undefined => {
  const query = decode(bytes)
  if (query === undefined || query.type !== "query") return undefined
  const [question, ...more] = query.questions ?? []
  const edns = query.additionals?.find((record): record is dns.OptAnswer => record.type === "OPT")
  const respond = (code: keyof typeof rcode, records: Partial<Pick<dns.Packet, "answers" | "authorities">> = {}) =>
    encode(query, edns, rcode[code], records)
  if (opcodeOf(query) !== 0) return respond("NOTIMP")
  if (question === undefined || more.length > 0) return respond("FORMERR")

  const name = question.name.toLowerCase()
  if (name !== zone.name && !name.endsWith(`.${zone.name}`)) return respond("REFUSED")
  const here = zone.records.filter((record) => record.name === name)
  const soa: dns.Answer = { name: zone.name, type: "SOA", ttl: zone.ttl, data: zone.soa }
  if (question.type === "SOA" && name === zone.name) return respond("NOERROR", { answers: [soa] })
  if (here.length === 0 && name !== zone.name) return respond("NXDOMAIN", { authorities: [soa] })

  const alias = here.find((record) => record.type === "CNAME")
  const target =
    alias === undefined || question.type === "CNAME"
      ? here
      : [alias, ...zone.records.filter(({ name }) => name === alias.data)]
  const answers = target
    .filter((record) => record === alias || record.type === question.type)
    .map((record): dns.Answer => ({ ...record, ttl: zone.ttl }))
  return answers.length === 0 ? respond("NOERROR", { authorities: [soa] }) : respond("NOERROR", { answers })
}

/** The kind of the request: 0 is a query. RFC 1035, 4.1.1. */
const opcodeOf = ({ flags = 0 }: dns.DecodedPacket): number => (flags >> 11) & 15

/** Bytes of a header, of the smallest question, and of the smallest record. RFC 1035, 4.1. */
const [headerSize, questionSize, recordSize] = [12, 5, 11]

/** Anyone can send any bytes. The decoder throws for some, and for a count above those bytes it makes as many empty records. */
const decode = (bytes: Uint8Array): dns.DecodedPacket | undefined => {
  const packet = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (packet.length < headerSize) return undefined
  const records = packet.readUInt16BE(6) + packet.readUInt16BE(8) + packet.readUInt16BE(10)
  if (headerSize + packet.readUInt16BE(4) * questionSize + records * recordSize > packet.length) return undefined
  try {
    return dns.decode(packet)
  } catch {
    return undefined
  }
}

const encode = (
  { flags = 0, id = 0, questions = [] }: dns.DecodedPacket,
  edns: dns.OptAnswer | undefined,
  code: number,
  records: Partial<Pick<dns.Packet, "answers" | "authorities">>
): Uint8Array => {
  const response = (truncated: boolean): dns.Packet => ({
    type: "response",
    id,
    flags: (flags & dns.RECURSION_DESIRED) | dns.AUTHORITATIVE_ANSWER | (truncated ? dns.TRUNCATED_RESPONSE : 0) | code,
    questions: [...questions],
    ...(truncated ? {} : records),
    additionals:
      edns === undefined
        ? []
        : [{ name: ".", type: "OPT", udpPayloadSize: largest, flags: 0, options: [] } as unknown as dns.Answer]
  })
  const whole = dns.encode(response(false))
  const limit =
    edns === undefined ? largestWithoutEdns : Math.min(Math.max(edns.udpPayloadSize, largestWithoutEdns), largest)
  return whole.length <= limit ? whole : dns.encode(response(true))
}
