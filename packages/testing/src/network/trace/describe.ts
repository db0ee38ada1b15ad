/** A packet in one line. */
import { echoTypes, icmpOf, readError } from "../ip/icmp.ts"
import { type Packet, portsOf, protocols, udpHeaderSize } from "../ip/packet.ts"

const icmpNames: { readonly [typeAndCode: string]: string } = {
  "ipv4 3 0": "network unreachable",
  "ipv4 3 1": "host unreachable",
  "ipv4 3 3": "port unreachable",
  "ipv4 3 4": "too big",
  "ipv4 3 13": "prohibited",
  "ipv4 11 0": "hop limit exceeded",
  "ipv4 11 1": "reassembly time exceeded",
  "ipv6 1 0": "network unreachable",
  "ipv6 1 1": "prohibited",
  "ipv6 1 3": "host unreachable",
  "ipv6 1 4": "port unreachable",
  "ipv6 2 0": "too big",
  "ipv6 3 0": "hop limit exceeded",
  "ipv6 3 1": "reassembly time exceeded"
}

/** Describes the contents of a packet, without its addresses. */
export const contents = (packet: Packet): string => {
  const { body, family, fragment, protocol } = packet
  if (fragment !== undefined && fragment.offset > 0) return `fragment ${fragment.offset}+${body.length}`
  const first = fragment === undefined ? "" : ", first fragment"
  if (protocol === protocols.udp && body.length >= udpHeaderSize) {
    const ports = portsOf(body)
    return `UDP ${ports.source} > ${ports.destination}, ${body.length - udpHeaderSize} bytes${first}`
  }
  if (protocol !== icmpOf[family]) return `protocol ${protocol}, ${body.length} bytes${first}`
  const error = readError(family, body)
  if (error === undefined) return body[0] === echoTypes[family].request ? "echo request" : "echo reply"
  const name = icmpNames[`${family} ${error.type} ${error.code}`] ?? `ICMP ${error.type}/${error.code}`
  return error.mtu > 0 ? `${name}, MTU ${error.mtu}` : name
}
