/** Memberships on an interface that is deleted and recreated under its index, across a cable of its own. */
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { onPath, requirement } from "../../testing/machine.ts"
import { canMakeNamespaces, hosts, run } from "./namespaces/network.ts"

const able = requirement(
  "interfaces that are made anew in a network namespace",
  onPath("ip") && canMakeNamespaces(),
  "Run as root, with apt-get install -y iproute2 procps"
)

describe.runIf(able)("an interface recreated under its index", () => {
  let host: { readonly one: string; readonly other: string; readonly remove: () => void }
  let seen: { readonly [scenario in string]?: unknown }
  beforeAll(async () => {
    host = hosts(["one", "other"], () => undefined)
    seen = (await run(host.one, "interfacesAnew.ts", host.other)) as typeof seen
  })
  afterAll(() => host.remove())

  for (const [kind, scenarios] of [
    ["a group", ["ipv4", "ipv6"]],
    ["a single source", ["source4", "source6"]]
  ] as const)
    it(`${kind} is refused while it is gone, heard when joined again, and left with its scopes`, () => {
      for (const scenario of scenarios)
        expect([scenario, seen[scenario]]).toEqual([
          scenario,
          ["joined", true, "NoSuchInterface", "joined", true, false]
        ])
    })
  it("blocked sources stay blocked, and joined sources are received again", () => {
    expect([seen["others4"], seen["others6"]]).toEqual([
      [false, false, true],
      [false, false, true]
    ])
  })
  it("two sockets receive the group again, and keep it when the other leaves", () => {
    expect([seen["two4"], seen["two6"]]).toEqual([
      [true, true, false, true],
      [true, true, false, true]
    ])
  })
  it("a membership on the interface of the routes is received again", () => {
    expect(seen["unnamed"]).toEqual([true, true])
  })
  it("an IPv6 group is received again after an MTU below 1280", () => {
    expect(seen["narrow"]).toBe(true)
  })
  it("an interface that was in another namespace meanwhile is joined again", () => {
    expect(seen["moved"]).toBe(true)
  })
  it("a group is joined again immediately while changes are followed", () => {
    expect(seen["followed"]).toBe(true)
  })
  it("leave ends a membership of any number of scopes, but not a later one", () => {
    const expected = ["NotJoined", "left", false, "NotJoined", true, "left", false]
    expect([seen["left4"], seen["left6"]]).toEqual([expected, expected])
  })
})
