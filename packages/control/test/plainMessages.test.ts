/**
 * Plain messages, each alone: the values that may be sent, their bytes, and the values of received bytes. Golden vectors show the same bytes
 * made by C.
 */
import {
  Checksum,
  coalescing,
  Coalescing,
  Codec,
  CounterTimestamp,
  DropCount,
  FlowLabel,
  FragmentSize,
  InternetEndpoint,
  IpOptions,
  Ipv4Address,
  Ipv6Address,
  isUnsupported,
  Mark,
  OriginalDestination,
  Priority,
  Segmentation,
  Timestamping,
  timestamping,
  TransmitTime,
  transmitTime,
  Unfragmented
} from "@ancillary/control"
import { describe, expect, it } from "vitest"
import { arrivals, departure, departures, read, refusal, written } from "./messages.ts"
import { fromHex, hex } from "./vectors.ts"

type Message = Parameters<typeof arrivals>[0]
type Place = readonly [Parameters<typeof arrivals>[1], Parameters<typeof arrivals>[2]]

const sending = (message: Message, [platform, family]: Place) => {
  const sends = departure(message, platform, family)
  if (sends === undefined) throw new Error(`${message.key} is not sent there`)
  return sends
}
const linux4: Place = ["linux", "ipv4"]
const linux6: Place = ["linux", "ipv6"]
const windows: Place = ["winsock", "ipv4"]

/** The bytes of each sent value, and the reasons why other values are rejected. */
const cases: ReadonlyArray<{
  readonly message: Message
  readonly at: Place
  readonly sent: ReadonlyArray<readonly [unknown, string]>
  readonly refused: ReadonlyArray<readonly [unknown, string]>
}> = [
  {
    message: Mark,
    at: linux4,
    sent: [
      [0, "00000000"],
      [0xfedcba98, "98badcfe"]
    ],
    refused: [-1, 2 ** 32, 0.5, NaN, "1", 1n].map((value) => [
      value,
      `${Codec.format(value)} is not an integer from 0 to 4294967295`
    ])
  },
  {
    message: Priority,
    at: linux6,
    sent: [
      [6, "06000000"],
      [0xffffffff, "ffffffff"]
    ],
    refused: [-1, 2 ** 32, 0.5, null].map((value) => [
      value,
      `${Codec.format(value)} is not an integer from 0 to 4294967295`
    ])
  },
  {
    message: FlowLabel,
    at: linux6,
    // In network order, as the header has it.
    sent: [
      [1, "00000001"],
      [0xfffff, "000fffff"]
    ],
    refused: [0, -1, 0x100000, 1.5, "1"].map((value) => [
      value,
      `${Codec.format(value)} is not a flow label: an integer from 1 to 1048575 (0 is replaced by the kernel's own: leave it out)`
    ])
  },
  {
    message: Segmentation,
    at: linux4,
    // Trap 2: two bytes on Linux, where four are EINVAL; four on Windows.
    sent: [
      [1, "0100"],
      [65_535, "ffff"]
    ],
    refused: [0, 65_536, -1, 1.5].map((value) => [
      value,
      `${value} is not a size of segments: an integer from 1 to 65535`
    ])
  },
  {
    message: Segmentation,
    at: windows,
    sent: [[65_535, "ffff0000"]],
    refused: [[65_536, "65536 is not a size of segments: an integer from 1 to 65535"]]
  },
  {
    message: Unfragmented,
    at: linux6,
    sent: [
      [true, "01000000"],
      [false, "00000000"]
    ],
    refused: [1, 0, "true", null].map((value) => [value, `${Codec.format(value)} is neither true nor false`])
  },
  {
    message: TransmitTime,
    at: linux4,
    sent: [
      [0n, "0000000000000000"],
      [2n ** 64n - 1n, "ffffffffffffffff"]
    ],
    refused: [-1n, 2n ** 64n, 1, "1"].map((value) => [
      value,
      `${Codec.format(value)} is not a bigint from 0 to 18446744073709551615`
    ])
  },
  {
    message: IpOptions,
    at: linux4,
    sent: [
      [fromHex("0707040000000000"), "0707040000000000"],
      [fromHex("0101"), "0101"],
      // The bytes after the end of the options are padding.
      [fromHex("00ff"), "00ff"],
      [new Uint8Array(40).fill(1), "01".repeat(40)]
    ],
    refused: [
      [new Uint8Array(41), "41 bytes are more than the 40 that were declared"],
      [fromHex("07"), "the option of type 7 at byte 0 has no length"],
      [fromHex("0701"), "the option of type 7 at byte 0 has no length"],
      [fromHex("01070400"), "the option of type 7 at byte 1 goes on behind the last byte"],
      [[1], "1 is not a Uint8Array"]
    ]
  }
]

describe.each(cases)("$message.key, $at", ({ at, message, refused, sent }) => {
  const sends = sending(message, at)
  it("is sent as these bytes", () => {
    for (const [value, bytes] of sent) {
      expect(refusal(sends, value)).toBeUndefined()
      expect(hex(written(sends, value))).toBe(bytes)
    }
  })
  it("is rejected out of its range, with the range", () => {
    for (const [value, why] of refused) expect(refusal(sends, value)).toBe(why)
  })
})

const arriving = (message: Message, [platform, family]: Place, bytes: string) =>
  read(arrivals(message, platform, family)[0], fromHex(bytes))

describe("a received message", () => {
  it("is unsigned and uses all bits", () => {
    for (const message of [Mark, Priority, DropCount, FragmentSize])
      for (const at of [linux4, linux6]) {
        expect([message.key, arriving(message, at, "ffffffff")]).toEqual([message.key, 0xffffffff])
        expect([message.key, arriving(message, at, "00000000")]).toEqual([message.key, 0])
      }
    expect(arriving(Checksum, linux4, "feff0180")).toBe(0x8001fffe)
    expect(arriving(CounterTimestamp, windows, "ffffffffffffffff")).toBe(2n ** 64n - 1n)
  })

  it("with a flow label does not contain the class that precedes it", () => {
    expect(arriving(FlowLabel, linux6, "0fffffff")).toBe(0xfffff)
    expect(arriving(FlowLabel, linux6, "0ff00001")).toBe(1)
  })

  it("with the size of coalesced datagrams is 1 to 65535", () => {
    for (const at of [linux4, linux6, windows]) {
      expect(arriving(Coalescing, at, "01000000")).toBe(1)
      expect(arriving(Coalescing, at, "ffff0000")).toBe(65_535)
      for (const wrong of ["00000000", "00000100", "ffffffff"])
        expect([wrong, Codec.isMalformed(arriving(Coalescing, at, wrong))]).toEqual([wrong, true])
    }
  })

  it("with an original destination is an endpoint of its family, with port and zone", () => {
    expect(arriving(OriginalDestination, linux4, "020014e9c0000207aaaaaaaaaaaaaaaa")).toEqual(
      new InternetEndpoint("ipv4", Ipv4Address.of(192, 0, 2, 7), 5353)
    )
    expect(arriving(OriginalDestination, linux6, "0a0014e9fffffffffe80000000000000000000000000000703000000")).toEqual(
      new InternetEndpoint("ipv6", Ipv6Address.of([0xfe80, 0, 0, 0, 0, 0, 0, 7], 3), 5353)
    )
  })

  it("with timestamps distinguishes software from hardware, and a missing one", () => {
    const stamp = "01000000000000000200000000000000"
    const none = "00".repeat(16)
    for (const at of [linux4, linux6]) {
      const [software, hardware] = [1_000_000_002n, undefined]
      expect(arriving(Timestamping, at, stamp + none + none)).toEqual({ software, hardware })
      expect(arriving(Timestamping, at, none + none + stamp)).toEqual({ software: undefined, hardware: software })
      // Kernels no longer fill the field between the two.
      expect(arriving(Timestamping, at, none + stamp + none)).toEqual({ software: undefined, hardware: undefined })
    }
  })

  it("with IP options has their bytes", () => {
    expect(arriving(IpOptions, linux4, "07070800000000ff")).toEqual(fromHex("07070800000000ff"))
  })
})

it("a message that is only received cannot be sent", () => {
  for (const message of [
    Checksum,
    Coalescing,
    CounterTimestamp,
    DropCount,
    FragmentSize,
    OriginalDestination,
    Timestamping
  ])
    expect([message.key, departures(message)]).toEqual([message.key, []])
})

it("drops between two counts, across the wrap of 32 bits", () => {
  const count = (bytes: string) => Number(arriving(DropCount, linux4, bytes))
  const [before, after] = [count("feffffff"), count("03000000")]
  expect([before, after, (after - before) >>> 0]).toEqual([4_294_967_294, 3, 5])
})

describe("a request", () => {
  const asked = (message: Message, [platform, family]: Place) => {
    const cell = message.cell(platform, family)
    if (isUnsupported(cell)) throw new Error(cell.unsupported)
    const sends = cell.send === undefined || isUnsupported(cell.send) ? [] : (cell.send.request ?? [])
    return [...cell.request, ...sends].map((request) => ("value" in request ? request.value : request.input))
  }

  it("of software, hardware or both timestamps: two flags each", () => {
    const switches = (software: boolean, hardware: boolean) => asked(timestamping({ software, hardware }), linux4)
    expect([switches(true, false), switches(false, true), switches(true, true)]).toEqual([[8 + 16], [4 + 64], [92]])
  })

  it("of a clock has its number, and the privilege that two clocks require", () => {
    const requests = (["monotonic", "tai", "realtime"] as const).map((clock) => {
      const { request = [] } = sending(transmitTime({ clock }), linux6)
      return request.map((each) => [
        "value" in each ? each.value : undefined,
        "privilege" in each ? each.privilege : undefined
      ])
    })
    expect(requests).toEqual([
      [[Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0), undefined]],
      [[Uint8Array.of(11, 0, 0, 0, 0, 0, 0, 0), "CAP_NET_ADMIN"]],
      [[Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0), "CAP_NET_ADMIN"]]
    ])
  })

  it("of coalescing has its maximum if the platform has one", () => {
    expect(asked(coalescing({ maximumBytes: 9000 }), windows)).toEqual([9000])
    expect(asked(coalescing({ maximumBytes: 9000 }), linux4)).toEqual([1])
  })
})
