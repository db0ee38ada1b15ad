/** Memberships on an interface that ends and comes back under its index, across a cable of its own. */
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { onPath, requirement } from "../../testing/machine.ts"
import { canMakeNamespaces, hosts, run } from "./namespaces/network.ts"

const able = requirement(
  "interfaces that are made anew in a network namespace",
  onPath("ip") && canMakeNamespaces(),
  "Run as root, with apt-get install -y iproute2 procps"
)

describe.runIf(able)("an interface made anew under its index", () => {
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
  it("blocked sources stay blocked, and other single sources of the group are heard again", () => {
    expect([seen["others4"], seen["others6"]]).toEqual([
      [false, false, true],
      [false, false, true]
    ])
  })
  it("two sockets hear the group again, and neither loses it when the other leaves", () => {
    expect([seen["two4"], seen["two6"]]).toEqual([
      [true, true, false, true],
      [true, true, false, true]
    ])
  })
  it("a membership whose interface the routes chose is heard again", () => {
    expect(seen["unnamed"]).toEqual([true, true])
  })
  it("an IPv6 group is heard again after an MTU below 1280", () => {
    expect(seen["narrow"]).toBe(true)
  })
  it("an interface that was in another namespace meanwhile is joined again", () => {
    expect(seen["moved"]).toBe(true)
  })
  it("a group is joined again at once while changes are followed", () => {
    expect(seen["followed"]).toBe(true)
  })
  it("leave ends a membership however many scopes hold it, and not one that was joined later", () => {
    const expected = ["NotJoined", "left", false, "NotJoined", true, "left", false]
    expect([seen["left4"], seen["left6"]]).toEqual([expected, expected])
  })
})
