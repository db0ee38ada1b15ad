import { Abi, abis, ControlBuffer } from "@ancillary/control"
import { FastCheck } from "effect"
import { describe, expect, it } from "vitest"
import { hex, viewOf } from "./vectors.ts"
import { random, Watched } from "./watched.ts"

const everyAbi = abis.map((abi) => [abi.name, abi] as const)

const walk = (abi: Abi, bytes: Uint8Array, at = 0, length = bytes.length) => {
  const cursor = new ControlBuffer.Cursor(abi)
  cursor.reset(viewOf(bytes), at, length)
  const found: Array<{ readonly level: number; readonly type: number; readonly payload: string }> = []
  while (cursor.next()) {
    const { level, payloadAt, payloadLength, type } = cursor
    found.push({ level, type, payload: hex(bytes.slice(payloadAt, payloadAt + payloadLength)) })
  }
  return { found, malformed: cursor.malformed }
}

/** A message of 4 bytes, then a header that declares the given length. */
const behindAMessage = (abi: Abi, declared: bigint, room = 48) => {
  const first = ControlBuffer.space(abi, 4)
  const bytes = new Uint8Array(first + room)
  const view = viewOf(bytes)
  ControlBuffer.writeMessage(abi, view, 0, { level: 0, type: 2, payload: Uint8Array.of(64, 0, 0, 0) })
  // All 64 bits, even if the field has 32, because the bytes after the field must not count.
  view.setBigUint64(first + abi.cmsghdr.length.at, declared, true)
  if (abi.cmsghdr.length.bytes === 4) view.setInt32(first + abi.cmsghdr.level, 0, true)
  return { bytes, first }
}

describe("the five macros", () => {
  it.each(everyAbi)("%s: a buffer smaller than a header has no first header", (_, abi) => {
    const buffer = (bytes: number) => new DataView(new ArrayBuffer(bytes))
    expect(ControlBuffer.firstHeader(abi, undefined)).toBeUndefined()
    expect(ControlBuffer.firstHeader(abi, buffer(0))).toBeUndefined()
    expect(ControlBuffer.firstHeader(abi, buffer(abi.cmsghdr.size - 1))).toBeUndefined()
    expect(ControlBuffer.firstHeader(abi, buffer(abi.cmsghdr.size))).toBe(0)
  })

  it.each(everyAbi)("%s: nextHeader gives the first one without a header, none outside the buffer", (_, abi) => {
    const view = viewOf(ControlBuffer.fromMessages(abi, [{ level: 0, type: 2, payload: new Uint8Array(4) }]))
    expect(ControlBuffer.nextHeader(abi, view, undefined)).toBe(0)
    expect(ControlBuffer.nextHeader(abi, undefined, undefined)).toBeUndefined()
    expect(ControlBuffer.nextHeader(abi, undefined, 0)).toBeUndefined()
    for (const header of [-1, -16, 1, view.byteLength - abi.cmsghdr.size + 1, view.byteLength, 2 ** 40])
      expect(ControlBuffer.nextHeader(abi, view, header), String(header)).toBeUndefined()
  })

  it.each(everyAbi)("%s: the walk ends at a length below a header's or beyond the buffer", (_, abi) => {
    const { first } = behindAMessage(abi, 0n)
    for (const declared of [0n, 1n, BigInt(abi.cmsghdr.size) - 1n, 49n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 64n - 1n]) {
      const view = viewOf(behindAMessage(abi, declared).bytes)
      expect(ControlBuffer.nextHeader(abi, view, 0)).toBe(first)
      expect(ControlBuffer.nextHeader(abi, view, first), String(declared)).toBeUndefined()
    }
  })

  it("length(1) counts the header's padding only: 17 on LP64, 13 on ILP32 and Darwin", () => {
    const lengths = Object.fromEntries(abis.map((abi) => [abi.name, ControlBuffer.length(abi, 1)]))
    expect(lengths).toEqual({
      "winsock-x64": 17,
      "winsock-ia32": 13,
      "winsock-arm64": 17,
      "linux-glibc-64": 17,
      "linux-glibc-32": 13,
      "linux-musl-64": 17,
      "linux-musl-32": 13,
      "darwin-64": 13
    })
  })

  it.each(everyAbi)("%s: space is the length rounded up to alignment; data follows the header", (_, abi) => {
    const { align, size } = abi.cmsghdr
    const header = ControlBuffer.headerSize(abi)
    expect(header).toBe(ControlBuffer.data(abi, 0))
    expect(header).toBe(ControlBuffer.space(abi, 0))
    expect(header % align).toBe(0)
    expect(header).toBeGreaterThanOrEqual(size)
    for (let payload = 0; payload <= 4096; payload++) {
      const [space, length] = [ControlBuffer.space(abi, payload), ControlBuffer.length(abi, payload)]
      const lawful = space % align === 0 && space >= length && space - length < align && length - header === payload
      if (!lawful) expect.fail(`payload ${payload}: space ${space}, length ${length}`)
    }
    expect(ControlBuffer.data(abi, 48)).toBe(48 + header)
  })
})

describe("writing", () => {
  const messages = FastCheck.array(
    FastCheck.record({
      level: FastCheck.integer(),
      type: FastCheck.integer(),
      payload: FastCheck.uint8Array({ maxLength: 80 })
    }),
    { maxLength: 8 }
  )

  it.each(everyAbi)("%s: any messages are read as written, each in exactly its space", (_, abi) => {
    FastCheck.assert(
      FastCheck.property(messages, (list) => {
        const bytes = ControlBuffer.fromMessages(abi, list)
        expect(bytes.length).toBe(list.reduce((sum, { payload }) => sum + ControlBuffer.space(abi, payload.length), 0))
        expect(ControlBuffer.toMessages(abi, bytes)).toEqual({ messages: list, malformed: undefined })
      })
    )
  })

  it.each(everyAbi)("%s: a written message clears its padding and touches no other byte", (_, abi) => {
    for (let payload = 0; payload <= 17; payload++) {
      const space = ControlBuffer.space(abi, payload)
      const bytes = new Uint8Array(8 + space + 8).fill(0xff)
      const message = { level: 0, type: 1, payload: new Uint8Array(payload).fill(0xb9) }
      expect(ControlBuffer.writeMessage(abi, viewOf(bytes), 8, message)).toBe(8 + space)
      expect(hex(bytes)).toBe(`${"ff".repeat(8)}${hex(ControlBuffer.fromMessages(abi, [message]))}${"ff".repeat(8)}`)
    }
  })

  it("musl: the pad after its 4-byte cmsg_len is zero, because the kernel reads 8", () => {
    const bytes = new Uint8Array(16).fill(0xff)
    ControlBuffer.writeHeader(Abi.linuxMusl64, viewOf(bytes), 0, 1, 2, 4)
    expect(hex(bytes)).toBe("14000000000000000100000002000000")
  })

  it("a field keeps a written number, even one of more than 32 bits", () => {
    const view = new DataView(new ArrayBuffer(16))
    for (const value of [0, 1, 0xffffffff, 0x100000000, 0x1_0000_0014, Number.MAX_SAFE_INTEGER]) {
      ControlBuffer.writeField(view, 4, { at: 3, bytes: 8 }, value)
      expect(ControlBuffer.readField(view, 4, { at: 3, bytes: 8 })).toBe(value)
      expect(view.getBigUint64(7, true)).toBe(BigInt(value))
    }
  })
})

describe("reading", () => {
  it.each(everyAbi)("%s: an empty buffer has no message and is not malformed", (_, abi) => {
    expect(walk(abi, new Uint8Array(0))).toEqual({ found: [], malformed: undefined })
    expect(walk(abi, new Uint8Array(64), 64, 0)).toEqual({ found: [], malformed: undefined })
    expect(walk(abi, new Uint8Array(64), 80, 24)).toEqual({ found: [], malformed: undefined })
  })

  it.each(everyAbi)("%s: less than a header is a malformed tail", (_, abi) => {
    const { size } = abi.cmsghdr
    for (let bytes = 1; bytes < size; bytes++)
      expect(walk(abi, new Uint8Array(bytes))).toEqual({
        found: [],
        malformed: { malformed: `${bytes} bytes are left, a header takes ${size}`, offset: 0 }
      })
  })

  it.each(everyAbi)("%s: a length below a header's is malformed at its offset; earlier messages stay", (_, abi) => {
    const header = ControlBuffer.headerSize(abi)
    for (const declared of [0, 1, header - 1]) {
      const { bytes, first } = behindAMessage(abi, BigInt(declared))
      expect(walk(abi, bytes)).toEqual({
        found: [{ level: 0, type: 2, payload: "40000000" }],
        malformed: {
          malformed: `a message declares ${declared} bytes, its header alone takes ${header}`,
          offset: first
        }
      })
    }
  })

  it.each(everyAbi)("%s: a length beyond the buffer is malformed, by one byte or by almost 2^64", (_, abi) => {
    const wide = abi.cmsghdr.length.bytes === 8
    for (const declared of [
      49n,
      2n ** 31n,
      2n ** 32n - 1n,
      ...(wide ? [2n ** 32n + 20n, 2n ** 53n + 1n, 2n ** 64n - 1n] : [])
    ]) {
      const { bytes, first } = behindAMessage(abi, declared)
      expect(walk(abi, bytes)).toEqual({
        found: [{ level: 0, type: 2, payload: "40000000" }],
        malformed: { malformed: `a message declares ${Number(declared)} bytes, 48 are left`, offset: first }
      })
    }
  })

  it.each(everyAbi)("%s: 2^32 + 20 is never read as 20 if the length has 64 bits", (_, abi) => {
    const room = ControlBuffer.space(abi, 20 - ControlBuffer.headerSize(abi))
    const { bytes, first } = behindAMessage(abi, 2n ** 32n + 20n, room)
    const malformed = { malformed: `a message declares 4294967316 bytes, ${room} are left`, offset: first }
    expect(walk(abi, bytes).malformed).toEqual(abi.cmsghdr.length.bytes === 8 ? malformed : undefined)
  })

  it.each(everyAbi)("%s: a last message without its padding is complete, one byte less is cut", (_, abi) => {
    const bytes = ControlBuffer.fromMessages(abi, [{ level: 41, type: 67, payload: Uint8Array.of(0xb9) }])
    const length = ControlBuffer.length(abi, 1)
    expect(walk(abi, bytes, 0, length)).toEqual({
      found: [{ level: 41, type: 67, payload: "b9" }],
      malformed: undefined
    })
    expect(walk(abi, bytes, 0, length - 1).malformed).toEqual({
      malformed: `a message declares ${length} bytes, ${length - 1} are left`,
      offset: 0
    })
  })

  it.each(everyAbi)("%s: bytes after the given length are not read, although the view has them", (_, abi) => {
    const one = { level: 1, type: 40, payload: Uint8Array.of(5, 0, 0, 0) }
    const bytes = ControlBuffer.fromMessages(abi, [one, one, one])
    const space = ControlBuffer.space(abi, 4)
    expect(walk(abi, bytes, space, space).found).toHaveLength(1)
    expect(walk(abi, bytes, space, 2 ** 40).found).toHaveLength(2)
  })

  it("negative levels and types are signed, as in C", () => {
    const bytes = ControlBuffer.fromMessages(Abi.linuxGlibc64, [{ level: -1, type: -5, payload: new Uint8Array(0) }])
    expect(walk(Abi.linuxGlibc64, bytes).found).toEqual([{ level: -1, type: -5, payload: "" }])
  })

  it("a cursor that is reset forgets the earlier malformed tail", () => {
    const cursor = new ControlBuffer.Cursor(Abi.linuxGlibc64)
    cursor.reset(new DataView(new ArrayBuffer(20)), 0, 20)
    expect(cursor.next()).toBe(false)
    expect(cursor.malformed).toBeDefined()
    cursor.reset(
      viewOf(ControlBuffer.fromMessages(Abi.linuxGlibc64, [{ level: 0, type: 2, payload: new Uint8Array(4) }])),
      0,
      24
    )
    expect(cursor.malformed).toBeUndefined()
    expect([cursor.next(), cursor.next()]).toEqual([true, false])
    expect(cursor.malformed).toBeUndefined()
  })

  const runs = 100_000
  it.each(everyAbi)(`%s: ${runs} random buffers: no exception, no outside read, always an end`, (name, abi) => {
    const next = random(0x5eed + name.length * 7919 + name.charCodeAt(name.length - 1))
    const view = new Watched(new ArrayBuffer(256))
    const header = ControlBuffer.headerSize(abi)
    const cursor = new ControlBuffer.Cursor(abi)
    const seen = { whole: 0, several: 0, malformed: 0 }
    for (let run = 0; run < runs; run++) {
      const at = next(48)
      const bytes = fill(view, abi, at, next)
      // Sometimes the given length is larger than the buffer.
      const claimed = next(16) === 0 ? 1000 : bytes
      const end = Math.min(at + claimed, view.byteLength)
      view.allow(at, end)
      const wrong = (what: string) =>
        expect.fail(`run ${run}, ${bytes} bytes at ${at}: ${what}: ${hex(new Uint8Array(view.buffer, at, end - at))}`)
      cursor.reset(view, at, claimed)
      let walked = at
      let messages = 0
      while (cursor.next()) {
        const { payloadAt, payloadLength } = cursor
        if (cursor.header !== walked || payloadAt !== walked + header)
          wrong(`a header at ${cursor.header}, not at ${walked}`)
        if (!(payloadLength >= 0 && payloadAt + payloadLength <= end))
          wrong(`a payload up to ${payloadAt + payloadLength}`)
        walked = payloadAt + Math.ceil(payloadLength / abi.cmsghdr.align) * abi.cmsghdr.align
        if (++messages * header > end - at) wrong("no end")
      }
      const { malformed } = cursor
      if (view.outside !== undefined) wrong(view.outside)
      if (
        malformed === undefined
          ? walked < end
          : malformed.offset !== walked || walked >= end || malformed.malformed === ""
      )
        wrong(`the walk ends at ${walked}, malformed: ${JSON.stringify(malformed)}`)
      if (cursor.next() || cursor.malformed !== malformed) wrong("it goes on behind the end")
      if (malformed === undefined) seen.whole++
      else seen.malformed++
      if (messages > 1) seen.several++
    }
    // The random buffers reach every case.
    for (const [what, times] of Object.entries(seen)) expect(times, what).toBeGreaterThan(runs / 20)
    expect(view.reads).toBeGreaterThan(runs)
  })

  it.each(everyAbi)("%s: the macros read nothing outside either, and advance by a header or more", (_, abi) => {
    const next = random(0xc0ffee)
    for (let run = 0; run < 5_000; run++) {
      const whole = new Watched(new ArrayBuffer(256))
      const bytes = fill(whole, abi, 0, next)
      const view = new Watched(whole.buffer, 0, bytes)
      view.allow(0, bytes)
      let header = ControlBuffer.firstHeader(abi, view)
      while (header !== undefined) {
        const following = ControlBuffer.nextHeader(abi, view, header)
        if (following !== undefined && following < header + abi.cmsghdr.size)
          expect.fail(`run ${run}: ${header}, ${following}`)
        header = following
      }
      if (view.outside !== undefined) expect.fail(view.outside)
    }
  })
})

/** Writes one of three kinds of control buffer at an offset and returns its size: noise, headers with hostile lengths, or valid ones with errors. */
function fill(view: Watched, abi: Abi, at: number, next: (below: number) => number): number {
  const words = new Uint32Array(view.buffer)
  for (let i = 0; i < words.length; i++) words[i] = next(0x100000000)
  const kind = next(4)
  if (kind === 0) return next(160)
  const header = ControlBuffer.headerSize(abi)
  let end = at
  const messages = next(6)
  for (let i = 0; i < messages && end < at + 130; i++) {
    const payload = next(24)
    ControlBuffer.writeHeader(abi, view, end, next(50), next(80), payload)
    if (kind === 1 && next(3) === 0) {
      const low = [0, 1, header - 1, header, header + payload + 1, 200 - end, 0x7fffffff, 0x80000000, 0xffffffff, 20]
      const high = [0, 0, 1, 0xffffffff]
      view.setUint32(end, low[next(low.length)] ?? 0, true)
      if (abi.cmsghdr.length.bytes === 8) view.setUint32(end + 4, high[next(high.length)] ?? 0, true)
    }
    end += ControlBuffer.space(abi, payload)
  }
  // Flipped bits, and an end that is too early or too late.
  if (kind === 2) for (let i = next(4); i > 0; i--) view.setUint8(at + next(end - at + 1), next(256))
  return Math.max(0, end - at + (next(3) === 0 ? next(24) - 12 : 0))
}
