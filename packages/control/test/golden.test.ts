import { type Abi, abis, ControlBuffer, Ipv6Address, type Platform } from "@ancillary/control"
import { describe, expect, it } from "vitest"
import * as Linux from "../src/platform/linux.ts"
import * as Winsock from "../src/platform/winsock.ts"
import { eventsOf, messageSent, valuesOf } from "./goldenValues.ts"
import { arrivals, builtIns, families, fits, type RowFamily } from "./messages.ts"
import { abiNamed, fromHex, hex, type Vectors, vectors, viewOf } from "./vectors.ts"

const constantsOf: { readonly [P in Platform]?: { readonly [name: string]: number } } = {
  linux: Linux,
  winsock: Winsock
}

/** Constants that a system's headers lack, though its kernel knows them. */
const newerThanWindows = ["UDP_SEND_MSG_SIZE", "UDP_RECV_MAX_COALESCED_SIZE", "UDP_COALESCED_INFO"]
const newerThanLinux = ["SO_RCVPRIORITY", "SO_PASSPIDFD", "SCM_PIDFD"]
const notInHeaders: { readonly [abi: string]: ReadonlyArray<string> } = {
  "linux-glibc-64": newerThanLinux,
  "linux-glibc-32": newerThanLinux,
  "linux-musl-64": [
    ...newerThanLinux,
    "SO_RCVMARK",
    "IPV6_RECVERR_RFC4884",
    "IPV6_FLOWINFO",
    "SO_TIMESTAMPNS_OLD",
    "SO_TIMESTAMPNS_NEW",
    "SO_TIMESTAMPING_OLD",
    "SO_TIMESTAMPING_NEW",
    "SOF_TIMESTAMPING_TX_SOFTWARE",
    "SOF_TIMESTAMPING_TX_SCHED",
    "SOF_TIMESTAMPING_OPT_ID",
    "SOF_TIMESTAMPING_OPT_TSONLY",
    "SOF_TIMESTAMPING_RX_HARDWARE",
    "SOF_TIMESTAMPING_RX_SOFTWARE",
    "SOF_TIMESTAMPING_SOFTWARE",
    "SOF_TIMESTAMPING_RAW_HARDWARE"
  ],
  "winsock-x64": newerThanWindows,
  "winsock-ia32": newerThanWindows,
  "winsock-arm64": newerThanWindows
}

/** Deliberate differences from a macro, with our result. In all other cases the results are equal. */
const differently = (abi: string, walk: string): { readonly ours: number | undefined } | undefined =>
  abi.startsWith("winsock")
    ? {
        // Winsock: the macro trusts cmsg_len, so a walk over one of the first two stays on its header for ever.
        "a message that declares nothing": { ours: undefined },
        "a message that declares all bits": { ours: undefined },
        // Winsock: … and goes on inside of the header that it is at.
        "a message that declares less than a header": { ours: undefined }
      }[walk]
    : abi === "linux-musl-64"
      ? // musl: CMSG_NXTHDR requires more than a bare header at the very end. The kernel may deliver one (an empty payload), and glibc finds it.
        { "a second header without payload, at the very end": { ours: 24 } }[walk]
      : undefined

/** Decodes a buffer with the rows of the built-in messages, in its order: the messages of datagrams, or the events. */
const readAll = (golden: Vectors, bytes: Uint8Array, families: ReadonlyArray<RowFamily>, events = false) => {
  const abi = abiNamed(golden.abi)
  const cursor = new ControlBuffer.Cursor(abi)
  const view = viewOf(bytes)
  cursor.reset(view, 0, bytes.length)
  const values: Array<readonly [string, unknown]> = []
  while (cursor.next())
    for (const family of families)
      for (const message of builtIns)
        for (const { event, level, payload, type } of arrivals(message, abi.platform, family)) {
          if (level !== cursor.level || type !== cursor.type || (event !== undefined) !== events) continue
          expect(fits(payload.size, cursor.payloadLength), `the size of ${message.key}`).toBe(true)
          const value = payload.read(view, cursor.payloadAt, cursor.payloadLength)
          // An event is undefined if the bytes belong to another event.
          if (value !== undefined) values.push([message.key, value])
        }
  expect(cursor.malformed).toBeUndefined()
  return values
}

/** `ipv4 received by Windows 10 1607: pktInfo hopLimit` → what it is, and the tokens. */
const parseName = (name: string) => {
  const [what = "", contents = ""] = name.split(": ")
  const [family = "", direction = ""] = what.split(" ")
  return { family, direction, tokens: contents.split(" ") }
}

it("an ABI claims a proof by headers or by a run only if it has golden vectors", () => {
  const proven = abis.filter(({ proof }) => proof !== "documentation").map(({ name }) => name)
  expect(proven.toSorted()).toEqual(vectors.map(({ abi }) => abi).toSorted())
})

for (const golden of vectors) {
  const abi = abiNamed(golden.abi)
  describe(golden.abi, () => {
    it("has every size and offset of the structures in the compiler", () => {
      const { controlLimit: _limit, name, platform, proof: _proof, ...layout }: Abi = abi
      expect({ ...layout, mmsghdr: layout.mmsghdr ?? null }).toStrictEqual(golden.layout)
      expect(name.startsWith(platform)).toBe(true)
    })

    it("has the macros' space and length for payloads of 0 to 64 bytes", () => {
      const payloads = Array.from({ length: 65 }, (_, payload) => payload)
      expect(payloads.map((payload) => ControlBuffer.length(abi, payload))).toEqual(golden.macros.length)
      expect(payloads.map((payload) => ControlBuffer.space(abi, payload))).toEqual(golden.macros.space)
    })

    it.each(golden.macros.first)("finds the first header as the macro does: $name", ({ bytesHex, result }) => {
      expect(ControlBuffer.firstHeader(abi, viewOf(fromHex(bytesHex))) ?? null).toBe(result)
    })

    it.each(golden.macros.next)("goes on to the next header: $name", ({ at, bytesHex, name, result }) => {
      const ours = ControlBuffer.nextHeader(abi, viewOf(fromHex(bytesHex)), at ?? undefined)
      const exempt = differently(golden.abi, name)
      expect(ours ?? null).toBe(exempt === undefined ? result : (exempt.ours ?? null))
      // An exemption that is no longer needed must be removed.
      if (exempt !== undefined) expect(ours ?? null).not.toBe(result)
    })

    it("has the numbers of the headers", () => {
      const numbers = Object.entries(constantsOf[abi.platform] ?? {})
      const lacking = notInHeaders[golden.abi] ?? []
      expect(numbers.length).toBeGreaterThan(20)
      for (const [name, number] of numbers)
        expect(golden.constants[name], name).toBe(lacking.includes(name) ? undefined : number)
      const { AF_INET: ipv4, AF_INET6: ipv6, AF_UNIX: unix } = golden.constants
      expect(abi.family).toEqual({ ipv4, ipv6, unix })
    })

    it.each(golden.buffers)("walks $name and writes it again byte for byte", ({ bytes, controlLength, messages }) => {
      const raw = messages.map(({ level, payload, type }) => ({ level, type, payload: fromHex(payload) }))
      expect(ControlBuffer.toMessages(abi, fromHex(bytes))).toEqual({ messages: raw, malformed: undefined })
      expect(hex(ControlBuffer.fromMessages(abi, raw))).toBe(bytes)
      expect(raw.map(({ payload }) => ControlBuffer.length(abi, payload.length))).toEqual(
        messages.map(({ length }) => length)
      )
      expect(raw.reduce((sum, { payload }) => sum + ControlBuffer.space(abi, payload.length), 0)).toBe(controlLength)
    })

    it.each(golden.buffers)("finds the payloads by the macros in $name", ({ bytes, messages }) => {
      const view = viewOf(fromHex(bytes))
      const found: Array<string> = []
      let header = ControlBuffer.firstHeader(abi, view)
      while (header !== undefined) {
        const at = ControlBuffer.data(abi, header)
        const length = ControlBuffer.readField(view, header, abi.cmsghdr.length)
        found.push(bytes.slice(2 * at, 2 * (header + length)))
        header = ControlBuffer.nextHeader(abi, view, header)
      }
      expect(found).toEqual(messages.map(({ payload }) => payload))
    })

    const received = golden.buffers.filter(({ name }) => parseName(name).direction === "received")
    it.each(received)("reads the values that the C program wrote: $name", ({ bytes, name }) => {
      const { family, tokens } = parseName(name)
      if (family === "dual") {
        // The destination occurs twice: mapped into IPv6, then in the complete IPv4 message.
        const mapped = { destination: Ipv6Address.parse("::ffff:198.51.100.2"), local: undefined, interfaceIndex: 7 }
        const ipv4 = tokens.flatMap((token) => valuesOf(token, abi.platform, "ipv4"))
        expect(readAll(golden, fromHex(bytes), ["ipv4", "ipv6"])).toEqual([["pktInfo", mapped], ...ipv4])
        return
      }
      const one = families.find((each) => each === family) ?? "ipv6"
      const expected = tokens.flatMap((token) => valuesOf(token, abi.platform, one))
      expect(readAll(golden, fromHex(bytes), [one])).toEqual(expected)
    })

    const told = golden.buffers.filter(({ name }) => parseName(name).direction === "told")
    it.runIf(told.length > 0).each(told)("reads the event that the C program wrote: $name", ({ bytes, name }) => {
      const { family, tokens } = parseName(name)
      const one = family === "ipv4" ? "ipv4" : "ipv6"
      const expected = tokens.flatMap((token) => eventsOf(token, one))
      expect(expected.length).toBeGreaterThan(0)
      expect(readAll(golden, fromHex(bytes), [one], true)).toEqual(expected)
    })

    const sendable = golden.buffers.filter(({ name }) => parseName(name).direction === "sent")
    it.each(sendable)("writes the bytes that the C program would pass to the kernel: $name", ({ bytes, name }) => {
      const { family, tokens } = parseName(name)
      const one = families.find((each) => each === family) ?? "ipv6"
      const messages = tokens.map((token) => messageSent(token, abi.platform, one))
      expect(hex(ControlBuffer.fromMessages(abi, messages))).toBe(bytes)
    })
  })
}
