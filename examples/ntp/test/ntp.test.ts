import { Datagram, serve, withPktInfo } from "@ancillary/socket"
import { describe, expect, it } from "vitest"
import { mutations } from "../../../packages/fuzz/src/mutate.ts"
import { requirement } from "../../../packages/testing/machine.ts"
import { exchange, measure, spec } from "../src/exchange.ts"
import { decodeAnswer, encodeRequest } from "../src/packet.ts"

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(/\s/g, ""), "hex"))

/** An answer of chronyd 4.3, as it crossed a link. */
const nonce = hex("3377d8fb7ce86a25")
const answer = hex(`
  24 03 00 e6 00000000 00000000 7f7f0101 eeb47ada559a42c3
  3377d8fb7ce86a25 eeb47adbcb687973 eeb47adbcb82e6c4`)

describe("packets of NTP", () => {
  it("a request has version 4, mode 3 and the nonce, and nothing else", () => {
    expect(Buffer.from(encodeRequest(nonce)).toString("hex")).toBe(`23${"00".repeat(39)}3377d8fb7ce86a25`)
  })

  it("an answer of chronyd has its times in nanoseconds since 1970", () => {
    expect(decodeAnswer(answer, nonce)).toEqual({
      kind: "answer",
      stratum: 3,
      rootDistance: 0n,
      receivedAt: 1_795_816_539_794_562_903n,
      sentAt: 1_795_816_539_794_966_147n
    })
  })

  it("a time of the second era is after 7 February 2036", () => {
    const bytes = Uint8Array.from(answer)
    bytes.set(hex("0000000080000000"), 40)
    expect(decodeAnswer(bytes, nonce)).toMatchObject({ sentAt: 2_085_978_496_500_000_000n })
  })

  it("root delay counts half, and root dispersion counts whole", () => {
    const bytes = Uint8Array.from(answer)
    bytes.set(hex("0000800000010000"), 4)
    expect(decodeAnswer(bytes, nonce)).toMatchObject({ rootDistance: 1_250_000_000n })
  })

  it.each([
    ["leap 3", 0, 0xe4],
    ["stratum 16", 1, 16]
  ])("a server with %s is not synchronized", (_, at, value) => {
    expect(decodeAnswer(answer.with(at, value), nonce)).toEqual({ kind: "refusal", code: "unsynchronized" })
  })

  it("a kiss of death has its code without characters that a terminal interprets", () => {
    const bytes = answer.with(1, 0)
    bytes.set(Buffer.from("RATE"), 12)
    expect(decodeAnswer(bytes, nonce)).toEqual({ kind: "refusal", code: "RATE" })
    bytes.set([0x1b, 0x5b, 0x32, 0x4a], 12)
    expect(decodeAnswer(bytes, nonce)).toEqual({ kind: "refusal", code: "[2J" })
  })

  it("another nonce, another mode or a missing byte is no answer", () => {
    expect(decodeAnswer(answer, nonce.with(7, 0))).toBeUndefined()
    expect(decodeAnswer(answer.with(0, 0x23), nonce)).toBeUndefined()
    expect(decodeAnswer(answer.subarray(0, 47), nonce)).toBeUndefined()
  })

  it("of 100,000 hostile datagrams none throws, and only those with the nonce count", () => {
    let [answers, forged] = [0, 0]
    for (const bytes of mutations([answer, encodeRequest(nonce)])) {
      if (decodeAnswer(bytes, nonce) === undefined) continue
      answers++
      if (nonce.some((byte, i) => byte !== bytes[24 + i])) forged++
    }
    expect(forged).toBe(0)
    expect(answers).toBeGreaterThan(1000)
  })
})

it("offset and delay follow from the four times", () => {
  // The server is 100 ahead, the way there takes 30, the way back 10, and the server 7.
  expect(measure(1000n, { ...times, receivedAt: 1130n, sentAt: 1137n }, 1047n)).toEqual({ offset: 110n, delay: 40n })
})
const times = { kind: "answer", stratum: 1, rootDistance: 0n } as const

const linux = requirement("the NTP example", process.platform === "linux", "Only Linux stamps what it sends.")

describe.runIf(linux)("an exchange", () => {
  it("takes the answer of the server behind hostile datagrams with its address", async () => {
    const bound = Datagram.ipv4.pipe(withPktInfo())
    await using server = await serve(bound, { address: "127.0.0.1", port: 0 }, async ({ data, ...request }, socket) => {
      const honest = Uint8Array.from(answer)
      honest.set(data.subarray(40, 48), 24)
      const hostile = [...mutations([answer], { count: 200, seed: 2 })]
      for (const bytes of hostile) await Datagram.reply(socket, { data, ...request }, bytes)
      await Datagram.reply(socket, { data, ...request }, honest)
    })
    await using socket = await Datagram.connect(spec, server.localAddress)
    for (let id = 1; id < 4; id++) {
      const result = await exchange(socket, id, AbortSignal.timeout(60_000))
      expect(result).toMatchObject({ kind: "exchange", answer: { stratum: 3 } })
    }
  })

  it("rejects with the reason of the signal if no answer comes, and can ask again", async () => {
    await using silent = await Datagram.bind(Datagram.ipv4, { address: "127.0.0.1", port: 0 })
    await using socket = await Datagram.connect(spec, silent.localAddress)
    const leaving = new AbortController()
    const asked = exchange(socket, 1, leaving.signal)
    const request = await silent.receive()
    leaving.abort(new Error("no patience"))
    await expect(asked).rejects.toThrow("no patience")
    const again = exchange(socket, 2, AbortSignal.timeout(60_000))
    const { data } = await silent.receive()
    const honest = Uint8Array.from(answer)
    honest.set(data.subarray(40, 48), 24)
    await silent.send({ data: honest, to: request.from })
    await expect(again).resolves.toMatchObject({ kind: "exchange" })
  })
})
