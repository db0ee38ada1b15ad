/** Exact errors for resources that run out: descriptors, routes, room on the path. */
import { spawnSync } from "node:child_process"
import { LinuxSockets } from "@ancillary/effect3/node"
import { Datagram, DatagramSockets, withPktInfo } from "@ancillary/effect3"
import { isFault } from "@ancillary/engine/driver/Driver"
import { expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { hasIpv6, requirement } from "../../testing/machine.ts"
import { bundled, ended } from "../../testing/program.ts"
import { int, ok } from "./bareKernel.ts"

const program = new URL("children/limits.ts", import.meta.url)
const child = async (word: string, ...around: ReadonlyArray<string>): Promise<unknown> => {
  const { stderr, stdout } = await ended([...around, process.execPath, bundled(program), word])
  if (stdout === "") throw new Error(stderr)
  return JSON.parse(stdout)
}

it("too many open files: an error of bind, and none of them stays open", async () => {
  const seen = await child("descriptors", "sh", "-c", `ulimit -n 1024 && exec "$0" "$@"`)
  expect(seen).toMatchObject({
    error: {
      _tag: "DatagramBindError",
      reason: "TooManyOpenFiles",
      code: "EMFILE",
      errno: 24,
      // The socket or its epoll, because either may need the descriptor after the last.
      message: expect.stringMatching(
        /failed \((socket|epoll_create1): EMFILE 24\)\. The process has too many sockets and files open\. Close some, or raise its limit \(ulimit -n\)\.$/
      )
    },
    again: { reason: "TooManyOpenFiles" },
    leaked: 0
  })
})

const alone = requirement(
  "a host without routes",
  spawnSync("unshare", ["-n", "true"]).status === 0,
  "Run as root, with apt-get install -y util-linux"
)

it.runIf(alone)("without a route, only that send or connect fails", async () => {
  const seen = await child("route", "unshare", "-n")
  const sentence = (port: string) =>
    `Sending 1 bytes to ${port} failed (sendmsg: ENETUNREACH 101). There is no route to the destination. Check the address and the routes of this host.`
  expect(seen).toMatchObject([
    { reason: "Unreachable", code: "ENETUNREACH", message: sentence("203.0.113.1:9") },
    { reason: "Unreachable", code: "ENETUNREACH", message: sentence("239.1.2.3:9") },
    {
      _tag: "DatagramBindError",
      reason: "Unreachable",
      syscall: "connect",
      code: "ENETUNREACH",
      message:
        "Connecting to 203.0.113.1:9 failed (connect: ENETUNREACH 101). There is no route to the peer. Check its address and the routes of this host."
    }
  ])
})

it.scoped.runIf(hasIpv6())("IPv6: a datagram larger than the path, and a source that is not ours", () =>
  Effect.gen(function* () {
    const socket = yield* Datagram.bind(Datagram.ipv6.pipe(withPktInfo()), { address: "::", port: 0 })
    const to = { address: "::1", port: socket.localAddress.port }
    const data = new Uint8Array(65_527)
    expect(yield* Effect.flip(socket.send({ data, to }))).toMatchObject({
      reason: "MessageTooLarge",
      syscall: "sendmsg",
      code: "EMSGSIZE",
      errno: 90,
      message: `Sending 65527 bytes to [::1]:${to.port} failed (sendmsg: EMSGSIZE 90). The datagram is larger than its path or the socket allows. Send less at once, or in several datagrams.`
    })
    const foreign = { pktInfo: { source: "2001:db8::77" } }
    expect(yield* Effect.flip(socket.send({ data: data.subarray(0, 1), to, control: foreign }))).toMatchObject({
      reason: "AddressNotAvailable",
      syscall: "sendmsg",
      code: "EINVAL",
      message:
        "control.pktInfo: 2001:db8::77 is not an address of this host (sendmsg: EINVAL 22). Send from one that is, or leave the source out. Nothing was sent."
    })
    yield* socket.send({ data: data.subarray(0, 7), to })
    expect((yield* socket.receive).data).toHaveLength(7)
  }).pipe(
    Effect.provide(
      DatagramSockets.layer(
        Effect.map(LinuxSockets.driver({ guarded: true }), (driver) => ({
          ...driver,
          open: (kind) => {
            const socket = driver.open(kind)
            // IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DO: nothing is fragmented, and the MTU of loopback is 65,536 bytes.
            if (!isFault(socket)) ok(socket.setOption(41, 23, int(2)))
            return socket
          }
        })),
        []
      )
    )
  )
)
