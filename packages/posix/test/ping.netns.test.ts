/** Ping sockets: the permission to open one, sent and received messages, and messages that are rejected before the kernel. */
import { spawnSync } from "node:child_process"
import { describe, expect, it } from "vitest"
import { hasIpv6, onPath, requirement } from "../../testing/machine.ts"
import { bundled, ended } from "../../testing/program.ts"

const able = requirement(
  "pings",
  hasIpv6() && onPath("ip") && spawnSync("unshare", ["-n", "true"]).status === 0,
  "Run as root, with apt-get install -y util-linux iproute2"
)

interface Pings {
  readonly raw: string
  readonly [seen: string]: unknown
}

describe.runIf(able)("pings of this host", async () => {
  // In a namespace of its own, because the permission to ping is a setting of the whole network.
  const program = new URL("children/pinging.ts", import.meta.url)
  const { stderr, stdout } = able
    ? await ended(["unshare", "-n", process.execPath, bundled(program)])
    : { stderr: "", stdout: "" }
  const seen = (): { readonly denied: unknown; readonly pings: readonly [Pings, Pings] } => {
    if (stdout === "") throw new Error(stderr)
    return JSON.parse(stdout) as ReturnType<typeof seen>
  }

  it("are not permitted by default, and the error names the sysctl to change", () => {
    const denied = (feature: string) => ({
      _tag: "DatagramBindError",
      reason: "PermissionDenied",
      syscall: "socket",
      code: "EACCES",
      errno: 13,
      message: `${feature}: opening the socket failed (socket: EACCES 13). No group of this process may ping. Allow every group: sysctl net.ipv4.ping_group_range="0 2147483647".`
    })
    expect(seen().denied).toMatchObject([denied("Datagram.icmp4"), denied("Datagram.icmp6")])
  })

  const kinds = [
    {
      at: 0,
      family: "ipv4",
      address: "127.0.0.1",
      zero: "127.0.0.1:0",
      request: 8,
      reply: "0000ffa743210007",
      most: 65_515
    },
    { at: 1, family: "ipv6", address: "::1", zero: "[::1]:0", request: 128, reply: "81007e5c43210007", most: 65_535 }
  ] as const
  it.each(kinds)("$family: the reply has the data, the kernel's identifier and checksum", (kind) => {
    const pings = seen().pings[kind.at]
    expect(pings).toMatchObject({
      raw: kind.reply + Buffer.from("payload").toString("hex"),
      echo: { kind: "reply", identifier: 0x4321, sequence: 7 },
      matches: true,
      from: kind.zero,
      destination: kind.address,
      local: null,
      hopLimit: 64,
      stamped: true,
      // Linux reports no local address of a ping socket over IPv4, so its delivery is unknown.
      delivery: kind.family === "ipv4" ? "unknown" : "unicast",
      marked: { dscp: 46, ecn: "not-ect" },
      answered: true,
      ownIdentifier: true,
      others: { _tag: "None" },
      connected: { peer: kind.zero, from: kind.zero, raw: kind.reply.slice(0, 4) },
      largest: kind.most
    })
  })

  it.each(kinds)("$family: a payload that is not an echo request is rejected before the call", (kind) => {
    const { family } = kind
    const why = "a ping socket sends echo requests alone, as IcmpEcho.encode makes them. Nothing was sent."
    const other = family === "ipv4" ? 13 : 135
    const refused = (sentence: string) => ({ kernel: "EINVAL", ours: `INVALID, data: ${sentence}: ${why}` })
    expect(seen().pings[kind.at]).toMatchObject({
      refused: [
        refused("an echo message has 8 bytes before its data, not 7"),
        refused("an echo message has 8 bytes before its data, not 0"),
        refused("replies are the kernel's"),
        refused(`ICMP type ${other} is no echo message of ${family}`),
        refused("an echo message has the code 0, not 1")
      ],
      sent: "2",
      tooLarge: {
        reason: "MessageTooLarge",
        code: "INVALID",
        message: `data: ${kind.most + 1} bytes are more than the ${kind.most} that fit into a datagram of this socket. Nothing was sent.`
      }
    })
  })

  it.each(kinds)("$family: marks never arrive, messages of UDP and other sockets are rejected", (kind) => {
    expect(seen().pings[kind.at]).toMatchObject({
      untold: [true, true],
      coalescing: {
        _tag: "DatagramUnsupportedError",
        message:
          "withCoalescedSize(): a ping socket does not speak UDP. Leave it out, or declare withOptional(withCoalescedSize())."
      },
      adopted: [
        { reason: "InvalidArgument", code: "EPROTOTYPE" },
        { reason: "InvalidArgument", code: "EPROTOTYPE" }
      ]
    })
  })
})
