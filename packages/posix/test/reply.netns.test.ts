/** `Datagram.reply` across links: python3 in one namespace asks, our server in the other answers. */
import { onPath, requirement } from "../../testing/machine.ts"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { canMakeNamespaces, make, type Network, python, start } from "./namespaces/network.ts"

const able = requirement(
  "replies across network namespaces",
  onPath("ip") && onPath("python3") && canMakeNamespaces(),
  "Run as root, with apt-get install -y iproute2 procps python3"
)

/** Asks, and answers with the address that replied, or with null when nobody did. */
const ask = (network: Network, family: "AF_INET" | "AF_INET6", to: string, from?: string) =>
  python(
    network.client,
    `
import json, socket
s = socket.socket(socket.${family}, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
s.settimeout(2)
${from === undefined ? "" : `s.bind((${JSON.stringify(from)}, 0))`}
s.sendto(b"who?", socket.getaddrinfo(${JSON.stringify(to)}, 5399, socket.${family}, socket.SOCK_DGRAM)[0][4])
try:
    print(json.dumps(s.recvfrom(100)[1][0]))
except TimeoutError:
    print("null")
`
  )

describe.runIf(able)("across links", () => {
  let network: Network
  let stop: (() => Promise<void>) | undefined
  beforeAll(() => {
    network = make()
  })
  afterAll(async () => {
    await stop?.()
    network.remove()
  })

  it("naked: with the interface kept, an asymmetric route loses the answer", async () => {
    stop = await start(network.server, "answering.ts", "naked")
    expect(ask(network, "AF_INET", "10.77.1.1")).toBe("10.77.1.1")
    // The way back to this peer leads over the other cable, and nobody on the first knows it.
    expect(ask(network, "AF_INET", "10.77.1.1", "10.77.9.2")).toBe(null)
    // A group cannot be a source: the send is refused.
    expect(ask(network, "AF_INET", "239.77.7.7")).toBe(null)
    // Of several link-local addresses the kernel answers with one, whichever was asked.
    const answers = ["fe80::77:1", "fe80::77:3"].map((asked) =>
      String(ask(network, "AF_INET6", `${asked}%cA`)).replace(/%.*/, "")
    )
    expect(new Set(answers).size).toBe(1)
    await stop()
    stop = undefined
  })

  it("an asymmetric route: the answer has the address that was asked, and the route decides the interface", async () => {
    stop = await start(network.server, "answering.ts")
    expect(ask(network, "AF_INET", "10.77.1.1")).toBe("10.77.1.1")
    expect(ask(network, "AF_INET", "10.77.1.1", "10.77.9.2")).toBe("10.77.1.1")
    expect(ask(network, "AF_INET", "10.77.2.1", "10.77.9.2")).toBe("10.77.2.1")
  })

  it("a group and a broadcast address are answered over the interface asked, from an address of that host", () => {
    expect(ask(network, "AF_INET", "239.77.7.7")).toBe("10.77.1.1")
    expect(ask(network, "AF_INET", "10.77.1.255")).toBe("10.77.1.1")
    expect(ask(network, "AF_INET", "10.77.2.255")).toBe("10.77.2.1")
  })

  it("a link-local peer is answered over its link, from the address that it asked", () => {
    for (const asked of ["fe80::77:1", "fe80::77:3"])
      expect(String(ask(network, "AF_INET6", `${asked}%cA`)).replace(/%.*/, "")).toBe(asked)
  })
})
