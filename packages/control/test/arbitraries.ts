import { InternetEndpoint, Ipv4Address, Ipv6Address, UnixEndpoint } from "@ancillary/control"
import { FastCheck } from "effect"

const word = FastCheck.integer({ min: 0, max: 0xffffffff })

export const ipv4 = word.map((value) => new Ipv4Address(value))

/** Groups of which many are zero, so that `::` occurs; with and without a zone. */
const group = FastCheck.oneof(FastCheck.constant(0), FastCheck.integer({ min: 0, max: 0xffff }))
export const ipv6 = FastCheck.tuple(
  FastCheck.tuple(group, group, group, group, group, group, group, group),
  FastCheck.oneof({ weight: 3, arbitrary: FastCheck.constant(0) }, { weight: 1, arbitrary: word })
).map(([groups, zone]) => Ipv6Address.of(groups, zone))

export const mapped = ipv4.map((address) => Ipv6Address.fromIpv4(address))

export const port = FastCheck.integer({ min: 0, max: 65535 })
export const internetEndpoint = FastCheck.oneof(
  FastCheck.tuple(ipv4, port).map(([address, at]) => new InternetEndpoint("ipv4", address, at)),
  FastCheck.tuple(ipv6, port).map(([address, at]) => new InternetEndpoint("ipv6", address, at))
)

/** Names of up to 100 bytes: paths, abstract names, none. */
export const unixEndpoint = FastCheck.tuple(
  FastCheck.constantFrom("", "\0"),
  FastCheck.string({ unit: "binary", maxLength: 25 })
).map(([first, rest]) => {
  const path = first + (first === "" ? rest.replaceAll("\0", "x") : rest)
  return new UnixEndpoint(path === "" ? undefined : path)
})
