/** Messages of Unix sockets only: descriptors, credentials, and a descriptor of the sender. */
import { Codec, Credentials, Descriptor, maximumRights, PidFd, Rights } from "@ancillary/control"
import { FastCheck } from "effect"
import { inspect } from "node:util"
import { describe, expect, it } from "vitest"
import { arrivals, departure, read, refusal, written } from "./messages.ts"
import { fromHex, hex } from "./vectors.ts"

const number = FastCheck.integer({ min: 0, max: 0x7fffffff })

describe("Descriptor", () => {
  it("has its number and owner, and two of one number differ", () => {
    const descriptor = new Descriptor(7)
    const texts = [String(descriptor), inspect(descriptor), JSON.stringify(descriptor)]
    expect(texts).toEqual(["descriptor 7 (untaken)", "descriptor 7 (untaken)", '"descriptor 7 (untaken)"'])
    descriptor.become("taken")
    expect([descriptor.state, String(descriptor)]).toEqual(["taken", "descriptor 7 (taken)"])
    descriptor.become("closed")
    expect(descriptor.state).toBe("closed")
    expect(new Descriptor(7)).not.toBe(new Descriptor(7))
  })
})

describe.each(["linux", "darwin"] as const)("Rights, %s", (platform) => {
  const [arrival] = arrivals(Rights, platform, "unix")
  const sends = departure(Rights, platform, "unix")
  if (sends === undefined) throw new Error("they can be sent")

  it("sent numbers and Descriptors are read back", () => {
    FastCheck.assert(
      FastCheck.property(FastCheck.array(number, { minLength: 1, maxLength: maximumRights }), (numbers) => {
        const mixed = numbers.map((each, i) => (i % 2 === 0 ? each : new Descriptor(each)))
        expect(refusal(sends, mixed)).toBeUndefined()
        const bytes = written(sends, mixed)
        expect(bytes.length).toBe(4 * numbers.length)
        const seen = read(arrival, bytes) as ReadonlyArray<Descriptor>
        expect(seen.every((each) => each instanceof Descriptor && each.state === "untaken")).toBe(true)
        expect(seen.map((each) => each.number)).toEqual(numbers)
      })
    )
  })

  it("a payload that is not a multiple of 4 bytes is malformed", () => {
    for (const length of [1, 5, 7])
      expect(Codec.isMalformed(read(arrival, new Uint8Array(length))), String(length)).toBe(true)
  })

  it.each([
    [[], "0 descriptors cannot go with a datagram: 1 to 253 do, and with none the message is left out"],
    [
      Array.from({ length: 254 }, () => 0),
      "254 descriptors cannot go with a datagram: 1 to 253 do, and with none the message is left out"
    ],
    [[-1], "-1 is not a descriptor"],
    [[0.5], "0.5 is not a descriptor"],
    [["3"], "'3' is not a descriptor"],
    [[undefined], "undefined is not a descriptor"],
    [5, "5 is not an array of descriptors"]
  ])("%j is rejected", (values, why) => {
    expect(refusal(sends, values)).toBe(why)
  })

  it("a closed descriptor is rejected, an untaken or a taken one is not", () => {
    const descriptor = new Descriptor(5)
    expect(refusal(sends, [descriptor])).toBeUndefined()
    descriptor.become("taken")
    expect(refusal(sends, [descriptor])).toBeUndefined()
    descriptor.become("closed")
    expect(refusal(sends, [descriptor])).toBe("the descriptor 5 was closed: its number is another's by now")
  })
})

describe("Credentials", () => {
  const [arrival] = arrivals(Credentials, "linux", "unix")
  const sends = departure(Credentials, "linux", "unix")
  if (sends === undefined) throw new Error("they can be sent")

  it("sent credentials are read back", () => {
    const id = FastCheck.integer({ min: 0, max: 0xfffffffe })
    const credentials = FastCheck.record({ pid: FastCheck.integer({ min: 1, max: 0x7fffffff }), uid: id, gid: id })
    FastCheck.assert(
      FastCheck.property(credentials, (value) => {
        expect(refusal(sends, value)).toBeUndefined()
        expect(read(arrival, written(sends, value))).toEqual(value)
      })
    )
  })

  it("of a datagram queued before the option are pid 0 and the overflow ids", () => {
    expect(read(arrival, fromHex("00000000feff0000feff0000"))).toEqual({ pid: 0, uid: 65_534, gid: 65_534 })
  })

  it.each([
    [{ pid: 0, uid: 0, gid: 0 }, "0 is not a process id: an integer from 1"],
    [{ pid: 1, uid: -1, gid: 0 }, "-1 is not a uid: 0 to 4294967294"],
    [{ pid: 1, uid: 0, gid: 2 ** 32 - 1 }, "4294967295 is not a gid: 0 to 4294967294"],
    [{ pid: 1, uid: 0 }, "undefined is not a gid: 0 to 4294967294"],
    [undefined, "undefined is not { pid, uid, gid }"]
  ])("%j is rejected", (value, why) => {
    expect(refusal(sends, value)).toBe(why)
  })

  it("are encoded as pid, uid, gid in host order", () => {
    expect(hex(written(sends, { pid: 1, uid: 2, gid: 3 }))).toBe("010000000200000003000000")
  })
})

describe("PidFd", () => {
  const [arrival] = arrivals(PidFd, "linux", "unix")
  it("is a descriptor, or undefined if the kernel wrote an error number", () => {
    expect(read(arrival, fromHex("07000000"))).toEqual(new Descriptor(7))
    // -3: ESRCH, the process is gone.
    expect(read(arrival, fromHex("fdffffff"))).toBeUndefined()
    expect(departure(PidFd, "linux", "unix")).toBeUndefined()
  })
})
