/** The plan of a ping socket. */
import { Abi, abis, endpoint, IcmpEcho } from "@ancillary/control"
import {
  Datagram,
  Plan,
  withCoalescedSize,
  withHopLimit,
  withMaximumDatagramSize,
  withOptional,
  withSegmentation
} from "@ancillary/effect3"
import { describe, expect, it } from "vitest"
import { hostOf, validatePing } from "../src/send/ping.ts"

const linux = Abi.linuxGlibc64

it.each(abis)("$name: is opened as ICMP of its family, and is otherwise planned like UDP", (abi) => {
  for (const [ping, udp] of [
    [Datagram.icmp4, Datagram.ipv4],
    [Datagram.icmp6, Datagram.ipv6]
  ] as ReadonlyArray<readonly [typeof Datagram.ipv4, typeof Datagram.ipv4]>) {
    const [planned, plain] = [Plan.compile(ping.pipe(withHopLimit()), abi), Plan.compile(udp.pipe(withHopLimit()), abi)]
    expect([planned.kind.protocol, plain.kind.protocol]).toEqual(["icmp", "udp"])
    expect([planned.kind.family, planned.family]).toEqual([plain.kind.family, plain.family])
    expect([planned.receive, planned.send]).toEqual([plain.receive, plain.send])
    const ours = ({ options }: Plan.Plan) =>
      options.map((each) => ("option" in each ? `${each.level}/${each.option}` : ""))
    // Darwin: IP_STRIPHDR, without which the IPv4 header would come with each message.
    const strips = abi.platform === "darwin" && planned.family === "ipv4" ? ["0/23"] : []
    expect(ours(planned).toSorted()).toEqual([...strips, ...ours(plain)].toSorted())
  }
})

it("has room for the largest messages, which begin with the ICMP header", () => {
  const sizes = [Datagram.icmp4, Datagram.icmp6 as unknown as typeof Datagram.icmp4].map((spec) => [
    Plan.compile(spec, linux).sendBytes,
    Plan.compile(spec.pipe(withMaximumDatagramSize(100)), linux).sendBytes
  ])
  expect(sizes).toEqual([
    [65_515, 100],
    [65_535, 100]
  ])
})

it("rejects messages of UDP, which Linux would accept and ignore", () => {
  const why = "a ping socket does not speak UDP"
  for (const abi of [linux, Abi.winsockX64]) {
    expect(Plan.compile(Datagram.icmp4.pipe(withSegmentation()), abi).refused).toMatchObject([{ why }])
    expect(Plan.compile(Datagram.icmp4.pipe(withCoalescedSize()), abi).refused).toMatchObject([{ why }])
    const optional = Plan.compile(Datagram.icmp4.pipe(withOptional(withSegmentation())), abi)
    expect([optional.refused, optional.declined, optional.sendEntries]).toEqual([[], [{ key: "segmentSize", why }], []])
    expect(Plan.compile(Datagram.ipv4.pipe(withSegmentation()), abi).refused).toEqual([])
  }
})

describe("a payload that is an echo request", () => {
  const request = IcmpEcho.encode("ipv4", { kind: "request", sequence: 1, data: new Uint8Array(20) }) as Uint8Array
  it("is accepted however it is cut into pieces", () => {
    for (let first = 0; first <= request.length; first++)
      for (let second = first; second <= request.length; second++) {
        const pieces = [request.subarray(0, first), request.subarray(first, second), request.subarray(second)]
        expect(validatePing("ipv4", pieces)).toBeUndefined()
        expect(validatePing("ipv6", pieces)).toMatch(/^ICMP type 8 is no echo message of ipv6: a ping socket sends/)
      }
    expect(validatePing("ipv4", [])).toMatch(/^an echo message has 8 bytes before its data, not 0: /)
    expect(validatePing("ipv4", [request.subarray(0, 4), request.subarray(4, 7)])).toMatch(/, not 7: /)
  })
})

it("a peer is a host: its port means nothing, and replies come from port 0", () => {
  const at = (address: string, port: number) => endpoint("dual", { address, port }) as Parameters<typeof hostOf>[0]
  expect(["192.0.2.1", "2001:db8::1"].map((address) => String(hostOf(at(address, 99))))).toEqual([
    "192.0.2.1:0",
    "[2001:db8::1]:0"
  ])
})
