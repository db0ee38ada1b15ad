/** Steering as a spec declares it: two calls, the second after the socket is bound. */
import { Abi, type Family, Steering } from "@ancillary/control"
import { Datagram, Plan, SocketOption, withReusePort, withSteering } from "@ancillary/effect3"
import { describe, expect, it } from "vitest"

const specs = { ipv4: Datagram.ipv4, ipv6: Datagram.ipv6, dual: Datagram.dual }
const key = { sockets: 4, key: "payload", offset: 0, length: 4 } as const
const declared = (family: keyof typeof specs) => withSteering(key)(specs[family] as typeof Datagram.ipv4)

it.each(["ipv4", "ipv6", "dual"] as const)("%s: shares the port, then attaches the program once", (family) => {
  const { options } = Plan.compile(declared(family), Abi.linuxGlibc64)
  const steered = options.filter(({ requestedBy }) => requestedBy[0]?.feature.startsWith("withSteering("))
  expect(steered).toMatchObject([
    { level: 1, option: 15 },
    { level: 1, option: 51, value: Steering.write(key), afterBind: true }
  ])
  expect(options.at(-1)).toBe(steered[1])
})

it("the program is attached last, in whatever order the options are declared", () => {
  const { options } = Plan.compile(Datagram.ipv4.pipe(withSteering(key), withReusePort()), Abi.linuxGlibc64)
  expect(options.map((each) => ("option" in each ? each.option : undefined))).toEqual([15, 51])
})

it("explain prints when the program is attached", () => {
  expect(String(Datagram.explain(declared("ipv4"), Abi.linuxGlibc64))).toMatch(
    /withSteering\(\{ sockets: 4, key: "payload", offset: 0, length: 4 \}\) +setsockopt\(1, 51\), after bind +80 00 00 00/
  )
})

describe.each([
  ["winsock", Abi.winsockX64, "Windows does not spread the datagrams of a port over sockets"],
  ["darwin", Abi.darwin64, "macOS delivers unicast datagrams to only one socket of a port"]
] as const)("%s", (_, abi, why) => {
  it.each(["ipv4", "ipv6", "dual"] as const)("%s is refused with the reason", (family) => {
    const { refused } = Plan.compile(declared(family), abi)
    expect(refused.map((each) => each.why)).toContain(why)
  })
})

it("an invalid key is refused with the reason", () => {
  const { invalid } = Plan.compile(Datagram.ipv4.pipe(withSteering({ ...key, sockets: 0 })), Abi.linuxGlibc64)
  expect(invalid).toEqual([
    { option: "SO_ATTACH_REUSEPORT_CBPF", why: "0 is not a number of sockets: an integer from 1 to 65535" }
  ])
  expect(() => withSteering(undefined as never)).toThrow("withSteering: its argument is a record, not undefined.")
})

it("the option does not exist for Unix sockets", () => {
  const cell = SocketOption.steering.cell("linux", "unix" satisfies Family)
  expect(cell).toBeUndefined()
})
