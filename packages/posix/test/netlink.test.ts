/** Netlink messages against bytes that a C program made with the kernel's headers (golden/netlink.c). */
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { FastCheck } from "effect"
import { expect, it } from "vitest"
import * as Netlink from "../src/internal/netlink.ts"

const file = (name: string) => fileURLToPath(new URL(`golden/${name}`, import.meta.url))
const text = readFileSync(file("netlink.txt"), "utf8")
const golden = new Map(
  text
    .trimEnd()
    .split("\n")
    .map((line) => [
      line.slice(0, line.lastIndexOf(" ")),
      Uint8Array.from(Buffer.from(line.slice(line.lastIndexOf(" ") + 1), "hex"))
    ])
)
const bytes = (name: string): Uint8Array => golden.get(name) ?? new Uint8Array(0)
const first = (name: string): Netlink.Message => {
  const [message, ...others] = Netlink.messages(bytes(name))
  if (message === undefined || others.length > 0) throw new Error(`${name} is not one message`)
  return message
}

it("requests for links and for addresses are the bytes of C", () => {
  expect(Netlink.dumpRequest(Netlink.RTM.getLink)).toEqual(bytes("request for links"))
  expect(Netlink.dumpRequest(Netlink.RTM.getAddress)).toEqual(bytes("request for addresses"))
})

it("an interface has its name, flags, MTU, kind, hardware address and master", () => {
  const link = {
    index: 77,
    name: "v0",
    up: true,
    running: true,
    loopback: false,
    multicast: true,
    mtu: 1500,
    kind: "veth",
    hardwareAddress: "02:42:ac:11:00:02",
    master: 9
  }
  expect(Netlink.link(first("link"))).toEqual(link)
  expect(Netlink.link(first("link without a carrier"))).toEqual({ ...link, running: false })
  expect(Netlink.link(first("link with a name of other bytes"))).toMatchObject({ index: 78, name: "v\udcff\udcfe" })
  for (const other of ["port of a bridge removed", "link removed", "IPv4 address", "done"])
    expect(Netlink.link(first(other))).toBeUndefined()
})

it("an address has its prefix and state, and is not the far end of its link", () => {
  const read = (name: string) => {
    const found = Netlink.address(first(name))
    if (found === undefined) return undefined
    const { address, prefix, ...states } = found.address
    const set = Object.entries(states).flatMap(([state, is]) => (is ? [state] : []))
    return [found.index, `${String(address)}/${prefix}`, ...set].join(" ")
  }
  expect(read("IPv4 address")).toBe("77 192.0.2.7/24")
  expect(read("IPv4 address of a link with two ends")).toBe("77 192.0.2.7/24")
  expect(read("IPv6 address, tentative")).toBe("77 2001:db8::5/64 tentative")
  expect(read("IPv6 address, optimistic")).toBe("77 2001:db8::5/64")
  expect(read("IPv6 address, duplicate")).toBe("77 2001:db8::5/64 tentative duplicate")
  expect(read("IPv6 address, temporary")).toBe("77 2001:db8::5/64 deprecated temporary")
  expect(read("IPv6 address, link-local")).toBe("77 fe80::a%77/64")
  expect(read("link")).toBeUndefined()
})

it("an interface ends when removed, one family of it if the MTU is too small", () => {
  const ended = (name: string) => Netlink.ended(first(name))
  expect(ended("link removed")).toEqual([{ index: 77 }])
  expect(ended("port of a bridge removed")).toEqual([])
  expect(ended("link")).toEqual([])
  expect(ended("link that is too narrow for IPv6")).toEqual([{ index: 77, family: "ipv6" }])
  expect(ended("link that is too narrow for both")).toEqual([
    { index: 77, family: "ipv4" },
    { index: 77, family: "ipv6" }
  ])
})

it("a dump ends with done or with an error number, and reports an interruption", () => {
  expect(Netlink.endOf(first("done"))).toBe("done")
  expect(Netlink.endOf(first("error"))).toBe(1)
  expect(Netlink.endOf(first("link"))).toBeUndefined()
  expect([first("done").interrupted, first("done, interrupted").interrupted]).toEqual([false, true])
})

it("several messages in one datagram are read one by one", () => {
  const both = Uint8Array.from([...bytes("link"), ...bytes("IPv4 address"), ...bytes("done")])
  expect(Netlink.messages(both).map(({ type }) => type)).toEqual([16, 20, 3])
})

it("bytes that are cut or changed anywhere cause no exception", () => {
  const whole = FastCheck.constantFrom(...golden.values())
  FastCheck.assert(
    FastCheck.property(whole, FastCheck.nat(200), FastCheck.nat(200), FastCheck.nat(255), (from, cut, at, byte) => {
      const bent = from.slice(0, Math.max(0, from.length - (cut % from.length)))
      if (bent.length > 0) bent[at % bent.length] = byte
      for (const message of Netlink.messages(bent)) {
        Netlink.link(message)
        Netlink.address(message)
        Netlink.ended(message)
        Netlink.endOf(message)
      }
    }),
    { numRuns: 2000 }
  )
})
