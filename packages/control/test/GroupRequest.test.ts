import { Abi, abis, Codec, GroupRequest, Ipv6Address, parseAddress } from "@ancillary/control"
import { describe, expect, it } from "vitest"
import { abiNamed, hex, vectors } from "./vectors.ts"

const address = (text: string) => {
  const parsed = parseAddress(text)
  if (Codec.isMalformed(parsed)) throw new Error(parsed.malformed)
  return parsed
}
/** `group_source_req 239.1.2.3 192.0.2.1`, on interface 7 as everything there. */
const requestOf = (name: string): readonly [string, GroupRequest.GroupRequest] => {
  const [structure = "", group = "", source] = name.split(" ")
  return [
    structure,
    { group: address(group), interfaceIndex: 7, source: source === undefined ? undefined : address(source) }
  ]
}

describe.each(vectors)("$abi", ({ abi, groups }) => {
  const requests = groups.filter(({ name }) => / [0-9a-f]/.test(name))
  it.each(requests)("equals the structure that C makes with the header: $name", ({ bytes, name }) => {
    const [structure, request] = requestOf(name)
    const ours = structure === "mreq" ? GroupRequest.writeMreq(request) : GroupRequest.write(abiNamed(abi), request)
    expect(hex(ours)).toBe(bytes)
  })

  it("there are both structures for both families", () => {
    expect(requests.length).toBe(abi.startsWith("winsock") ? 6 : 4)
  })
})

it("an index that is absent is 0: the system chooses", () => {
  const request = { group: address("239.1.2.3"), interfaceIndex: undefined, source: undefined }
  expect(hex(GroupRequest.write(Abi.linuxGlibc64, request).subarray(0, 4))).toBe("00000000")
  expect(hex(GroupRequest.writeMreq(request))).toBe("ef01020300000000")
})

it("a zone is not written, because the request has a field for the interface", () => {
  const zoned = new Ipv6Address(0xff020000, 0, 0, 1, 9)
  const plain = new Ipv6Address(0xff020000, 0, 0, 1)
  for (const abi of abis) {
    const bytes = [zoned, plain].map((group) =>
      GroupRequest.write(abi, { group, interfaceIndex: 7, source: undefined })
    )
    expect(bytes[0]).toEqual(bytes[1])
  }
})

it("Darwin packs to 4 bytes and begins an address with its length", () => {
  const request = { group: address("239.1.2.3"), interfaceIndex: 7, source: address("192.0.2.1") }
  const bytes = GroupRequest.write(Abi.darwin64, request)
  expect(bytes.length).toBe(260)
  expect(hex(bytes.subarray(0, 12))).toBe("0700000010020000ef010203")
  expect(hex(bytes.subarray(132, 140))).toBe("10020000c0000201")
})
