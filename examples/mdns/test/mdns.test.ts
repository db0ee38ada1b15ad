import { Ipv4Address, Ipv6Address, parseAddress } from "@ancillary/control"
import * as dns from "dns-packet"
import { describe, expect, it } from "vitest"
import { mutations } from "../../../packages/fuzz/src/mutate.ts"
import { stepsOf } from "../../../packages/fuzz/src/steps.ts"
import { decodeQuery, encodeName, encodeResponse, type } from "../src/message.ts"
import { isOnLink } from "../src/responder.ts"
import { announcement, answerTo, recordsOf } from "../src/service.ts"

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(/\s/g, ""), "hex"))

/** Queries of avahi-daemon 0.8 for `_http._tcp.local`, as they crossed a link: without and with a known answer, which is compressed. */
const asking = hex("0000 0000 0001 0000 0000 0000 055f68747470045f746370056c6f63616c00 000c 0001")
const knowing = hex(`0000 0000 0001 0001 0000 0000 055f68747470045f746370056c6f63616c00 000c 0001
  c00c 000c 0001 00001194 0014 11412070616765206f66207072696e746572 c00c`)
/** A query of the daemon for its own names, with two questions and two authorities. */
const probing = hex(`0000 0000 0002 0000 0002 0000 0132013102373702313007696e2d6164647204617270610000ff0001
  066f6666696365056c6f63616c0000ff0001 c028000100010000007800040a4d0102 c00c000c0001000000780002c028`)

const service = {
  host: "printer.local",
  instance: "A page of printer",
  type: "_http._tcp.local",
  port: 8080,
  text: ["path=/"]
}
const addresses = [Ipv4Address.of(10, 77, 1, 1), Ipv6Address.of([0xfd77, 0, 0, 0, 0, 0, 0, 1])]
const all = recordsOf(service, addresses)
const known = decodeQuery(knowing)?.known ?? []
const ask = (name: string, kind: number) => ({ id: 7, questions: [{ name, type: kind, unicast: false }], known: [] })
const answered = (bytes: Uint8Array) => {
  const query = decodeQuery(bytes)
  return query === undefined ? undefined : answerTo(all, query, false)
}

describe("messages of multicast DNS", () => {
  it("a query of avahi-daemon has its question and its known answer", () => {
    const questions = [{ name: "_http._tcp.local", type: type.PTR, unicast: false }]
    expect(decodeQuery(asking)).toEqual({ id: 0, questions, known: [] })
    const data = encodeName("A page of printer._http._tcp.local")
    expect(decodeQuery(knowing)).toEqual({
      id: 0,
      questions,
      known: [{ name: "_http._tcp.local", type: type.PTR, ttl: 4500, data }]
    })
  })

  it("the questions of a probe are read, and its authorities are not", () => {
    expect(decodeQuery(probing)?.questions.map(({ name }) => name)).toEqual(["2.1.77.10.in-addr.arpa", "office.local"])
  })

  it("the highest bit of the class asks for a unicast answer", () => {
    expect(decodeQuery(asking.with(32, 0x80))?.questions[0]?.unicast).toBe(true)
  })

  it("a response, another opcode and a cut query are no queries", () => {
    expect(decodeQuery(asking.with(2, 0x84))).toBeUndefined()
    expect(decodeQuery(asking.with(2, 0x08))).toBeUndefined()
    for (let size = 0; size < asking.length; size++) expect(decodeQuery(asking.subarray(0, size))).toBeUndefined()
  })

  it.each([
    ["to itself", "c00c"],
    ["ahead", "c00e 0000"],
    ["in a circle", "0161 c00c"],
    ["beyond the end", "ffff"],
    ["of one byte", "c0"]
  ])("a pointer %s makes no name", (_, name) => {
    expect(decodeQuery(hex(`0000 0000 0001 0000 0000 0000 ${name}`))).toBeUndefined()
    expect(decodeQuery(hex(`0000 0000 0001 0000 0000 0000 ${name} 00ff 0001`))).toBeUndefined()
  })

  it("a name of 255 bytes is read, and a longer one is refused", () => {
    const name = (...sizes: ReadonlyArray<number>) => sizes.map((size) => Buffer.alloc(size + 1, size)).map(String)
    const query = (...sizes: ReadonlyArray<number>) =>
      decodeQuery(
        hex(`0000 0000 0001 0000 0000 0000 ${Buffer.from(name(...sizes).join("")).toString("hex")} 00 0001 0001`)
      )
    expect(query(63, 63, 63, 61)?.questions).toHaveLength(1)
    expect(query(63, 63, 63, 62)).toBeUndefined()
  })

  it("a dot within a label is no separator", () => {
    expect(decodeQuery(hex("0000 0000 0001 0000 0000 0000 03612e62 00 0001 0001"))?.questions[0]?.name).toBe("a\\.b")
    expect(Buffer.from(encodeName("a\\.b.c")).toString("latin1")).toBe("\x03a.b\x01c\0")
  })

  it("an announcement is read by another decoder with each record and its flag", () => {
    const { answers } = dns.decode(Buffer.from(encodeResponse(announcement(all))))
    expect(answers).toMatchObject([
      { name: "_services._dns-sd._udp.local", type: "PTR", ttl: 4500, flush: false, data: "_http._tcp.local" },
      { name: "_http._tcp.local", type: "PTR", flush: false, data: "A page of printer._http._tcp.local" },
      { name: "A page of printer._http._tcp.local", type: "SRV", ttl: 120, flush: true, data: { port: 8080 } },
      { name: "A page of printer._http._tcp.local", type: "TXT", flush: true, data: [Buffer.from("path=/")] },
      { name: "printer.local", type: "A", ttl: 120, flush: true, data: "10.77.1.1" },
      { name: "printer.local", type: "AAAA", ttl: 120, flush: true, data: "fd77::1" }
    ])
  })
})

describe("the answer to a query", () => {
  it("for a type of service has the records that a browser asks for next", () => {
    const response = answered(asking)
    expect(response?.answers.map(({ type }) => type)).toEqual([type.PTR])
    expect(response?.additionals.map(({ type }) => type)).toEqual([type.SRV, type.TXT, type.A, type.AAAA])
  })

  it("leaves out records that the peer has, while half of their time is left", () => {
    expect(known).toHaveLength(1)
    const pointer = all[1]?.records[0]
    const with_ = (ttl: number) => ({
      ...ask("_http._tcp.local", type.PTR),
      known: [{ name: "_http._tcp.local", type: type.PTR, ttl, data: pointer?.data ?? new Uint8Array() }]
    })
    expect(answerTo(all, with_(2250), false)).toBeUndefined()
    expect(answerTo(all, with_(2249), false)).toBeDefined()
  })

  it("is absent if avahi-daemon knows the service", () => {
    expect(answered(knowing)).toBeUndefined()
  })

  it("compares names without the case of ASCII letters", () => {
    expect(answerTo(all, ask("PRINTER.Local", type.A), false)?.answers).toHaveLength(1)
  })

  it("is absent for another name, and for a type that the name lacks", () => {
    expect(answered(probing)).toBeUndefined()
    expect(answerTo(all, ask("printer.local", type.TXT), false)).toBeUndefined()
  })

  it("to a plain resolver has its id, its question, short times and no flags", () => {
    const response = answerTo(all, ask("printer.local", type.ANY), true)
    expect(response).toMatchObject({ id: 7, questions: [{ name: "printer.local" }] })
    expect(response?.answers.map(({ ttl, unique }) => [ttl, unique])).toEqual([
      [10, false],
      [10, false]
    ])
    expect(answerTo(all, ask("printer.local", type.ANY), false)).toMatchObject({ id: 0, questions: [] })
  })
})

describe("a peer", () => {
  const parse = (text: string) => {
    const address = parseAddress(text)
    if ("malformed" in address) throw new Error(address.malformed)
    return address
  }
  it.each([
    ["10.77.1.1/24", "10.77.1.200", true],
    ["10.77.1.1/24", "10.77.2.1", false],
    ["10.77.1.1/25", "10.77.1.127", true],
    ["10.77.1.1/25", "10.77.1.128", false],
    ["10.77.1.1/32", "10.77.1.1", true],
    ["10.77.1.1/32", "10.77.1.0", false],
    ["10.77.1.1/0", "192.0.2.1", true],
    ["fd77:1::1/64", "fd77:1::ffff:0:0:1", true],
    ["fd77:1::1/64", "fd77:1:0:1::1", false],
    ["10.77.1.1/0", "fd77:1::1", false]
  ])("of a link with %s: %s is on it: %s", (own, peer, expected) => {
    const [address = "", prefix = ""] = own.split("/")
    expect(isOnLink({ addresses: [{ address: parse(address), prefix: Number(prefix) }] }, parse(peer))).toBe(expected)
  })
})

describe("hostile datagrams", () => {
  const samples = [asking, knowing, probing, encodeResponse(announcement(all))]

  it("100,000 of them: none throws", () => {
    let bytesSent = 0
    for (const bytes of mutations(samples)) {
      const response = answered(bytes)
      if (response !== undefined) bytesSent += encodeResponse(response).length
    }
    expect(bytesSent).toBeGreaterThan(0)
  })

  it("the steps of a name are limited, so those of a datagram grow with its size", () => {
    const steps = (bytes: Uint8Array) => stepsOf(decodeQuery, bytes)
    // A chain of pointers, each to the one before, and questions that all begin at its end.
    const chain = (size: number) => {
      const bytes = new Uint8Array(size)
      bytes.set(hex("0000 0000 ffff 0000 0000 0000 0161 00"))
      const middle = 12 + Math.floor((size - 12) / 4) * 2
      for (let at = 16; at < middle; at += 2) bytes.set([0xc0 | ((at - 2) >> 8), (at - 2) & 255], at)
      return bytes
    }
    // Questions whose names are as long as a name can be.
    const long = (size: number) => {
      const bytes = new Uint8Array(size)
      bytes.set(hex("0000 0000 ffff 0000 0000 0000"))
      for (let at = 12; at < 12 + 252; at += 2) bytes.set([1, 0x61], at)
      bytes.set([0, 0, 1, 0, 1], 12 + 252)
      for (let at = 12 + 257; at + 6 <= size; at += 6) bytes.set([0xc0, 12, 0, 1, 0, 1], at)
      return bytes
    }
    for (const make of [chain, long]) {
      const [few, many] = [steps(make(2000)), steps(make(8000))]
      expect(many).toBeLessThan(few * 4 * 1.5)
    }
    for (const bytes of mutations(samples, { count: 300 })) expect(steps(bytes)).toBeLessThan(bytes.length * 150 + 200)
  })
})
