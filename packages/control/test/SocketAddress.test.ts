import {
  Abi,
  abis,
  Codec,
  InternetEndpoint,
  Ipv4Address,
  Ipv6Address,
  SocketAddress,
  UnixEndpoint
} from "@ancillary/control"
import { FastCheck } from "effect"
import { describe, expect, it } from "vitest"
import { internetEndpoint, unixEndpoint } from "./arbitraries.ts"
import { abiNamed, hex, vectors, viewOf } from "./vectors.ts"
import { Watched } from "./watched.ts"

type AnyEndpoint = Parameters<typeof SocketAddress.write>[1]
const everyAbi = abis.map((abi) => [abi.name, abi] as const)

const ipv4 = new InternetEndpoint("ipv4", Ipv4Address.of(192, 0, 2, 1), 0x1234)
const ipv6 = new InternetEndpoint("ipv6", Ipv6Address.of([0xfe80, 0, 0, 0, 0, 0, 0, 1], 0x01020304), 0x1234)

/** A slot that contained another address before. */
const written = (abi: Abi, endpoint: AnyEndpoint, mapped = false) => {
  const slot = new Uint8Array(140).fill(0xff)
  const length = SocketAddress.write(abi, endpoint, viewOf(slot), 4, mapped)
  const size = SocketAddress.size(abi, mapped ? "ipv6" : endpoint.family)
  expect(hex(slot.slice(0, 4)) + hex(slot.slice(4 + size))).toMatch(/^(ff)+$/)
  return { slot, length, bytes: slot.slice(4, 4 + length), rest: slot.slice(4 + length, 4 + size) }
}

const roundTrip = (abi: Abi, endpoint: AnyEndpoint, mapped = false) => {
  const { length, slot } = written(abi, endpoint, mapped)
  return SocketAddress.read(abi, viewOf(slot), 4, length)
}

/** The address of a Unix socket as the kernel writes it: the family, then these bytes. */
const unixName = (abi: Abi, name: Uint8Array): Uint8Array<ArrayBuffer> => {
  const bytes = new Uint8Array(2 + name.length)
  if (abi.sockaddr.lengthByte) bytes.set([bytes.length, abi.family.unix])
  else viewOf(bytes).setUint16(0, abi.family.unix, true)
  bytes.set(name, 2)
  return bytes
}
const readName = (abi: Abi, bytes: Uint8Array, length = bytes.length) =>
  SocketAddress.read(abi, viewOf(bytes), 0, length)

const utf8 = (text: string) => new Uint8Array(Buffer.from(text))

describe("internet addresses", () => {
  for (const { abi: name, structs } of vectors) {
    const abi = abiNamed(name)
    it(`${name}: every member is where the compiler puts it`, () => {
      const { sockaddr_in, sockaddr_in6 } = structs
      const four = viewOf(written(abi, ipv4).bytes)
      expect(four.byteLength).toBe(sockaddr_in?.["size"])
      expect(four.getUint16(sockaddr_in?.["family"] ?? -1, true)).toBe(abi.family.ipv4)
      expect(four.getUint16(sockaddr_in?.["port"] ?? -1)).toBe(0x1234)
      expect(four.getUint32(sockaddr_in?.["addr"] ?? -1)).toBe(0xc0000201)
      const six = viewOf(written(abi, ipv6).bytes)
      expect(six.byteLength).toBe(sockaddr_in6?.["size"])
      expect(six.getUint16(sockaddr_in6?.["family"] ?? -1, true)).toBe(abi.family.ipv6)
      expect(six.getUint16(sockaddr_in6?.["port"] ?? -1)).toBe(0x1234)
      expect(six.getUint32(sockaddr_in6?.["flowinfo"] ?? -1)).toBe(0)
      expect(hex(new Uint8Array(six.buffer, sockaddr_in6?.["addr"] ?? -1, 16))).toBe("fe800000000000000000000000000001")
      expect(six.getUint32(sockaddr_in6?.["scope"] ?? -1, true)).toBe(0x01020304)
    })
  }

  it("are these bytes on Linux and Winsock, and on Darwin with the length first", () => {
    const bytes = (abi: Abi) => [ipv4, ipv6].map((endpoint) => hex(written(abi, endpoint).bytes))
    const four = "1234c00002010000000000000000"
    const six = "123400000000fe80000000000000000000000000000104030201"
    expect(bytes(Abi.linuxGlibc64)).toEqual([`0200${four}`, `0a00${six}`])
    expect(bytes(Abi.winsockX64)).toEqual([`0200${four}`, `1700${six}`])
    expect(bytes(Abi.darwin64)).toEqual([`1002${four}`, `1c1e${six}`])
  })

  it.each(everyAbi)("%s: are read as written, and a mapped address as its IPv4 endpoint", (_, abi) => {
    FastCheck.assert(
      FastCheck.property(internetEndpoint, (endpoint) => {
        const inside = endpoint.address instanceof Ipv6Address ? endpoint.address.toIpv4() : undefined
        const same = inside === undefined ? endpoint : new InternetEndpoint("ipv4", inside, endpoint.port)
        expect(roundTrip(abi, endpoint)).toEqual(same)
        expect(roundTrip(abi, endpoint, true)).toEqual(same)
      })
    )
    const address = Ipv6Address.fromIpv4(ipv4.address)
    expect(roundTrip(abi, new InternetEndpoint("ipv6", address, ipv4.port))).toEqual(ipv4)
    expect(written(abi, ipv4, true)).toMatchObject({ length: abi.sockaddr.ipv6 })
    expect(written(abi, ipv4, true)).toEqual(written(abi, new InternetEndpoint("ipv6", address, ipv4.port), true))
  })

  it.each(everyAbi)("%s: a cut address is malformed at its offset, and a longer one is read", (_, abi) => {
    for (const endpoint of [ipv4, ipv6]) {
      const { length, slot } = written(abi, endpoint)
      const read = (bytes: number) => SocketAddress.read(abi, viewOf(slot), 4, bytes)
      const struct = endpoint === ipv4 ? "sockaddr_in" : "sockaddr_in6"
      expect(read(1)).toEqual({ malformed: "a socket address of 1 bytes has no family", offset: 4 })
      for (let bytes = 2; bytes < length; bytes++)
        expect(read(bytes)).toEqual({ malformed: `a ${struct} of ${bytes} bytes`, offset: 4 })
      expect(read(length)).toEqual(endpoint)
      // Darwin and a sockaddr_storage: more than the structure.
      expect(read(128)).toEqual(endpoint)
    }
  })

  it.each(everyAbi)("%s: an unknown family is malformed, and the reason has its number", (_, abi) => {
    const name = new Uint8Array(28)
    if (abi.sockaddr.lengthByte) name.set([28, 77])
    else name.set([77, 1])
    const family = abi.sockaddr.lengthByte ? 77 : 0x14d
    expect(readName(abi, name)).toEqual({ malformed: `a socket address of family ${family}`, offset: 0 })
  })
})

describe("Unix addresses", () => {
  it.each(everyAbi)("%s: an empty address is an unnamed sender, not a fault", (_, abi) => {
    const unnamed = new UnixEndpoint(undefined)
    expect(readName(abi, new Uint8Array(0))).toEqual(unnamed)
    expect(readName(abi, unixName(abi, new Uint8Array(0)))).toEqual(unnamed)
    expect(roundTrip(abi, unnamed)).toEqual(unnamed)
    expect(written(abi, unnamed).length).toBe(2)
  })

  it.each(everyAbi)("%s: a path ends with its NUL, an abstract name with its last byte", (_, abi) => {
    const path = written(abi, new UnixEndpoint("/run/x"))
    expect([path.length, hex(path.bytes.slice(2))]).toEqual([9, "2f72756e2f7800"])
    expect(hex(path.rest)).toMatch(/^(00)+$/)
    const abstract = written(abi, new UnixEndpoint("\0x\0\0"))
    expect([abstract.length, hex(abstract.bytes.slice(2))]).toEqual([6, "00780000"])
    expect(roundTrip(abi, new UnixEndpoint("\0x\0\0"))).toEqual(new UnixEndpoint("\0x\0\0"))
    // The kernel's own choice of a name (autobind) is 8 bytes long.
    expect(readName(abi, unixName(abi, utf8("\x0000a1f")))).toEqual(new UnixEndpoint("\x0000a1f"))
  })

  it.each(everyAbi)("%s: the longest path fills sun_path, and the kernel's NUL is outside of it", (_, abi) => {
    const room = abi.sockaddr.unix - 2
    const longest = new UnixEndpoint(`/${"x".repeat(room - 1)}`)
    expect(written(abi, longest).length).toBe(abi.sockaddr.unix)
    expect(roundTrip(abi, longest)).toEqual(longest)
    expect(SocketAddress.size(abi, "unix")).toBe(abi.sockaddr.unix + 1)
    const fromKernel = unixName(abi, utf8(`${longest.path}\0`))
    expect(fromKernel.length).toBe(abi.sockaddr.unix + 1)
    expect(readName(abi, fromKernel)).toEqual(longest)
    if (abi.platform === "linux") expect(fromKernel.length).toBe(111)
    expect(written(abi, new UnixEndpoint("x".repeat(room - 1))).length).toBe(abi.sockaddr.unix)
    expect(SocketAddress.validateUnixPath(abi, "x".repeat(room))).toBeUndefined()
    expect(SocketAddress.validateUnixPath(abi, "x".repeat(room + 1))).toBe(
      `the path takes ${room + 1} bytes, a Unix socket name has room for ${room}`
    )
  })

  it("a path is counted in bytes of UTF-8; only an abstract name may contain NUL", () => {
    const refuse = (path: string) => SocketAddress.validateUnixPath(Abi.linuxGlibc64, path)
    expect(refuse("é".repeat(54))).toBeUndefined()
    expect(refuse("é".repeat(55))).toBe("the path takes 110 bytes, a Unix socket name has room for 108")
    expect(refuse("/run/a\0b")).toBe("a path cannot contain a NUL")
    expect(refuse("\0a\0b")).toBeUndefined()
  })

  it.each(everyAbi)("%s: are read as they were written", (_, abi) => {
    FastCheck.assert(
      FastCheck.property(unixEndpoint, (endpoint) => {
        expect(roundTrip(abi, endpoint)).toEqual(endpoint)
        if (endpoint.path !== undefined && !endpoint.path.startsWith("\0"))
          expect(hex(written(abi, endpoint).bytes.slice(2, -1))).toBe(hex(utf8(endpoint.path)))
      })
    )
  })

  it.each(everyAbi)("%s: any bytes of a peer's name are written as read, even if not UTF-8", (_, abi) => {
    const some = FastCheck.uint8Array({ minLength: 1, maxLength: 104 })
    FastCheck.assert(
      FastCheck.property(
        FastCheck.oneof(some, FastCheck.constant(Uint8Array.of(0, 0xff)), FastCheck.constant(Uint8Array.of(0xc3))),
        (bytes) => {
          // The kernel ends a path with a NUL; an abstract name begins with one.
          const name = bytes[0] === 0 ? bytes : Uint8Array.of(...bytes.map((byte) => byte || 1), 0)
          const fromKernel = unixName(abi, name)
          const read = readName(abi, fromKernel)
          if (!(read instanceof UnixEndpoint)) expect.fail(JSON.stringify(read))
          const back = written(abi, read)
          const full = name.length > abi.sockaddr.unix - 2
          expect(hex(back.bytes.slice(2))).toBe(hex(full ? name.slice(0, -1) : name))
        }
      ),
      { numRuns: 300 }
    )
  })

  it("different names stay different, whatever their bytes", () => {
    const text = (...bytes: ReadonlyArray<number>) => {
      const read = readName(Abi.linuxGlibc64, unixName(Abi.linuxGlibc64, Uint8Array.from(bytes)))
      return read instanceof UnixEndpoint ? read.path : undefined
    }
    expect(text(0, 0xc3, 0xbf)).toBe("\0ÿ")
    expect(text(0, 0xff)).not.toBe(text(0, 0xc3, 0xbf))
    expect(text(0, 0xff, 0xc3, 0xbf)).not.toBe(text(0, 0xff, 0xff))
  })
})

it.each(everyAbi)("%s: any bytes are an address or malformed, and none after the length is read", (_, abi) => {
  const family = FastCheck.constantFrom(abi.family.ipv4, abi.family.ipv6, abi.family.unix, 0, 255)
  const name = FastCheck.tuple(family, FastCheck.uint8Array({ minLength: 111, maxLength: 111 }))
  FastCheck.assert(
    FastCheck.property(name, FastCheck.nat({ max: 111 }), ([number, bytes], length) => {
      const slot = new Uint8Array(bytes)
      if (abi.sockaddr.lengthByte) slot[1] = number
      else viewOf(slot).setUint16(0, number, true)
      const view = new Watched(slot.buffer)
      view.allow(0, length)
      const read = SocketAddress.read(abi, view, 0, length)
      expect(view.outside).toBeUndefined()
      expect(Codec.isMalformed(read) || read instanceof UnixEndpoint || read instanceof InternetEndpoint).toBe(true)
    }),
    { numRuns: 500 }
  )
})
