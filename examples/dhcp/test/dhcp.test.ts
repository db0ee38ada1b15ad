import { Ipv4Address } from "@ancillary/control"
import { describe, expect, it } from "vitest"
import { mutations } from "../../../packages/fuzz/src/mutate.ts"
import { stepsOf } from "../../../packages/fuzz/src/steps.ts"
import { Leases } from "../src/leases.ts"
import { decodeRequest, encodeReply, kind } from "../src/message.ts"
import { answer } from "../src/server.ts"

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(/\s/g, ""), "hex"))
const zeros = (count: number) => "00".repeat(count)

/** Requests of udhcpc 1.35.0, as they crossed a link. */
const header = `01 01 06 00 04978b3c 0000 0000 ${zeros(16)} eabfec38d08d ${zeros(10 + 64 + 128)} 63825363`
const identity = "39020240 37070103060c0f1c2a 3c0c756468637020312e33352e30 3d0701eabfec38d08d ff"
const discover = hex(`${header} 350101 ${identity} ${zeros(20)}`)
const select = hex(`${header} 350103 32040a4d0164 36040a4d0101 ${identity} ${zeros(8)}`)

const network = { address: Ipv4Address.of(10, 77, 1, 1), prefix: 24 }
const client = "01eabfec38d08d"
const first = Ipv4Address.of(10, 77, 1, 100)
const decoded = (bytes: Uint8Array) => {
  const request = decodeRequest(bytes)
  if (request === undefined) throw new Error("no request")
  return request
}

describe("messages of DHCP", () => {
  it("the requests of udhcpc have their kind, client, address and server", () => {
    const none = Ipv4Address.unspecified
    expect(decodeRequest(discover)).toMatchObject({ kind: kind.discover, client, clientAddress: none, relay: none })
    expect(decodeRequest(discover)).toMatchObject({ requested: undefined, server: undefined })
    expect(decodeRequest(select)).toMatchObject({
      kind: kind.request,
      client,
      requested: first,
      server: network.address
    })
  })

  it("a client without an identifier is known by its hardware address", () => {
    expect(decodeRequest(hex(`${header} 350101 ff`))?.client).toBe("eabfec38d08d")
  })

  it("the bytes of an acknowledgement are those of RFC 2131", () => {
    const reply = { kind: kind.acknowledge, server: network.address, address: first, prefix: 24, leaseTime: 3600 }
    expect(Buffer.from(encodeReply(decoded(select), reply)).toString("hex")).toBe(
      Buffer.from(
        hex(`02 01 06 00 04978b3c 0000 0000 ${zeros(4)} 0a4d0164 ${zeros(8)} eabfec38d08d ${zeros(10 + 64 + 128)} 63825363
          350105 36040a4d0101 330400000e10 0104ffffff00 ff ${zeros(38)}`)
      ).toString("hex")
    )
  })

  it("a reply, another cookie and a missing kind are no requests", () => {
    expect(decodeRequest(discover.with(0, 2))).toBeUndefined()
    expect(decodeRequest(discover.with(236, 0))).toBeUndefined()
    expect(decodeRequest(hex(`${header} ff`))).toBeUndefined()
  })

  it.each([
    ["exceeds the end", "350101 3207 0a4d"],
    ["has no length", "350101 32"]
  ])("an option that %s makes no request", (_, options) => {
    expect(decodeRequest(hex(`${header} ${options}`))).toBeUndefined()
  })

  it("an address of another size than four bytes is absent", () => {
    expect(decodeRequest(hex(`${header} 350103 32050a4d016401 3600 ff`))).toMatchObject({ requested: undefined })
  })
})

describe("the replies", () => {
  const asking = (leases: Leases, bytes: Uint8Array, now = 0) => answer(decoded(bytes), network, leases, now)

  it("a client that asks is offered an address, gets it, and has it again", () => {
    const leases = new Leases(network)
    expect(asking(leases, discover)).toMatchObject({ kind: kind.offer, address: first, prefix: 24 })
    expect(asking(leases, select)).toMatchObject({ kind: kind.acknowledge, address: first })
    expect(asking(leases, discover, 3_599_000)).toMatchObject({ kind: kind.offer, address: first })
  })

  it("two clients have two addresses, and a wish counts if it is free", () => {
    const leases = new Leases(network)
    const wish = Ipv4Address.of(10, 77, 1, 120)
    expect(leases.offer("a", wish, 0)).toEqual(wish)
    expect(leases.offer("b", wish, 0)).toEqual(first)
    expect(leases.offer("c", Ipv4Address.of(10, 77, 2, 120), 0)).toEqual(Ipv4Address.of(10, 77, 1, 101))
  })

  it("an offer that is not taken, and a lease that ends, are given to others", () => {
    const leases = new Leases({ address: network.address, prefix: 25 })
    for (let i = 0; i < 27; i++) expect(leases.offer(`${i}`, undefined, 0)).toBeDefined()
    expect(leases.offer("late", undefined, 59_999)).toBeUndefined()
    expect(leases.take("0", first, 3_600_000, 59_999)).toBe(true)
    expect(leases.offer("late", undefined, 60_000)).toEqual(Ipv4Address.of(10, 77, 1, 101))
    expect(leases.take("later", first, 1, 3_659_998)).toBe(false)
    expect(leases.take("later", first, 1, 3_659_999)).toBe(true)
  })

  it("a request of another network or another client's address is refused", () => {
    const leases = new Leases({ address: Ipv4Address.of(10, 77, 2, 1), prefix: 24 })
    const renewing = { ...decoded(select), server: undefined }
    expect(answer(renewing, { address: Ipv4Address.of(10, 77, 2, 1), prefix: 24 }, leases, 0)?.kind).toBe(kind.refuse)
    const ours = new Leases(network)
    ours.offer("another", first, 0)
    expect(asking(ours, select)?.kind).toBe(kind.refuse)
  })

  it("a client of an earlier run keeps its address", () => {
    expect(asking(new Leases(network), select)).toMatchObject({ kind: kind.acknowledge, address: first })
  })

  it("a client that took the offer of another server gets no reply", () => {
    const request = { ...decoded(select), server: Ipv4Address.of(10, 77, 1, 2) }
    expect(answer(request, network, new Leases(network), 0)).toBeUndefined()
  })

  it("an address that was given back is free, and one that is in use elsewhere is not", () => {
    const leases = new Leases(network)
    asking(leases, select)
    answer({ ...decoded(select), kind: kind.release, clientAddress: first }, network, leases, 0)
    expect(leases.offer("next", first, 0)).toEqual(first)
    answer({ ...decoded(select), client: "next", kind: kind.decline }, network, leases, 0)
    expect(leases.offer("next", first, 0)).not.toEqual(first)
    expect(leases.offer("later", first, 600_000)).toEqual(first)
  })

  it("a client with an address from elsewhere gets the mask and no lease", () => {
    expect(answer({ ...decoded(select), kind: kind.inform }, network, new Leases(network), 0)).toEqual({
      kind: kind.acknowledge,
      server: network.address,
      prefix: 24
    })
  })
})

describe("hostile datagrams", () => {
  const samples = [discover, select, encodeReply(decoded(select), { kind: kind.offer, server: network.address })]

  it("of 100,000 none throws, and none leases an address outside the pool", () => {
    const leases = new Leases(network)
    let [now, outside, replies] = [0, 0, 0]
    for (const bytes of mutations(samples)) {
      const request = decodeRequest(bytes)
      const reply = request && answer(request, network, leases, (now += 100))
      if (request === undefined || reply === undefined) continue
      replies++
      encodeReply(request, reply)
      const last = (reply.address?.value ?? first.value) & 255
      if (last < 100 || last > 199) outside++
    }
    expect(outside).toBe(0)
    expect(replies).toBeGreaterThan(1000)
  })

  it("the steps of a request grow with its size", () => {
    const steps = (size: number): number => {
      const bytes = new Uint8Array(size)
      bytes.set(hex(`${header} 350101`))
      // Options without a payload, each of two bytes.
      for (let at = 243; at + 1 < size; at += 2) bytes[at] = 1 + (at % 250)
      return stepsOf(decodeRequest, bytes)
    }
    expect(steps(8243)).toBeLessThan(steps(1243) * 10)
  })
})
