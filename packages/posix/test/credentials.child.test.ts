/** The sender of a datagram as verified by the kernel: pid, uid and gid, and a descriptor of the process. */
import { spawn } from "node:child_process"
import { readFileSync } from "node:fs"
import { Datagram, Descriptor, withCredentials, withPidFd, withRights, withTimestamp } from "@ancillary/effect3"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import { requirement } from "../../testing/machine.ts"
import { bundled, ended } from "../../testing/program.ts"
import { contentOf, files, isClosedOnExec, leakingNothing } from "./files.ts"

const data = Uint8Array.of(1)
const spec = Datagram.unix.pipe(withCredentials())
const name = (of: string) => `\0ancillary-${of}-${process.pid}`
const own = { pid: process.pid, uid: process.getuid?.() ?? -1, gid: process.getgid?.() ?? -1 }
/** The pid of a pidfd, from /proc. */
const processOf = (pidFd: number): number =>
  Number(/^Pid:\s*(-?\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${pidFd}`, "utf8"))?.[1])

const node = [bundled(new URL("children/sender.ts", import.meta.url))]

describe("credentials", () => {
  it.live("arrive with every datagram of a pair, beside rights and timestamps", () =>
    leakingNothing(
      Effect.gen(function* () {
        const full = spec.pipe(withTimestamp(), withRights({ maximum: 1 }), withPidFd())
        const [first, second] = yield* Datagram.pair(full)
        const rights = yield* files(1)
        for (const [from, to] of [
          [first, second],
          [second, first],
          [first, second]
        ] as const) {
          yield* from.send({ data, control: { rights } })
          const { control } = yield* to.receive
          expect(control.credentials).toEqual(own)
          expect(control.rights.map(({ number }) => contentOf(number))).toEqual(["0"])
          expect(Option.map(control.pidFd, ({ number }) => processOf(number))).toEqual(Option.some(process.pid))
          expect(Option.isSome(control.timestamp)).toBe(true)
        }
      })
    )
  )

  it.live("arrive from named, unnamed and connected senders, which can be answered", () =>
    leakingNothing(
      Effect.gen(function* () {
        const server = yield* Datagram.bind(spec, { path: name("server") })
        const client = yield* Datagram.client(spec)
        const connected = yield* Datagram.connect(spec, server.localAddress)
        yield* client.send({ data, to: server.localAddress })
        yield* connected.send({ data })
        for (const socket of [client, connected]) {
          const asked = yield* server.receive
          expect([asked.control.credentials, asked.from]).toEqual([own, socket.localAddress])
          yield* server.send({ data, to: asked.from })
          expect((yield* socket.receive).control.credentials).toEqual(own)
        }
      })
    )
  )

  it.live("can be sent: the process's own, and others' with privileges", () =>
    leakingNothing(
      Effect.gen(function* () {
        const [sender, receiver] = yield* Datagram.pair(spec)
        const wanted = own.uid === 0 ? [own, { pid: 1, uid: 12, gid: 34 }] : [own]
        for (const credentials of wanted) {
          yield* sender.send({ data, control: { credentials } })
          expect((yield* receiver.receive).control.credentials).toEqual(credentials)
        }
      })
    )
  )

  it.live("that are invalid are rejected before the call, with their field", () =>
    leakingNothing(
      Effect.gen(function* () {
        const [sender] = yield* Datagram.pair(spec)
        for (const [credentials, why] of [
          [{ ...own, pid: 0 }, "0 is not a process id: an integer from 1"],
          [{ ...own, pid: 2 ** 31 }, "2147483648 is not a process id: an integer from 1"],
          [{ ...own, uid: 2 ** 32 - 1 }, "4294967295 is not a uid: 0 to 4294967294"],
          [{ ...own, gid: -1 }, "-1 is not a gid: 0 to 4294967294"],
          [{ pid: own.pid, uid: own.uid } as typeof own, "undefined is not a gid: 0 to 4294967294"],
          [7 as unknown as typeof own, "7 is not { pid, uid, gid }"]
        ] as const) {
          const error = yield* Effect.flip(sender.send({ data, control: { credentials } }))
          expect(error.message).toBe(`control.credentials: ${why}. Nothing was sent.`)
        }
      })
    )
  )

  it.live("of a process that does not exist: an error that names the field", () =>
    leakingNothing(
      Effect.gen(function* () {
        const [sender, receiver] = yield* Datagram.pair(spec)
        // Above every pid that a kernel assigns (PID_MAX_LIMIT, 2^22).
        const credentials = { ...own, pid: 4_194_304 + 1 }
        expect(yield* Effect.flip(sender.send({ data, control: { credentials } }))).toMatchObject({
          reason: own.uid === 0 ? "InvalidArgument" : "PermissionDenied",
          code: own.uid === 0 ? "ESRCH" : "EPERM",
          field: Option.some("control.credentials")
        })
        expect(yield* receiver.receiveWithin(0)).toEqual(Option.none())
      })
    )
  )

  const privileged = requirement(
    "credentials of others, refused",
    own.uid === 0,
    "Run as root: the test starts a process without privileges."
  )
  it.runIf(privileged)("of others fail in a process without privileges with an error naming the field", async () => {
    const { stderr, stdout } = await ended([process.execPath, ...node, "others"])
    if (stdout === "") throw new Error(stderr)
    expect(JSON.parse(stdout)).toEqual({
      reason: "PermissionDenied",
      code: "EPERM",
      field: "control.credentials",
      message:
        "Sending 1 bytes to unnamed with 'credentials' failed (sendmsg: EPERM 1). 'credentials' requires CAP_SYS_ADMIN, CAP_SETUID or CAP_SETGID for another's pid, uid or gid. Grant it to this process, or send without it."
    })
  })
})

describe("pidfd", () => {
  it.live("of a sender that has ended is still that of the process", () =>
    leakingNothing(
      Effect.gen(function* () {
        const server = yield* Datagram.bind(spec.pipe(withPidFd()), { path: name("pidfd-server") })
        const child = yield* Effect.acquireRelease(
          Effect.sync(() =>
            spawn(process.execPath, [...node, "to", name("pidfd-server").slice(1)], { stdio: "ignore" })
          ),
          (child) => Effect.sync(() => child.kill())
        )
        yield* Effect.async<void>((resume) => void child.on("exit", () => resume(Effect.void)))
        const { control } = yield* server.receive
        expect(control.credentials).toEqual({ ...own, pid: child.pid })
        const descriptor = yield* control.pidFd
        const pidFd = yield* Descriptor.take(descriptor)
        // -1: it refers to that process, which has ended.
        expect([processOf(pidFd), isClosedOnExec(pidFd)]).toEqual([-1, true])
      })
    )
  )
})
