/** `Datagram.reply` across links: python3 in one namespace asks, our server in the other answers. */
import { onPath, requirement } from "../../testing/machine.ts"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { canMakeNamespaces, make, type Network, python, start } from "./namespaces/network.ts"

const able = requirement(
  "replies across network namespaces",
  onPath("ip") && onPath("python3") && canMakeNamespaces(),
  "Run as root, with apt-get install -y iproute2 procps python3"
)

/** Sends a request, and returns the address that replied, or null without a reply. */
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

  it("bare kernel: keeping the interface loses the reply on an asymmetric route", async () => {
    stop = await start(network.server, "answering.ts", "bareKernel")
    expect(await ask(network, "AF_INET", "10.77.1.1")).toBe("10.77.1.1")
    // The route back to this peer uses the other cable, and no host on the first has its address.
    expect(await ask(network, "AF_INET", "10.77.1.1", "10.77.9.2")).toBe(null)
    // A group cannot be a source, so the send fails.
    expect(await ask(network, "AF_INET", "239.77.7.7")).toBe(null)
    // The kernel always replies from one of several link-local addresses, whichever was asked.
    const answers = new Set<string>()
    for (const asked of ["fe80::77:1", "fe80::77:3"])
      answers.add(String(await ask(network, "AF_INET6", `${asked}%cA`)).replace(/%.*/, ""))
    expect(answers.size).toBe(1)
    await stop()
    stop = undefined
  })

  it("asymmetric routes: a reply has the requested address, over the route's interface", async () => {
    stop = await start(network.server, "answering.ts")
    expect(await ask(network, "AF_INET", "10.77.1.1")).toBe("10.77.1.1")
    expect(await ask(network, "AF_INET", "10.77.1.1", "10.77.9.2")).toBe("10.77.1.1")
    expect(await ask(network, "AF_INET", "10.77.2.1", "10.77.9.2")).toBe("10.77.2.1")
  })

  it("groups and broadcasts are answered over the arrival interface, from its address", async () => {
    expect(await ask(network, "AF_INET", "239.77.7.7")).toBe("10.77.1.1")
    expect(await ask(network, "AF_INET", "10.77.1.255")).toBe("10.77.1.1")
    expect(await ask(network, "AF_INET", "10.77.2.255")).toBe("10.77.2.1")
  })

  it("a link-local peer is answered over its link, from the requested address", async () => {
    for (const asked of ["fe80::77:1", "fe80::77:3"])
      expect(String(await ask(network, "AF_INET6", `${asked}%cA`)).replace(/%.*/, "")).toBe(asked)
  })
})
