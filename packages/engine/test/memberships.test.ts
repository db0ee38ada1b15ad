/**
 * The calls that a membership becomes on each ABI, and the record that a socket keeps of them. The socket here only notes its calls. No system
 * takes part.
 */
import { readdirSync, readFileSync } from "node:fs"
import { type Abi, abis, Codec, parseAddress } from "@ancillary/control"
import type { Driver, Fault, NativeSocket } from "@ancillary/engine/driver/Driver"
import { describe, expect, it } from "vitest"
import { type Held, Memberships } from "../src/socket/memberships.ts"

interface Golden {
  readonly abi: string
  readonly constants: { readonly [name: string]: number }
  readonly groups: ReadonlyArray<{ readonly name: string; readonly bytes: string }>
}
const folder = new URL("../../control/golden/", import.meta.url)
const goldens = readdirSync(folder)
  .filter((name) => name.endsWith(".json"))
  .map((name) => JSON.parse(readFileSync(new URL(name, folder), "utf8")) as Golden)

const address = (text: string) => {
  const parsed = parseAddress(text)
  if (Codec.isMalformed(parsed)) throw new Error(parsed.malformed)
  return parsed
}
const request = (group: string, source?: string, on: number | "routes" = 7) => ({
  group: address(group),
  interfaceIndex: on === "routes" ? undefined : on,
  source: source === undefined ? undefined : address(source)
})

/** Notes `level/option bytes` of each call, and returns the fault that `answers` gives for it. */
const noting = (abi: Abi, answers: (call: string) => Fault | undefined = () => undefined) => {
  const calls: Array<string> = []
  const socket: Pick<NativeSocket, "setOption"> = {
    setOption: (level, option, value) => {
      calls.push(`${level}/${option} ${Buffer.from(value).toString("hex")}`)
      return answers(`${level}/${option}`)
    }
  }
  const driver: Pick<Driver, "abi" | "interfaces"> = {
    abi,
    interfaces: () => [{ index: 7, name: "eth7", addresses: [], up: true, loopback: false, multicast: true }]
  }
  return { memberships: new Memberships(driver as Driver, socket as NativeSocket), calls: () => calls.splice(0) }
}
const held = (answer: ReturnType<Memberships["begin"]>): Held => {
  if (!("count" in answer)) throw new Error(JSON.stringify(answer))
  return answer
}

describe.each(goldens)("$abi", (golden) => {
  const abi = abis.find(({ name }) => name === golden.abi) as Abi
  const bytes = (name: string) => golden.groups.find((each) => each.name === name)?.bytes
  const call = (level: string, option: string, of: string) =>
    `${golden.constants[level]}/${golden.constants[option]} ${bytes(of)}`

  it.each([
    ["IPPROTO_IP", "239.1.2.3", "192.0.2.1"],
    ["IPPROTO_IPV6", "ff15::1234", "2001:db8::1"]
  ])("%s: the numbers of the headers, the bytes of C", (level, group, source) => {
    const { calls, memberships } = noting(abi)
    const all = held(memberships.begin("group", request(group)))
    const block = held(memberships.begin("block", request(group, source)))
    memberships.end(block)
    memberships.end(all)
    memberships.end(held(memberships.begin("source", request(group, source))))
    const [any, one] = [`group_req ${group}`, `group_source_req ${group} ${source}`]
    expect(calls()).toEqual([
      call(level, "MCAST_JOIN_GROUP", any),
      call(level, "MCAST_BLOCK_SOURCE", one),
      call(level, "MCAST_UNBLOCK_SOURCE", one),
      call(level, "MCAST_LEAVE_GROUP", any),
      call(level, "MCAST_JOIN_SOURCE_GROUP", one),
      call(level, "MCAST_LEAVE_SOURCE_GROUP", one)
    ])
  })
})

const goldenOf = (name: string) => goldens.find(({ abi }) => abi === name) as Golden
const unknown = (code: string): Fault => ({ syscall: "setsockopt", code, errno: 1 })

describe("a system without the protocol-independent options", () => {
  const winsock = abis.find(({ name }) => name === "winsock-x64") as Abi
  const { constants, groups } = goldenOf("winsock-x64")

  it.each([
    ["239.1.2.3", "IPPROTO_IP", "IP_ADD_MEMBERSHIP", "IP_DROP_MEMBERSHIP"],
    ["ff15::1234", "IPPROTO_IPV6", "IPV6_ADD_MEMBERSHIP", "IPV6_DROP_MEMBERSHIP"]
  ])("gets the older options for joining and for leaving: %s", (group, level, add, drop) => {
    const mcast = `${constants[level]}/${constants["MCAST_JOIN_GROUP"]}`
    const { calls, memberships } = noting(winsock, (call) => (call === mcast ? unknown("WSAENOPROTOOPT") : undefined))
    memberships.end(held(memberships.begin("group", request(group))))
    const mreq = groups.find(({ name }) => name === `mreq ${group}`)?.bytes
    expect(calls().slice(1)).toEqual([
      `${constants[level]}/${constants[add]} ${mreq}`,
      `${constants[level]}/${constants[drop]} ${mreq}`
    ])
  })

  it("gets no older option after another error, nor for sources", () => {
    const invalid = noting(winsock, () => unknown("WSAEINVAL"))
    expect(invalid.memberships.begin("group", request("239.1.2.3"))).toMatchObject({ code: "WSAEINVAL" })
    expect(invalid.calls()).toHaveLength(1)
    const lacking = noting(winsock, () => unknown("WSAENOPROTOOPT"))
    expect(lacking.memberships.begin("source", request("239.1.2.3", "192.0.2.1"))).toMatchObject({
      code: "WSAENOPROTOOPT"
    })
    expect(lacking.calls()).toHaveLength(1)
  })
})

describe("the memberships that a socket keeps", () => {
  const linux = abis.find(({ name }) => name === "linux-glibc-64") as Abi
  const [group, source, other] = ["239.1.2.3", "192.0.2.1", "192.0.2.2"]

  it("a failed join is not kept: the next join calls the system again", () => {
    let answer: Fault | undefined = unknown("ENOBUFS")
    const { calls, memberships } = noting(linux, () => answer)
    expect(memberships.begin("group", request(group))).toMatchObject({ code: "ENOBUFS" })
    answer = undefined
    memberships.end(held(memberships.begin("group", request(group))))
    expect(calls()).toHaveLength(3)
  })

  it("leaving a group ends its blocked sources; a stale block then undoes nothing", () => {
    const { calls, memberships } = noting(linux)
    const first = held(memberships.begin("group", request(group)))
    const stale = held(memberships.begin("block", request(group, source)))
    memberships.end(first)
    held(memberships.begin("group", request(group)))
    held(memberships.begin("block", request(group, source)))
    memberships.end(stale)
    expect(calls().map((call) => call.split(" ")[0])).toEqual(["0/42", "0/43", "0/45", "0/42", "0/43"])
  })

  it("memberships differ by group, interface and source", () => {
    const { calls, memberships } = noting(linux)
    const all = [
      memberships.begin("source", request(group, source)),
      memberships.begin("source", request(group, other)),
      memberships.begin("source", request("239.1.2.4", source)),
      memberships.begin("source", request(group, source, "routes"))
    ].map(held)
    expect(calls()).toHaveLength(4)
    for (const each of all) memberships.end(each)
    expect(new Set(calls()).size).toBe(4)
  })

  it("a group and one of its sources conflict even if the routes choose one interface", () => {
    for (const [first, second] of [
      ["routes", 7],
      [7, "routes"],
      ["routes", "routes"]
    ] as const) {
      const { memberships } = noting(linux)
      held(memberships.begin("group", request(group, undefined, first)))
      expect(memberships.begin("source", request(group, source, second))).toMatchObject({ reason: "AlreadyJoined" })
      const turned = noting(linux)
      held(turned.memberships.begin("source", request(group, source, first)))
      expect(turned.memberships.begin("group", request(group, undefined, second))).toMatchObject({
        reason: "AlreadyJoined"
      })
    }
  })

  it("a membership ends even if the system refuses to leave the group", () => {
    const { calls, memberships } = noting(linux, (call) => (call === "0/45" ? unknown("ENODEV") : undefined))
    memberships.end(held(memberships.begin("group", request(group))))
    held(memberships.begin("group", request(group)))
    expect(calls().map((call) => call.split(" ")[0])).toEqual(["0/42", "0/45", "0/42"])
  })

  it("an unknown interface is rejected before the call, if interfaces can be listed", () => {
    const { calls, memberships } = noting(linux)
    expect(memberships.begin("group", request(group, undefined, 8))).toEqual({
      reason: "NoSuchInterface",
      why: "There is no interface 8: this host has 7 (eth7)"
    })
    expect(calls()).toEqual([])
    const unlisted = new Memberships(
      { abi: linux, interfaces: () => unknown("EMFILE") } as unknown as Driver,
      { setOption: () => unknown("ENODEV") } as unknown as NativeSocket
    )
    expect(unlisted.begin("group", request(group, undefined, 8))).toMatchObject({ code: "ENODEV" })
  })
})
