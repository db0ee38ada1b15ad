/** Wrong use of a network is refused, because a test with a fault that never happens shows nothing. */
import { Network } from "@ancillary/testing"
import { expect, it } from "vitest"
import { burst } from "./plain.ts"

const pair = () => {
  const network = Network.make({ clock: Network.manualClock() })
  const a = network.host("a", { addresses: ["10.0.0.1/24"] })
  const b = network.host("b", { addresses: ["10.0.0.2/24"] })
  const c = network.host("c", { addresses: ["10.0.0.3/24"] })
  return { network, a, b, c, link: network.link(a, b) }
}

it("a change of faults names an end of the link", () => {
  const { a, c, link } = pair()
  expect(() => link.change({ loss: 1 }, c)).toThrow("c is not an end of the link a–b.")
  expect(() => link.change({ loss: 1 }, c.interfaceNamed("eth0"))).toThrow("eth0 is not an end of the link a–b.")
  // @ts-expect-error There is no such fault.
  expect(() => link.change({ lossy: 1 })).toThrow("fault: 'lossy' is not one of loss, duplicate")
  // @ts-expect-error There is no such fault.
  expect(() => a.change({ loss: 1 })).toThrow("fault: 'loss' is not one of controlMissing")
})

it("the ends of a link are free interfaces of hosts of its network", () => {
  const { a, c, network } = pair()
  const far = Network.make().host("c", { addresses: ["10.0.0.4/24"] })
  expect(() => network.link(a.interfaceNamed("eth0"), c)).toThrow("eth0 of a has a link already.")
  expect(() => network.link(c, c)).toThrow("eth0 of c has a link already.")
  expect(() => network.link(c, far)).toThrow("c is a host of another network.")
  expect(() => network.link(c, a.interfaceNamed("lo"))).toThrow("lo of a is the loopback interface.")
})

it("a box stands on an interface of a router", () => {
  const { a, network } = pair()
  expect(() => a.use(Network.nat({ outside: "eth0" }))).toThrow("a forwards nothing. Make it a router")
  const router = network.host("r", { addresses: ["10.0.0.9/24"], router: true })
  expect(() => router.use(Network.firewall({ outside: "wan" }))).toThrow("r has no interface wan. It has lo, eth0.")
})

it("an unknown word or a number out of range is refused", () => {
  const { a, network } = pair()
  // @ts-expect-error RFC 4787 has other words.
  expect(() => Network.nat({ outside: "wan", mapping: "symmetric" })).toThrow(
    "mapping: 'symmetric' is not one of endpoint"
  )
  // @ts-expect-error There is no such filtering.
  expect(() => Network.nat({ outside: "wan", filtering: "full-cone" })).toThrow("filtering: 'full-cone' is not one of")
  // @ts-expect-error Families are texts.
  expect(() => Network.nat({ outside: "wan", families: [4] })).toThrow("families: 4 is not one of ipv4, ipv6.")
  expect(() => Network.nat({ outside: "wan", timeout: -1 })).toThrow("timeout: -1 is not a number from 0.")
  expect(() => Network.firewall({ outside: "wan", timeout: Number.NaN })).toThrow(
    "timeout: NaN is not a number from 0."
  )
  // @ts-expect-error There is no such system.
  expect(() => network.host("w", { system: "windows" })).toThrow("system: 'windows' is not one of linux, winsock.")
  for (const mtu of [0, 67, 65_536, 1.5, Number.NaN]) {
    expect(() => a.interface(`m${mtu}`, { mtu })).toThrow(`mtu: ${mtu} is not an integer from 68 to 65535.`)
    expect(() => a.interfaceNamed("eth0").setMtu(mtu)).toThrow(`mtu: ${mtu} is not`)
  }
  for (const seed of [0.5, Number.NaN, Infinity]) expect(() => Network.make({ seed })).toThrow(`seed: ${seed} is not`)
  const clock = Network.manualClock()
  for (const time of [-1, Number.NaN])
    expect(() => clock.advance(time)).toThrow(`milliseconds: ${time} is not a number`)
})

it("an address is added once, and removed where it is", () => {
  const { a } = pair()
  const own = a.interfaceNamed("eth0")
  expect(() => own.addAddress("10.0.0.1/24")).toThrow("eth0 has the address 10.0.0.1/24 already.")
  expect(() => own.removeAddress("10.9.9.9")).toThrow("eth0 does not have the address 10.9.9.9.")
})

it("a change of faults takes an interface that was asked for by its name", () => {
  const { a, b, link } = pair()
  link.change({ loss: 1 }, a.interfaceNamed("eth0"))
  expect(burst(a, b, "10.0.0.2", 3)).toEqual([])
  expect(burst(b, a, "10.0.0.1", 3)).toEqual([0, 1, 2])
})

it("seeds above 32 bits differ, and parallel links have two names", () => {
  const arrived = (seed: number) => {
    const network = Network.make({ seed, clock: Network.manualClock() })
    const a = network.host("a", { addresses: ["10.0.0.1/24"] })
    const b = network.host("b", { addresses: ["10.0.0.2/24"] })
    network.link(a, b, { loss: 0.5 })
    expect(network.link(a.interface("eth1"), b.interface("eth1")).name).toBe("a–b 2")
    return burst(a, b, "10.0.0.2", 100)
  }
  expect(arrived(1 + 2 ** 32)).not.toEqual(arrived(1))
  expect(arrived(1 + 2 ** 32)).toEqual(arrived(1 + 2 ** 32))
})
