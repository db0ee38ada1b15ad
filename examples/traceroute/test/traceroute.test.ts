/** The program on a network in memory, and behind routers that lie. */
import { DatagramSockets } from "@ancillary/socket"
import { InternetEndpoint, Ipv4Address, Ipv6Address } from "@ancillary/control"
import { FaultyDriver, Network } from "@ancillary/testing"
import { expect, it } from "vitest"
import { pathMtu } from "../src/pathMtu.ts"
import { Probes, spec } from "../src/probes.ts"
import { lineOf, trace } from "../src/trace.ts"

const patience = 60_000

/** A host, a router, and a branch behind a link for packets of 1,400 bytes. */
const network = () => {
  const network = Network.make({ seed: 1 })
  const office = network.host("office", { addresses: ["10.1.0.2/24", "fd01::2/64"], gateway: "10.1.0.1" })
  const router = network.host("router", { addresses: ["10.1.0.1/24", "fd01::1/64"], router: true })
  const branch = network.host("branch", { addresses: ["10.2.0.2/24"], gateway: "10.2.0.1", mtu: 1400 })
  const wan = router.interface("wan", { addresses: ["10.2.0.1/24"], mtu: 1400 })
  network.link(office, router)
  network.link(wan, branch)
  return office
}

const destination = new InternetEndpoint("ipv4", Ipv4Address.of(10, 2, 0, 2), 0)

it("finds the router, the destination and the MTU of the link between them", async () => {
  const office = network()
  await using socket = await DatagramSockets.make(() => office.driver).client(spec)
  const probes = new Probes(socket, destination)
  const lines: Array<string> = []
  for await (const hop of trace(probes, patience)) lines.push(lineOf(hop).replaceAll(/\d+\.\d{3} ms/g, "ms"))
  expect(lines).toEqual([" 1  10.1.0.1  ms  ms  ms", " 2  10.2.0.2  ms  ms  ms"])
  expect(await pathMtu(probes, patience)).toEqual({
    mtu: 1400,
    limits: [
      { mtu: 1500, router: undefined },
      { mtu: 1400, router: "10.1.0.1" }
    ],
    confirmed: true
  })
})

it("probes that are lost are asterisks, and end nothing", async () => {
  const office = network()
  const driver = FaultyDriver.wrap(office.driver, {
    decideSend: (_, index) => (index < 3 ? FaultyDriver.lose : undefined)
  })
  await using socket = await DatagramSockets.make(() => driver).client(spec)
  const hops = trace(new Probes(socket, destination), 20)
  const { value } = await hops.next()
  expect(value === undefined ? "" : lineOf(value)).toBe(" 1  *  *  *")
  await hops.return(undefined)
})

it.each([
  ["0", [0]],
  ["below every link", [67]],
  ["of the last report", [1000, 1000]],
  ["above the last report", [1000, 1400]],
  ["that falls byte by byte", Array.from({ length: 200 }, (_, i) => 267 - i)]
])("a router that reports an MTU %s does not lead below the smallest one", async (_, lies) => {
  const office = network()
  const driver = FaultyDriver.wrap(office.driver, {
    // The first one is refused by the link of this host.
    decideSend: (_, index) =>
      index === 0 ? undefined : FaultyDriver.icmpError("tooLarge", { mtu: lies[index - 1] ?? 0, from: "10.1.0.1" })
  })
  await using socket = await DatagramSockets.make(() => driver).client(spec)
  const { confirmed, mtu } = await pathMtu(new Probes(socket, destination), patience)
  expect(confirmed).toBe(false)
  expect(mtu).toBeGreaterThanOrEqual(68)
  expect(mtu).toBeLessThanOrEqual(1500)
})

it("the smallest MTU of IPv6 is 1,280", async () => {
  const office = network()
  const driver = FaultyDriver.wrap(office.driver, {
    decideSend: (_, index) => (index === 0 ? undefined : FaultyDriver.icmpError("tooLarge", { mtu: 1279 }))
  })
  await using socket = await DatagramSockets.make(() => driver).client(spec)
  const address = Ipv6Address.parse("fd01::1")
  if (!(address instanceof Ipv6Address)) throw new Error(address.malformed)
  const probes = new Probes(socket, new InternetEndpoint("ipv6", address, 0))
  expect(await pathMtu(probes, patience)).toMatchObject({ mtu: 1500, confirmed: false })
})

it("labels of MPLS are those that traceroute prints, and refusals have their numbers", () => {
  const report = {
    _tag: "ErrorReport",
    origin: "icmp",
    code: "EHOSTUNREACH",
    errno: 113,
    icmp: { type: 11, code: 0 },
    mtu: undefined,
    offender: Ipv4Address.of(192, 0, 2, 1),
    destination: undefined,
    datagram: new Uint8Array(),
    extensions: [
      {
        kind: "mplsLabelStack",
        labels: [
          { label: 16_000, trafficClass: 5, bottomOfStack: false, ttl: 1 },
          { label: 24_000, trafficClass: 0, bottomOfStack: true, ttl: 1 }
        ]
      }
    ],
    arrival: undefined,
    hopLimit: undefined,
    trafficClass: undefined,
    timestamp: 1_500_000n
  } as const
  const line = (...probes: Parameters<typeof lineOf>[0]["probes"]) => lineOf({ hopLimit: 3, probes, last: false })
  expect(line({ sentAt: 0n, report }, {}, { report })).toBe(
    " 3  192.0.2.1 <MPLS:L=16000,E=5,S=0,T=1/L=24000,E=0,S=1,T=1>  1.500 ms  *  ? ms"
  )
  const refusing = { ...report, icmp: { type: 3, code: 13 }, extensions: [] }
  expect(line({ sentAt: 0n, report: refusing })).toBe(" 3  192.0.2.1  1.500 ms ICMP 3/13")
})
