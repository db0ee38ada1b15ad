/** Which calls each option becomes, on each platform: the bytes, the refusals, both families of a dual socket. */
import { readdirSync, readFileSync } from "node:fs"
import { Abi, abis, Codec, type Family } from "@ancillary/control"
import {
  Datagram,
  Plan,
  SocketOption,
  withAutoFlowLabel,
  withBindToDevice,
  withBroadcast,
  withDefaultHopLimit,
  withDefaultMark,
  withDefaultPriority,
  withDefaultTrafficClass,
  withDontFragment,
  withExclusiveUse,
  withFreebind,
  withHopLimit,
  withMulticastAll,
  withMulticastHopLimit,
  withMulticastInterface,
  withMulticastLoopback,
  withPathMtuDiscovery,
  withReceiveBufferSize,
  withReuseAddress,
  withReusePort,
  withSendBufferSize,
  withSocketOption,
  withTransparent,
  withUnicastInterface
} from "@ancillary/effect3"
import { describe, expect, it } from "vitest"

// A combinator without its types, because these tests pass values that the compiler rejects.
const erased = (combinator: unknown) => combinator as (spec: unknown) => typeof Datagram.ipv4
const specs = { ipv4: Datagram.ipv4, ipv6: Datagram.ipv6, dual: Datagram.dual, unix: Datagram.unix }
const planned = (combinator: unknown, abi: Abi, family: Family) => Plan.compile(erased(combinator)(specs[family]), abi)

const featuresOf = ({ requestedBy }: Plan.PlannedOption) => requestedBy.map(({ feature }) => feature)

/** `41/26 01000000`, a call as `explain` prints it; the switch that the family itself sets is left out. */
const calls = (combinator: unknown, abi: Abi, family: Family) => {
  const { invalid, options, refused } = planned(combinator, abi, family)
  return [
    ...options.flatMap((each) =>
      "option" in each && !featuresOf(each).some((feature) => feature.startsWith("Datagram."))
        ? [`${each.level}/${each.option} ${Buffer.from(each.value).toString("hex")}`]
        : []
    ),
    ...refused.map(({ why }) => `refused: ${why}`),
    ...invalid.map(({ why }) => `invalid: ${why}`)
  ]
}

const notHere = "only Linux lets a socket have an address that the host does not have"
const own = "a socket receives only the groups that it joined itself; only Linux needs an option for that"
const marks = "only Linux marks packets"
const queues = "only Linux queues by a socket's priority"
const bound = "IP_BOUND_IF"

interface Case {
  readonly set: unknown
  /** One call for IPv4, one for IPv6; one for both where they are the same; or a part of the refusal. */
  readonly linux: readonly [ipv4: string, ipv6?: string]
  readonly darwin: readonly [ipv4: string, ipv6?: string]
  readonly winsock: readonly [ipv4: string, ipv6?: string]
}
const cases: { readonly [feature: string]: Case } = {
  withReuseAddress: {
    set: withReuseAddress(),
    linux: ["1/2 01000000"],
    darwin: ["65535/4 01000000"],
    winsock: ["65535/4 01000000"]
  },
  withReusePort: {
    set: withReusePort(),
    linux: ["1/15 01000000"],
    darwin: ["65535/512 01000000"],
    winsock: ["another program take over the address"]
  },
  withExclusiveUse: {
    set: withExclusiveUse(),
    linux: ["on Linux an address is exclusive unless"],
    darwin: ["on macOS an address is exclusive unless"],
    winsock: ["65535/-5 01000000"]
  },
  withReceiveBufferSize: {
    set: withReceiveBufferSize(0x12345),
    linux: ["1/8 45230100"],
    darwin: ["65535/4098 45230100"],
    winsock: ["65535/4098 45230100"]
  },
  withSendBufferSize: {
    set: withSendBufferSize(0x12345),
    linux: ["1/7 45230100"],
    darwin: ["65535/4097 45230100"],
    winsock: ["65535/4097 45230100"]
  },
  withBindToDevice: {
    set: withBindToDevice("eth0"),
    linux: ["1/25 6574683000"],
    darwin: [bound],
    winsock: ["no option that binds a socket to a device"]
  },
  withUnicastInterface: {
    set: withUnicastInterface(0x102),
    linux: ["0/50 00000102", "41/76 00000102"],
    darwin: [bound],
    winsock: ["0/31 00000102", "41/31 02010000"]
  },
  withFreebind: {
    set: withFreebind(),
    linux: ["0/15 01000000", "41/78 01000000"],
    darwin: [notHere],
    winsock: [notHere]
  },
  withTransparent: {
    set: withTransparent(),
    linux: ["0/19 01000000", "41/75 01000000"],
    darwin: [notHere],
    winsock: [notHere]
  },
  withMulticastInterface: {
    set: withMulticastInterface(0x102),
    linux: ["0/32 000000000000000002010000", "41/17 02010000"],
    darwin: ["0/66 02010000", "41/9 02010000"],
    winsock: ["0/9 00000102", "41/9 02010000"]
  },
  withMulticastHopLimit: {
    set: withMulticastHopLimit(7),
    linux: ["0/33 07000000", "41/18 07000000"],
    darwin: ["0/10 07", "41/10 07000000"],
    winsock: ["0/10 07000000", "41/10 07000000"]
  },
  withMulticastLoopback: {
    set: withMulticastLoopback(false),
    linux: ["0/34 00000000", "41/19 00000000"],
    darwin: ["0/11 00", "41/11 00000000"],
    winsock: ["0/11 00000000", "41/11 00000000"]
  },
  withMulticastAll: {
    set: withMulticastAll(false),
    linux: ["0/49 00000000", "41/29 00000000"],
    darwin: [own],
    winsock: [own]
  },
  withDefaultHopLimit: {
    set: withDefaultHopLimit(9),
    linux: ["0/2 09000000", "41/16 09000000"],
    darwin: ["0/4 09000000", "41/4 09000000"],
    winsock: ["0/4 09000000", "41/4 09000000"]
  },
  withDefaultTrafficClass: {
    set: withDefaultTrafficClass(184),
    linux: ["0/1 b8000000", "41/67 b8000000"],
    darwin: ["0/3 b8000000", "41/36 b8000000"],
    winsock: ["Windows marks traffic by policy"]
  },
  withPathMtuDiscovery: {
    set: withPathMtuDiscovery("do"),
    linux: ["0/10 02000000", "41/23 02000000"],
    darwin: ["macOS has no modes of path MTU discovery"],
    winsock: ["0/71 01000000", "41/71 01000000"]
  },
  withDontFragment: {
    set: withDontFragment(),
    linux: ["0/10 02000000", "41/62 01000000"],
    darwin: ["0/28 01000000", "41/62 01000000"],
    winsock: ["0/14 01000000", "41/14 01000000"]
  },
  withDefaultPriority: {
    set: withDefaultPriority(0x80010001),
    linux: ["1/12 01000180"],
    darwin: [queues],
    winsock: [queues]
  },
  withDefaultMark: { set: withDefaultMark(0xffffffff), linux: ["1/36 ffffffff"], darwin: [marks], winsock: [marks] }
}

const platforms = { linux: Abi.linuxGlibc64, darwin: Abi.darwin64, winsock: Abi.winsockX64 }
const isCall = (text: string) => /^-?\d+\/-?\d+ [0-9a-f]+$/.test(text)

describe.each(Object.entries(cases))("%s", (_, each) => {
  it.each(["linux", "darwin", "winsock"] as const)("%s: the calls, or the reason why there are none", (platform) => {
    const [ipv4, ipv6 = ipv4] = each[platform]
    const abi = platforms[platform]
    const [four, six, both] = (["ipv4", "ipv6", "dual"] as const).map((family) => calls(each.set, abi, family))
    if (!isCall(ipv4)) {
      for (const answers of [four, six, both]) {
        expect(answers).toHaveLength(1)
        expect(answers?.[0]).toContain(ipv4)
        expect(answers?.[0]).toMatch(/^refused: /)
      }
      return
    }
    expect([four, six]).toEqual([[ipv4], [ipv6]])
    // IPv6's first; an option of the socket itself once.
    expect(both).toEqual(ipv4 === ipv6 ? [ipv4] : [ipv6, ipv4])
  })
})

it.each(Object.entries(cases))("%s has its row in what explain prints", (feature, { linux, set }) => {
  const [call] = linux
  const table = String(
    Datagram.explain(erased(set)(Datagram.ipv4), feature === "withExclusiveUse" ? platforms.winsock : platforms.linux)
  )
  const [place = "", hex = ""] = (feature === "withExclusiveUse" ? "65535/-5 01000000" : call).split(" ")
  const row = table.split("\n").find((line) => line.trim().startsWith(`${feature}(`))
  expect(row).toContain(`setsockopt(${place.replace("/", ", ")})`)
  expect(row?.endsWith(hex.replaceAll(/(..)(?=.)/g, "$1 "))).toBe(true)
})

describe("an option of one family", () => {
  it("is set on a dual socket as well, only for that family", () => {
    const abi = Abi.linuxGlibc64
    expect(calls(withAutoFlowLabel(false), abi, "ipv6")).toEqual(["41/70 00000000"])
    expect(calls(withAutoFlowLabel(false), abi, "dual")).toEqual(["41/70 00000000"])
    expect(calls(withBroadcast(), abi, "ipv4")).toEqual(["1/6 01000000"])
    expect(calls(withBroadcast(), abi, "dual")).toEqual(["1/6 01000000"])
  })

  it("is rejected for the other family at run time, too", () => {
    const abi = Abi.linuxGlibc64
    expect(calls(withAutoFlowLabel(false), abi, "ipv4")).toEqual([
      "refused: IPV6_AUTOFLOWLABEL does not exist for ipv4 sockets"
    ])
    expect(calls(withBroadcast(), abi, "ipv6")).toEqual(["refused: SO_BROADCAST does not exist for ipv6 sockets"])
    expect(calls(withFreebind(), abi, "unix")).toEqual([
      "refused: IP_FREEBIND/IPV6_FREEBIND does not exist for unix sockets"
    ])
  })
})

describe("an invalid value", () => {
  const bad: ReadonlyArray<readonly [unknown, string]> = [
    [withReceiveBufferSize(0), "0 is not a size in bytes: an integer from 1 to 1073741823"],
    [withSendBufferSize(1.5), "1.5 is not a size in bytes: an integer from 1 to 1073741823"],
    [
      withBindToDevice("a name that is too long"),
      "'a name that is too long' is not the name of an interface: 1 to 15 characters"
    ],
    [withBindToDevice(""), "'' is not the name of an interface: 1 to 15 characters"],
    [withBindToDevice(3 as unknown as string), "3 is not the name of an interface: 1 to 15 characters"],
    [withUnicastInterface(0), "0 is not the index of an interface: an integer from 1"],
    [withUnicastInterface(-1), "-1 is not the index of an interface: an integer from 1"],
    [withMulticastInterface(0), "0 is not the index of an interface: an integer from 1"],
    [withMulticastInterface(2 ** 31), "2147483648 is not the index of an interface: an integer from 1"],
    [withMulticastHopLimit(256), "256 is not a hop limit for groups: an integer from 0 to 255"],
    [withMulticastHopLimit(-1), "-1 is not a hop limit for groups: an integer from 0 to 255"],
    [withMulticastLoopback(1 as unknown as boolean), "1 is neither true nor false"],
    [withDefaultHopLimit(0), "0 is not a hop limit: an integer from 1 to 255"],
    [withDefaultHopLimit(256), "256 is not a hop limit: an integer from 1 to 255"],
    [withDefaultHopLimit(Number.NaN), "NaN is not a hop limit: an integer from 1 to 255"],
    [withDefaultTrafficClass(256), "256 is not a traffic class: an integer from 0 to 255"],
    [withDefaultTrafficClass(-1), "-1 is not a traffic class: an integer from 0 to 255"],
    [withDefaultPriority(2 ** 32), "4294967296 is not an integer from 0 to 4294967295"],
    [withDefaultMark(-1), "-1 is not an integer from 0 to 4294967295"],
    [
      withPathMtuDiscovery("perhaps" as SocketOption.PathMtuMode),
      `'perhaps' is not one of "dont", "want", "do", "probe", "interface", "omit"`
    ],
    [
      withPathMtuDiscovery("toString" as SocketOption.PathMtuMode),
      `'toString' is not one of "dont", "want", "do", "probe", "interface", "omit"`
    ]
  ]
  it.each(bad)("is rejected with its range: %#", (combinator, why) => {
    for (const family of ["ipv4", "dual"] as const)
      expect(calls(combinator, Abi.linuxGlibc64, family)).toEqual([`invalid: ${why}`])
  })

  it("is rejected if only other platforms have it", () => {
    expect(planned(withPathMtuDiscovery("omit"), Abi.winsockX64, "ipv4").refused).toEqual([
      {
        feature: 'withPathMtuDiscovery("omit")',
        why: 'Windows has no mode "omit": it has "dont", "want", "do" and "probe"',
        remedy: "Leave it out on this platform"
      }
    ])
    const modes = (["dont", "want", "do", "probe"] as const).map((mode) =>
      calls(withPathMtuDiscovery(mode), Abi.winsockX64, "ipv4")
    )
    expect(modes).toEqual([["0/71 02000000"], ["0/71 00000000"], ["0/71 01000000"], ["0/71 03000000"]])
  })
})

describe("values that are read", () => {
  const read = <A>(option: SocketOption.SocketOption<A, Family, unknown>, family: "ipv4" | "ipv6", hex: string) => {
    const bytes = Uint8Array.from(Buffer.from(hex, "hex"))
    const cell = option.cell("linux", family)
    if (cell === undefined || "unsupported" in cell) throw new Error(`${option.name} has no row`)
    return cell.codec.read(new DataView(bytes.buffer), 0, bytes.length)
  }

  it("a switch of any width, and of any number that is not 0", () => {
    const { broadcast, multicastLoopback } = SocketOption
    expect(["01", "00", "01000000", "00000000", "02000000"].map((hex) => read(multicastLoopback, "ipv4", hex))).toEqual(
      [true, false, true, false, true]
    )
    expect(read(broadcast, "ipv4", "01000000")).toBe(true)
  })

  it("an interface that is not set is undefined", () => {
    expect(read(SocketOption.unicastInterface, "ipv4", "00000102")).toBe(0x102)
    expect(read(SocketOption.unicastInterface, "ipv4", "00000000")).toBeUndefined()
    expect(read(SocketOption.multicastInterface, "ipv6", "02010000")).toBe(0x102)
    expect(read(SocketOption.bindToDevice, "ipv4", "6574683000")).toBe("eth0")
    expect(read(SocketOption.bindToDevice, "ipv4", "")).toBeUndefined()
  })

  it("an unknown mode is malformed", () => {
    expect(read(SocketOption.pathMtuDiscovery, "ipv4", "05000000")).toBe("omit")
    expect(read(SocketOption.pathMtuDiscovery, "ipv4", "09000000")).toMatchObject({
      malformed: "9 is not one of dont, want, do, probe, interface, omit"
    })
  })
})

it("the interface of IPv4 multicast is the ip_mreqn that C fills", () => {
  const folder = new URL("../../control/golden/", import.meta.url)
  const found = readdirSync(folder).flatMap((name) => {
    if (!/^linux.*\.json$/.test(name)) return []
    const golden = JSON.parse(readFileSync(new URL(name, folder), "utf8")) as {
      readonly abi: string
      readonly groups: ReadonlyArray<{ readonly name: string; readonly bytes: string }>
    }
    const abi = abis.find((each) => each.name === golden.abi)
    const bytes = golden.groups.find((each) => each.name === "multicast interface")?.bytes
    expect(abi && calls(withMulticastInterface(7), abi, "ipv4")).toEqual([`0/32 ${bytes}`])
    return [name]
  })
  expect(found).toHaveLength(3)
})

describe("an option that a program defines", () => {
  const none = { unsupported: "only Linux polls devices" }
  const definition = (row: SocketOption.Row<number>) => ({
    name: "SO_BUSY_POLL",
    table: { linux: { ipv4: row }, darwin: { ipv4: none }, winsock: { ipv4: none } }
  })
  const row = { level: 1, option: 46, codec: Codec.int32 }
  const busyPoll = SocketOption.define<number, "ipv4">(definition(row))

  it("is declared, set and read as a built-in option", () => {
    const spec = Datagram.ipv4.pipe(withSocketOption(busyPoll, 50))
    expect(String(Datagram.explain(spec, Abi.linuxGlibc64))).toContain(
      "withSocketOption(SO_BUSY_POLL, 50)  setsockopt(1, 46)  32 00 00 00"
    )
    expect(calls(withSocketOption(busyPoll, 2 ** 40), Abi.linuxGlibc64, "ipv4")).toEqual([
      "invalid: 1099511627776 is not an integer from -2147483648 to 2147483647"
    ])
    expect(calls(withSocketOption(busyPoll, 50), Abi.winsockX64, "ipv4")).toEqual(["refused: only Linux polls devices"])
  })

  it("has the last value if it is set twice, by any combinators", () => {
    const { defaultHopLimit } = SocketOption
    const spec = Datagram.ipv4.pipe(withDefaultHopLimit(1), withReuseAddress(), withSocketOption(defaultHopLimit, 2))
    expect(Plan.compile(spec, Abi.linuxGlibc64).options.flatMap(featuresOf)).toEqual([
      "withReuseAddress()",
      "withSocketOption(IP_TTL/IPV6_UNICAST_HOPS, 2)"
    ])
  })

  it("does not replace the request of a message, which is set after it", () => {
    const off = SocketOption.define<number, "ipv4">(definition({ ...row, level: 0, option: 12 }))
    const { options } = Plan.compile(Datagram.ipv4.pipe(withSocketOption(off, 0), withHopLimit()), Abi.linuxGlibc64)
    expect(options.flatMap(featuresOf)).toEqual(["withSocketOption(SO_BUSY_POLL, 0)", "withHopLimit()"])
  })

  it("that contradicts itself throws when its module is loaded", () => {
    const wrong = (row: unknown) => () => SocketOption.define<number, "ipv4">(definition(row as typeof busyPollRow))
    const busyPollRow = row
    expect(wrong(undefined)).toThrow("Option SO_BUSY_POLL, linux, ipv4: there is neither a row nor an absence.")
    expect(wrong({ unsupported: " " })).toThrow("an absence without a reason")
    expect(wrong({ ...row, option: 1.5 })).toThrow("level and option are integers")
    expect(wrong({ ...row, codec: { ...Codec.int32, size: -1 } })).toThrow("a value of -1 to -1 bytes")
    expect(wrong({ ...row, codec: { ...Codec.int32, size: { minimum: 5, maximum: 4 } } })).toThrow(
      "a value of 5 to 4 bytes"
    )
  })
})

it("a call is planned with the privilege that it requires", () => {
  const { options } = planned(withTransparent(), Abi.linuxGlibc64, "dual")
  expect(options.map((each) => ("option" in each ? each.privilege : ""))).toEqual([
    undefined,
    "CAP_NET_ADMIN",
    "CAP_NET_ADMIN"
  ])
})
