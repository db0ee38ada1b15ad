/** IPv6 extension headers on their path: across a router, routed through one, and of a process that may not send them. */
import { spawnSync } from "node:child_process"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { hasIpv6, hasRawPrivilege, onPath, requirement } from "../../testing/machine.ts"
import { bundled, ended } from "../../testing/program.ts"
import { canMakeNamespaces, run, startReading, sysctl } from "./namespaces/network.ts"
import { makeRouted, type Routed } from "./namespaces/routed.ts"

const able = requirement(
  "extension headers that cross a router",
  onPath("ip") && canMakeNamespaces(),
  "Run as root, with apt-get install -y iproute2 procps"
)

describe.runIf(able)("across a router", () => {
  let network: Routed
  let reading: Awaited<ReturnType<typeof startReading>>
  beforeAll(async () => {
    network = makeRouted()
    // A node processes segments only if both are set.
    for (const [host, device] of [
      [network.router, "rC"],
      [network.server, "sR"],
      [network.server, "lo"]
    ] as const)
      for (const which of ["all", device]) sysctl(host, `net.ipv6.conf.${which}.seg6_enabled=1`)
    reading = await startReading(network.server, "observingHeaders.ts")
  })
  afterAll(async () => {
    await reading.stop()
    network.remove()
  })

  const [UDP, ROUTING, DESTINATION] = [17, 43, 60]
  const hex = (text: string) => Buffer.from(text).toString("hex")
  const number = (byte: number) => Buffer.of(byte).toString("hex")
  const alert = (nextHeader: number) => [
    { nextHeader, options: [[5, "0000"]], bytes: `${number(nextHeader)}00050200000100` }
  ]
  /** The option begins at byte 2. After it comes the padding to 8 or 16 bytes. */
  const option = (nextHeader: number, text: string, padding: string) => ({
    nextHeader,
    options: [[0x3e, hex(text)]],
    bytes: `${number(nextHeader)}${padding === "" ? "00" : "01"}3e${number(text.length)}${hex(text)}${padding}`
  })
  const pad7 = "01050000000000"
  const withoutHeaders = { hopByHopOptions: [], destinationOptions: [], routes: [] }
  // The destination is in the place of "::". The router wrote it there from the packet, and then no segment is left.
  const segments = (...addresses: ReadonlyArray<string>) => [{ kind: "segments", segmentsLeft: 0, addresses, tag: 7 }]

  it("router alert, destination options and a route through the router are received", async () => {
    expect(await run(network.client, "sendingHeaders.ts", "fd78:2::2", "fd78:1::1")).toBe(true)
    const none = { ...withoutHeaders, hopLimit: 63, destination: "fd78:2::2" }
    const routes = segments("fd78:2::2", "fd78:1::1")
    // Linux: a node forwards a packet by segments only if no header precedes them. It drops the other ("before") silently.
    expect(await reading.lines(6)).toEqual([
      { ...none, text: "plain" },
      { ...none, text: "alert", hopByHopOptions: alert(UDP) },
      { ...none, text: "both", hopByHopOptions: alert(DESTINATION), destinationOptions: [option(UDP, "there", pad7)] },
      { ...none, text: "routed", routes },
      { ...none, text: "behind", routes, destinationOptions: [option(UDP, "last", "")] },
      { ...none, text: "one message", hopByHopOptions: alert(UDP) }
    ])
  })

  it("on one host all four sticky headers arrive, in the order of the packet", async () => {
    expect(await run(network.server, "sendingHeaders.ts", "::1", "::1")).toBe(true)
    const routes = segments("::1", "::1")
    const lines = await reading.lines(7)
    expect(lines.at(-2)).toEqual({
      text: "before",
      hopLimit: 63,
      destination: "::1",
      hopByHopOptions: alert(DESTINATION),
      destinationOptions: [option(ROUTING, "every", pad7), option(UDP, "last", "")],
      routes
    })
    expect(lines.at(-1)).toMatchObject({ ...withoutHeaders, text: "one message", hopByHopOptions: alert(UDP) })
  })
})

const mayDropPrivileges = requirement(
  "extension headers without the privilege to send them",
  hasIpv6() && hasRawPrivilege() && spawnSync("setpriv", ["--bounding-set=-net_raw", "true"]).status === 0,
  "Run as root, with apt-get install -y util-linux"
)

it.runIf(mayDropPrivileges)(
  "without CAP_NET_RAW: the error names the message and the capability to grant",
  async () => {
    const program = new URL("children/unprivileged.ts", import.meta.url)
    const node = [process.execPath, bundled(program)]
    const { stderr, stdout } = await ended(["setpriv", "--bounding-set=-net_raw", "--inh-caps=-net_raw", ...node])
    if (stdout === "") throw new Error(stderr)
    const denied = (key: string) => ({
      _tag: "DatagramSendError",
      reason: "PermissionDenied",
      syscall: "sendmsg",
      code: "EPERM",
      field: { _tag: "Some", value: `control.${key}` },
      message: `Sending 1 bytes to [::1]:port with '${key}' failed (sendmsg: EPERM 1). '${key}' requires CAP_NET_RAW. Grant it to this process, or send without it.`
    })
    expect(JSON.parse(stdout)).toMatchObject({
      sent: [denied("hopByHopOptions"), denied("destinationOptions")],
      hopLimit: 9,
      sticky: {
        _tag: "DatagramBindError",
        reason: "PermissionDenied",
        code: "EPERM",
        option: { _tag: "Some", value: "withStickyHopByHopOptions(header)" }
      },
      routed: true
    })
  }
)
