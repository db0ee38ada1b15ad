/** Traps of the C library and not of the kernel. First the bare library, then ours. */
import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Abi, Codec, type ControlMessage, define } from "@ancillary/control"
import { LinuxSockets } from "@ancillary/effect3/node"
import { Datagram, DatagramSockets, withControlMessage } from "@ancillary/effect3"
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { onPath, requirement } from "../../../testing/machine.ts"

const musl = requirement("a program on musl", onPath("musl-gcc"), "apt-get install -y musl-tools")

/** Sends a message of an unknown level, which the kernel ignores, and prints the error number. */
const program = `
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
int main(int count, char **words) {
  size_t payload = atoi(words[1]);
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  _Alignas(16) unsigned char control[4096] = {0};
  struct cmsghdr *header = (struct cmsghdr *)control;
  header->cmsg_len = CMSG_LEN(payload), header->cmsg_level = 4242, header->cmsg_type = 1;
  struct msghdr message = {.msg_name = &to, .msg_namelen = sizeof to, .msg_control = control, .msg_controllen = CMSG_SPACE(payload)};
  printf("%d", sendmsg(fd, &message, 0) < 0 ? errno : 0);
}
`
const ENOMEM = 12

/** Bytes of an unknown level. */
interface Large extends ControlMessage<"large", "ipv4", "optional"> {
  readonly sendable: { readonly large?: Uint8Array | undefined }
}
const unknown = { unsupported: "not tried there" }
const large = define<Large>({
  key: "large",
  presence: "optional",
  table: {
    linux: { ipv4: { request: [], send: { level: 4242, type: 1, payload: Codec.bytes({ maximum: 2048 }) } } },
    winsock: { ipv4: unknown },
    darwin: { ipv4: unknown }
  }
})

describe("trap 33: control data beyond 1024 bytes", () => {
  it.runIf(musl)("bare: musl returns ENOMEM without a system call", () => {
    const folder = mkdtempSync(join(tmpdir(), "ancillary-musl-"))
    try {
      writeFileSync(join(folder, "large.c"), program)
      const compiled = spawnSync("musl-gcc", ["-static", "large.c", "-o", "large"], { cwd: folder, encoding: "utf8" })
      expect(compiled.stderr).toBe("")
      const errno = (payload: number) =>
        Number(spawnSync("./large", [String(payload)], { cwd: folder, encoding: "utf8" }).stdout)
      expect([errno(1008), errno(1009)]).toEqual([0, ENOMEM])
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  // The two libraries have equal structures, except that musl's lengths are 4 bytes wide. So a process on glibc can use the ABI of musl.
  const layerOn = (abi: Abi) =>
    DatagramSockets.layer(
      Effect.map(LinuxSockets.driver(), (driver) => ({ ...driver, abi })),
      []
    )
  const send = (payload: number) =>
    Effect.gen(function* () {
      const socket = yield* Datagram.bind(Datagram.ipv4.pipe(withControlMessage(large)), {
        address: "127.0.0.1",
        port: 0
      })
      const control = { large: new Uint8Array(payload) }
      yield* socket.send({ data: Uint8Array.of(1), to: socket.localAddress, control })
      return (yield* socket.receive).data.length
    })

  it.scoped("ours: rejected with a sentence on musl, and sent on glibc", () =>
    Effect.gen(function* () {
      expect(yield* Effect.provide(send(1008), layerOn(Abi.linuxMusl64))).toBe(1)
      expect(yield* Effect.flip(Effect.provide(send(1009), layerOn(Abi.linuxMusl64)))).toMatchObject({
        _tag: "DatagramSendError",
        reason: "InvalidArgument",
        message:
          "control: 1032 bytes of control data are more than the 1024 that this system's C library takes with one datagram. Nothing was sent."
      })
      expect(yield* Effect.provide(send(1009), layerOn(Abi.linuxGlibc64))).toBe(1)
    })
  )
})
