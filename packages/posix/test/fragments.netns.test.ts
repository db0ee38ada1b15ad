/** The fragments of a datagram, and the checksum of its payload. Loopback has neither. */
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { onPath, requirement } from "../../testing/machine.ts"
import { canMakeNamespaces, inside, run, startReading } from "./namespaces/network.ts"
import { makeRouted, type Routed } from "./namespaces/routed.ts"

const able = requirement(
  "datagrams that arrive in fragments",
  onPath("ip") && canMakeNamespaces(),
  "Run as root, with apt-get install -y iproute2 procps"
)

/** The ones' complement sum of 16-bit words in host order, folded as in the kernel (RFC 1071). */
const folded = (sum: number): number => (sum > 0xffff ? folded((sum >>> 16) + (sum & 0xffff)) : sum)
const sumOf = (payload: string): number =>
  folded(
    payload.split("").reduce((sum, char, i) => sum + (i % 2 === 0 ? char.charCodeAt(0) : char.charCodeAt(0) << 8), 0)
  )

describe.runIf(able)("over a cable", () => {
  let network: Routed
  let reading: Awaited<ReturnType<typeof startReading>>
  beforeAll(async () => {
    network = makeRouted()
    reading = await startReading(network.router, "observingFragments.ts")
  })
  afterAll(async () => {
    await reading.stop()
    network.remove()
  })
  const send = async (...wanted: ReadonlyArray<{ readonly to: string; readonly text: string }>) =>
    expect(await run(network.client, "sending.ts", JSON.stringify(wanted))).toBe(true)
  const [to4, to6] = ["10.78.1.1", "fd78:1::1"]
  const [from4, from6] = ["10.78.1.2", "fd78:1::2"]

  it("the size of the largest fragment, absent if the datagram was not fragmented", async () => {
    const text = "x".repeat(4000)
    await send({ to: to4, text: "whole" }, { to: to4, text })
    expect(await reading.lines(2)).toMatchObject([
      { from: from4, bytes: 5, fragmentSize: null },
      { from: from4, bytes: 4000, fragmentSize: 1500 }
    ])
    await send({ to: to6, text: "whole" }, { to: to6, text })
    // A multiple of 8 bytes after the headers of IPv6 and of the fragment.
    expect(await reading.lines(2)).toMatchObject([
      { from: from6, bytes: 5, fragmentSize: null },
      { from: from6, bytes: 4000, fragmentSize: 1496 }
    ])
    // The path has a smaller MTU than the interface, and the size shows it.
    inside(network.client, "route", "add", `${to4}/32`, "dev", "cR", "mtu", "lock", "576")
    await send({ to: to4, text })
    inside(network.client, "route", "del", `${to4}/32`, "dev", "cR")
    expect(await reading.lines(1)).toMatchObject([{ bytes: 4000, fragmentSize: 572 }])
  })

  it("the checksum that the kernel computed, absent if the network card did", async () => {
    const text = Array.from({ length: 60 }, (_, i) => String.fromCharCode(33 + i)).join("")
    await send({ to: to4, text })
    expect(await reading.lines(1)).toMatchObject([{ bytes: 60, fragmentSize: null, checksum: null }])
    // The sender computes the checksum of a fragmented datagram, and so does the receiver, immediately if it is short.
    inside(network.client, "route", "add", `${to4}/32`, "dev", "cR", "mtu", "lock", "68")
    await send({ to: to4, text }, { to: to4, text: `${text.slice(1)}!` })
    inside(network.client, "route", "del", `${to4}/32`, "dev", "cR")
    const seen = (await reading.lines(2)) as ReadonlyArray<{ readonly bytes: number; readonly checksum: number }>
    expect(seen).toMatchObject([{ fragmentSize: 68 }, { fragmentSize: 68 }])
    expect(seen.map(({ checksum }) => folded(checksum))).toEqual([sumOf(text), sumOf(`${text.slice(1)}!`)])
  })
})
