/**
 * Every exported function gets numbers out of its range, and values that are not numbers. Each rejects them (with an error of ours, a
 * `Malformed` or a sentence) or returns a valid value. None writes before it rejects.
 */
import * as Control from "@ancillary/control"
import {
  Abi,
  Codec,
  ControlBuffer,
  Descriptor,
  ExtensionHeader,
  GroupRequest,
  IcmpEcho,
  IcmpExtension,
  InternetEndpoint,
  Ipv4Address,
  Ipv6Address,
  SocketAddress,
  Steering,
  UnixEndpoint
} from "@ancillary/control"
import { describe, expect, it } from "vitest"

const abi = Abi.linuxGlibc64
const trap = new Proxy(
  {},
  {
    get: () => {
      throw new Error("trapped")
    },
    has: () => {
      throw new Error("trapped")
    }
  }
)
const lying = { malformed: 1, length: 1e9, value: Number.NaN, family: "ipv4" }
const hostile: ReadonlyArray<unknown> = [
  -1,
  1.5,
  Number.NaN,
  Infinity,
  -Infinity,
  2 ** 31 - 1,
  2 ** 31,
  -(2 ** 31) - 1,
  2 ** 32,
  2 ** 53,
  65_536,
  256,
  "7",
  "",
  null,
  undefined,
  7n,
  -1n,
  2n ** 64n,
  true,
  Symbol.iterator,
  {},
  [7],
  () => 7,
  lying,
  trap,
  Object.create(Uint8Array.prototype),
  Object.create(Ipv6Address.prototype)
]

/** The buffer that the functions may write to. After a rejection it is unchanged. */
const room = new Uint8Array(256)
const view = new DataView(room.buffer)
const within = (minimum: number, maximum: number) => (given: unknown) => Codec.isInteger(given, minimum, maximum)
const never = () => false
const absentOr = (valid: (given: unknown) => boolean) => (given: unknown) => given === undefined || valid(given)

interface Slot {
  readonly valid: (given: unknown) => boolean
  readonly call: (given: never) => unknown
  /** Checks the result of a function for a valid value. */
  readonly sound?: (result: unknown) => boolean
}
const isSize = (result: unknown) => Codec.isInteger(result, 0, 2 ** 31 - 1)
const isBytes = (result: unknown) => result instanceof Uint8Array
const message = { level: 1, type: 2, payload: Uint8Array.of(1) }
const peer = new InternetEndpoint("ipv4", Ipv4Address.loopback, 7)
const group = Ipv4Address.of(224, 0, 0, 1)
const group6 = Ipv6Address.of([0xff02, 0, 0, 0, 0, 0, 0, 1])
const at = { ipv4: { address: "192.0.2.1", port: 1 } }
const nowhere = within(0, room.length - 16)
const codec = <A>(each: Codec.Codec<A>, valid: (given: unknown) => boolean): ReadonlyArray<Slot> => [
  { valid: nowhere, call: (offset) => each.read(view, offset, 4) },
  {
    valid: nowhere,
    call: (offset) => each.write(view, offset, (each === (Codec.uint64 as unknown) ? 1n : 1) as A)
  },
  { valid, call: (value) => each.write(view, 0, value) }
]
const word = within(-(2 ** 31), 2 ** 32 - 1)

/** By function: each parameter that determines bytes. */
const slots: { readonly [name: string]: ReadonlyArray<Slot> } = {
  "ControlBuffer.length": [
    { valid: within(0, 2 ** 31 - 64), call: (n) => ControlBuffer.length(abi, n), sound: isSize }
  ],
  "ControlBuffer.space": [{ valid: within(0, 2 ** 31 - 64), call: (n) => ControlBuffer.space(abi, n), sound: isSize }],
  "ControlBuffer.data": [{ valid: within(0, 2 ** 32 - 1), call: (n) => ControlBuffer.data(abi, n) }],
  "ControlBuffer.nextHeader": [
    {
      valid: () => true,
      call: (n) => ControlBuffer.nextHeader(abi, view, n),
      sound: (at) => at === undefined || at === 0
    }
  ],
  "ControlBuffer.readField": [{ valid: nowhere, call: (n) => ControlBuffer.readField(view, n, { at: 0, bytes: 8 }) }],
  "ControlBuffer.writeField": [
    { valid: nowhere, call: (n) => ControlBuffer.writeField(view, n, { at: 0, bytes: 8 }, 1) },
    {
      valid: within(0, Number.MAX_SAFE_INTEGER),
      call: (n) => ControlBuffer.writeField(view, 0, { at: 0, bytes: 8 }, n)
    },
    { valid: within(0, 2 ** 32 - 1), call: (n) => ControlBuffer.writeField(view, 0, { at: 0, bytes: 4 }, n) }
  ],
  "ControlBuffer.writeHeader": [
    { valid: nowhere, call: (n) => ControlBuffer.writeHeader(abi, view, n, 0, 0, 1) },
    { valid: within(-(2 ** 31), 2 ** 31 - 1), call: (n) => ControlBuffer.writeHeader(abi, view, 0, n, 0, 1) },
    { valid: within(-(2 ** 31), 2 ** 31 - 1), call: (n) => ControlBuffer.writeHeader(abi, view, 0, 0, n, 1) },
    { valid: within(0, 2 ** 31 - 64), call: (n) => ControlBuffer.writeHeader(abi, view, 0, 0, 0, n), sound: isSize }
  ],
  "ControlBuffer.writeMessage": [
    { valid: nowhere, call: (n) => ControlBuffer.writeMessage(abi, view, n, message) },
    {
      valid: within(-(2 ** 31), 2 ** 31 - 1),
      call: (n) => ControlBuffer.writeMessage(abi, view, 0, { ...message, level: n })
    },
    {
      valid: within(-(2 ** 31), 2 ** 31 - 1),
      call: (n) => ControlBuffer.writeMessage(abi, view, 0, { ...message, type: n })
    }
  ],
  "ControlBuffer.fromMessages": [
    { valid: within(-(2 ** 31), 2 ** 31 - 1), call: (n) => ControlBuffer.fromMessages(abi, [{ ...message, type: n }]) }
  ],
  "ControlBuffer.Cursor": [
    {
      valid: within(0, 2 ** 32 - 1),
      call: (n) => {
        const cursor = new ControlBuffer.Cursor(abi)
        cursor.reset(view, n, 64)
        return cursor.next()
      }
    },
    {
      valid: within(0, Number.MAX_SAFE_INTEGER),
      call: (n) => {
        const cursor = new ControlBuffer.Cursor(abi)
        cursor.reset(view, 0, n)
        return cursor.next()
      }
    }
  ],
  "Codec.int32": codec(Codec.int32, within(-(2 ** 31), 2 ** 31 - 1)),
  "Codec.uint32": codec(Codec.uint32, within(0, 2 ** 32 - 1)),
  "Codec.uint16": codec(Codec.uint16, within(0, 65_535)),
  "Codec.uint8": codec(Codec.uint8, within(0, 255)),
  "Codec.uint64": codec(Codec.uint64, (n) => typeof n === "bigint" && n >= 0n && n < 2n ** 64n),
  "Codec.bytes": [
    { valid: within(0, 65_535), call: (n) => Codec.bytes({ maximum: n }) },
    { valid: absentOr(within(0, 8)), call: (n) => Codec.bytes({ maximum: 8, minimum: n }) },
    { valid: nowhere, call: (n) => Codec.bytes({ maximum: 8 }).read(view, n, 1), sound: isBytes },
    { valid: within(0, 256), call: (n) => Codec.bytes({ maximum: 8 }).read(view, 0, n), sound: isBytes },
    { valid: never, call: (n) => Codec.bytes({ maximum: 8 }).write(view, 0, n) }
  ],
  "Codec.transform": codec(
    Codec.transform(Codec.uint8, { read: (value: number) => value, write: (value: number) => value }),
    within(0, 255)
  ),
  "GroupRequest.write": [
    {
      valid: absentOr(within(1, 2 ** 32 - 1)),
      call: (n) => GroupRequest.write(abi, { group, interfaceIndex: n, source: undefined }),
      sound: isBytes
    },
    { valid: (n) => n === undefined, call: (n) => GroupRequest.write(abi, { group, interfaceIndex: 1, source: n }) }
  ],
  "GroupRequest.writeMreq": [
    {
      valid: absentOr(within(1, 2 ** 24 - 1)),
      call: (n) => GroupRequest.writeMreq({ group, interfaceIndex: n, source: undefined }),
      sound: isBytes
    },
    {
      valid: absentOr(within(1, 2 ** 32 - 1)),
      call: (n) => GroupRequest.writeMreq({ group: group6, interfaceIndex: n, source: undefined }),
      sound: isBytes
    }
  ],
  "Steering.write": [
    { valid: within(1, 65_535), call: (n) => Steering.write({ sockets: n, key: "source" }), sound: isBytes },
    { valid: never, call: (steering) => Steering.write(steering) },
    { valid: within(0, 65_535), call: (n) => Steering.write({ sockets: 2, key: "payload", offset: n, length: 1 }) },
    { valid: never, call: (n) => Steering.write({ sockets: 2, key: "payload", offset: 0, length: n }) }
  ],
  "Steering.writePointer": [
    {
      valid: within(0, Number.MAX_SAFE_INTEGER),
      call: (n) => Steering.writePointer(abi, new Uint8Array(8), n),
      sound: isBytes
    }
  ],
  "Steering.indexOf": [
    { valid: within(1, 65_535), call: (n) => Steering.indexOf({ sockets: n, key: "source" }, new Uint8Array(4)) },
    {
      valid: within(0, 65_535),
      call: (n) => Steering.indexOf({ sockets: 2, key: "payload", offset: n, length: 1 }, new Uint8Array(4))
    }
  ],
  "SocketAddress.size": [{ valid: never, call: (family) => SocketAddress.size(abi, family) }],
  "SocketAddress.read": [
    { valid: nowhere, call: (n) => SocketAddress.read(abi, view, n, 16) },
    { valid: within(0, 256), call: (n) => SocketAddress.read(abi, view, 0, n) }
  ],
  "SocketAddress.write": [{ valid: nowhere, call: (n) => SocketAddress.write(abi, peer, view, n), sound: isSize }],
  "SocketAddress.readIpv6": [
    { valid: nowhere, call: (n) => SocketAddress.readIpv6(view, n) },
    { valid: absentOr(word), call: (n) => SocketAddress.readIpv6(view, 0, n) }
  ],
  "SocketAddress.writeIpv6": [{ valid: nowhere, call: (n) => SocketAddress.writeIpv6(view, n, group6) }],
  "SocketAddress.validateUnixPath": [
    { valid: (n) => typeof n === "string", call: (path) => SocketAddress.validateUnixPath(abi, path) }
  ],
  "IcmpEcho.encode": [
    { valid: never, call: (family) => IcmpEcho.encode(family, { kind: "request", sequence: 1 }) },
    { valid: never, call: (echo) => IcmpEcho.encode("ipv4", echo) },
    {
      valid: within(0, 65_535),
      call: (n) => IcmpEcho.encode("ipv4", { kind: "request", sequence: n }),
      sound: isBytes
    },
    {
      valid: absentOr(within(0, 65_535)),
      call: (n) => IcmpEcho.encode("ipv4", { kind: "request", sequence: 1, identifier: n }),
      sound: isBytes
    },
    { valid: never, call: (kind) => IcmpEcho.encode("ipv4", { kind, sequence: 1 }) },
    {
      valid: (n) => n === undefined,
      call: (data) => IcmpEcho.encode("ipv6", { kind: "request", sequence: 1, data }),
      sound: isBytes
    }
  ],
  "IcmpEcho.decode": [
    { valid: never, call: (family) => IcmpEcho.decode(family, Uint8Array.of(8, 0, 0, 0, 0, 0, 0, 0)) },
    { valid: never, call: (bytes) => IcmpEcho.decode("ipv4", bytes) }
  ],
  "IcmpEcho.matches": [],
  "IcmpExtension.decode": [{ valid: never, call: (bytes) => IcmpExtension.decode(bytes) }],
  "ExtensionHeader.parseOptions": [{ valid: never, call: (bytes) => ExtensionHeader.parseOptions(bytes) }],
  "ExtensionHeader.parseRouting": [{ valid: never, call: (bytes) => ExtensionHeader.parseRouting(bytes) }],
  "ExtensionHeader.routerAlert": [
    {
      valid: within(0, 65_535),
      call: (n) => ExtensionHeader.buildOptions({ options: [ExtensionHeader.routerAlert(n)] }),
      sound: isBytes
    }
  ],
  "ExtensionHeader.buildOptions": [
    { valid: never, call: (header) => ExtensionHeader.buildOptions(header) },
    { valid: never, call: (options) => ExtensionHeader.buildOptions({ options }) },
    { valid: never, call: (option) => ExtensionHeader.buildOptions({ options: [option] }) },
    {
      valid: within(2, 255),
      call: (type) => ExtensionHeader.buildOptions({ options: [{ type, data: Uint8Array.of(1) }] }),
      sound: isBytes
    },
    { valid: never, call: (data) => ExtensionHeader.buildOptions({ options: [{ type: 30, data }] }) },
    {
      valid: (n) => n === undefined,
      call: (alignment) => ExtensionHeader.buildOptions({ options: [{ type: 30, data: Uint8Array.of(1), alignment }] })
    }
  ],
  "ExtensionHeader.options": [{ valid: never, call: (header) => ExtensionHeader.options.write(view, 0, header) }],
  "ExtensionHeader.routing": [{ valid: never, call: (header) => ExtensionHeader.routing.write(view, 0, header) }],
  "ExtensionHeader.buildRouting": [
    { valid: never, call: (header) => ExtensionHeader.buildRouting(header) },
    { valid: never, call: (address) => ExtensionHeader.buildRouting({ kind: "homeAddress", address }) },
    { valid: never, call: (addresses) => ExtensionHeader.buildRouting({ kind: "segments", addresses }) },
    {
      valid: absentOr(within(0, 1)),
      call: (n) => ExtensionHeader.buildRouting({ kind: "segments", addresses: ["::1"], segmentsLeft: n })
    },
    {
      valid: absentOr(within(0, 255)),
      call: (n) => ExtensionHeader.buildRouting({ kind: "segments", addresses: ["::1"], flags: n })
    },
    {
      valid: absentOr(within(0, 65_535)),
      call: (n) => ExtensionHeader.buildRouting({ kind: "segments", addresses: ["::1"], tag: n })
    },
    {
      valid: (n) => n === undefined,
      call: (tlvs) => ExtensionHeader.buildRouting({ kind: "segments", addresses: ["::1"], tlvs })
    }
  ],
  Descriptor: [{ valid: within(0, 2 ** 31 - 1), call: (n) => new Descriptor(n) }],
  Ipv4Address: [
    { valid: word, call: (n) => new Ipv4Address(n) },
    { valid: within(0, 255), call: (n) => Ipv4Address.of(n, 0, 0, 1) },
    { valid: within(0, 255), call: (n) => Ipv4Address.of(1, 0, 0, n) },
    { valid: never, call: (text) => Ipv4Address.parse(text) }
  ],
  Ipv6Address: [
    { valid: word, call: (n) => new Ipv6Address(n, 2, 3, 4) },
    { valid: word, call: (n) => new Ipv6Address(1, n, 3, 4) },
    { valid: word, call: (n) => new Ipv6Address(1, 2, n, 4) },
    { valid: word, call: (n) => new Ipv6Address(1, 2, 3, n) },
    { valid: absentOr(word), call: (n) => new Ipv6Address(1, 2, 3, 4, n) },
    { valid: within(0, 65_535), call: (n) => Ipv6Address.of([n, 0, 0, 0, 0, 0, 0, 1]) },
    { valid: within(0, 65_535), call: (n) => Ipv6Address.of([0, 0, 0, 0, 0, 0, 0, n]) },
    { valid: absentOr(word), call: (n) => group6.withZone(n) },
    { valid: never, call: (text) => Ipv6Address.parse(text) }
  ],
  InternetEndpoint: [
    { valid: within(0, 65_535), call: (n) => new InternetEndpoint("ipv4", Ipv4Address.loopback, n) },
    { valid: never, call: (address) => new InternetEndpoint("ipv6", address, 1) },
    { valid: never, call: (family) => new InternetEndpoint<"ipv4">(family, Ipv4Address.loopback, 1) }
  ],
  UnixEndpoint: [{ valid: absentOr((n) => typeof n === "string"), call: (path) => new UnixEndpoint(path) }],
  endpoint: [
    { valid: never, call: (family) => Control.endpoint<"ipv4">(family, at.ipv4) },
    { valid: never, call: (input) => Control.endpoint("dual", input) },
    { valid: never, call: (address) => Control.endpoint("dual", { address, port: 1 }) },
    { valid: within(0, 65_535), call: (port) => Control.endpoint("ipv4", { ...at.ipv4, port }) },
    { valid: (n) => typeof n === "string" && n !== "", call: (path) => Control.endpoint("unix", { path }) }
  ],
  readAddress: [{ valid: never, call: (given) => Control.readAddress(given) }],
  parseAddress: [{ valid: never, call: (text) => Control.parseAddress(text) }],
  coalescing: [{ valid: within(1, 65_527), call: (n) => Control.coalescing({ maximumBytes: n }) }],
  destinationOptions: [
    { valid: within(-(2 ** 31), 2 ** 31 - 1), call: (n) => Control.destinationOptions({ type: n }) }
  ],
  nextHop: [{ valid: within(-(2 ** 31), 2 ** 31 - 1), call: (n) => Control.nextHop({ type: n }) }],
  transmitTime: [{ valid: never, call: (clock) => Control.transmitTime({ clock }) }]
}

/** Functions without a parameter that determines bytes: guards, predicates, texts, definitions, and functions that take any bytes. */
const others = [
  "Codec.isInteger",
  "Codec.isMalformed",
  "Codec.format",
  "ControlBuffer.firstHeader",
  "ControlBuffer.headerSize",
  "ControlBuffer.toMessages",
  "define",
  "isUnsupported",
  "isMessage",
  "timestamping",
  "Steering.validate"
]

const isCodec = (value: unknown) => typeof value === "object" && value !== null && "read" in value && "size" in value
const exported = Object.entries(Control).flatMap(([name, value]): ReadonlyArray<string> => {
  if (typeof value === "function") return [name]
  if (Object.prototype.toString.call(value) !== "[object Module]") return []
  return Object.entries(value)
    .filter(([, each]) => typeof each === "function" || isCodec(each))
    .map(([each]) => `${name}.${each}`)
})

it("the table has every exported function, class and codec", () => {
  expect([...Object.keys(slots), ...others].toSorted()).toEqual(exported.toSorted())
})

const text = (value: unknown) => (typeof value === "object" && value !== null ? "an object" : Codec.format(value))

describe.each(Object.entries(slots).filter(([, of]) => of.length > 0))("%s", (_, all) => {
  it.each(all.map((slot, index) => [index, slot] as const))(
    "parameter %i: rejects values out of its range",
    (_, slot) => {
      for (const given of hostile) {
        room.fill(0xee)
        let result: unknown
        let refused = false
        try {
          result = slot.call(given as never)
          refused = Codec.isMalformed(result) && typeof result.malformed === "string"
          refused ||= typeof result === "string"
        } catch (error) {
          expect(error instanceof RangeError || error instanceof TypeError, `${text(given)}: ${String(error)}`).toBe(
            true
          )
          refused = true
          // V8 throws this for an offset outside of a view.
          expect(String(error), text(given)).toMatch(/give |outside the bounds|signed 32-bit integers/)
        }
        if (slot.valid(given)) {
          if (!refused && slot.sound !== undefined) expect(slot.sound(result), text(given)).toBe(true)
        } else {
          expect(refused, `${text(given)} gives ${Codec.format(result)}`).toBe(true)
          expect(
            room.every((byte) => byte === 0xee),
            `${text(given)} was written`
          ).toBe(true)
        }
      }
    }
  )
})
