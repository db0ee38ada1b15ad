/** Ends of a hand-over: no predecessor, one that does not answer or is killed, another successor, another user, and systemd. */
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { HandOver, LinuxSockets } from "@ancillary/effect3/node"
import { Datagram, Descriptor, serveOn, withPktInfo, withRights, withSteering } from "@ancillary/effect3"
import { passedSockets } from "@ancillary/node"
import { expect, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Option, Schedule, Scope } from "effect"
import { onPath, requirement } from "../../testing/machine.ts"
import { bundled, ended } from "../../testing/program.ts"

const worker = new URL("children/handOver.ts", import.meta.url)
const hangs = new URL("children/handOverHangs.ts", import.meta.url)
const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "ancillary-hand-over-"))),
  (made) => Effect.sync(() => rmSync(made, { recursive: true, force: true }))
)
const hasSystemd = () =>
  requirement(
    "socket activation by systemd",
    onPath("systemd-socket-activate"),
    "Install it: apt-get install systemd (--no-install-recommends)"
  )
const at = { address: "127.0.0.1", port: 0 }
const key = { sockets: 1, key: "payload", offset: 0, length: 4 } as const

/** Starts a program, which ends with the test. Resolves with its first output. */
const run = (command: string, words: ReadonlyArray<string>, options: { readonly env?: NodeJS.ProcessEnv } = {}) =>
  Effect.gen(function* () {
    const child = yield* Effect.acquireRelease(
      Effect.sync(() => spawn(command, words, { stdio: ["ignore", "pipe", "inherit"], ...options })),
      (started: ChildProcess) => Effect.sync(() => started.kill("SIGKILL"))
    )
    const output = once(child.stdout ?? child, "data") as Promise<[Buffer]>
    return { child, report: Effect.promise(async () => String((await output)[0])) }
  })
const runWorker = (path: string) => run(process.execPath, [bundled(worker), path, "0", "0", "1"])

/** A server that echoes until a successor takes its socket. Returns its port. */
const serving = (path: string, scope: Scope.Scope) =>
  Scope.extend(
    Effect.gen(function* () {
      const handOver = yield* HandOver.make({ path })
      const socket = yield* handOver.bind("worker", Datagram.ipv4.pipe(withSteering(key)), at)
      yield* handOver.begin
      return { handOver, socket }
    }),
    scope
  )

it.scopedLive("the first program binds its socket, also over the file of one that was killed", () =>
  Effect.gen(function* () {
    const path = join(yield* folder, "hand-over.sock")
    const { child, report } = yield* runWorker(path)
    yield* report
    child.kill("SIGKILL")
    yield* Effect.promise(() => once(child, "exit"))
    expect(existsSync(path)).toBe(true)
    const scope = yield* Scope.make()
    const { handOver, socket } = yield* serving(path, scope)
    expect(socket.localAddress.port).toBeGreaterThan(0)
    expect(yield* handOver.unclaimed).toEqual([])
    // A program without types gives a promise.
    const error = yield* Effect.flip(handOver.serve(Promise.resolve() as unknown as Effect.Effect<void>))
    expect(error).toMatchObject({ _tag: "DatagramBindError", reason: "InvalidArgument" })
    yield* Scope.close(scope, Exit.void)
    expect(existsSync(path)).toBe(false)
  }).pipe(Effect.provide(LinuxSockets.layer))
)

it.scopedLive("a datagram that waits in the socket is read by the successor", () =>
  Effect.gen(function* () {
    const path = join(yield* folder, "hand-over.sock")
    const [before, after] = [yield* Scope.make(), yield* Scope.make()]
    const { handOver, socket } = yield* serving(path, before)
    const client = yield* Datagram.client(Datagram.ipv4)
    yield* client.send({ data: Uint8Array.of(7), to: socket.localAddress })
    yield* Effect.fork(Effect.zipRight(handOver.awaitSuccessor, Scope.close(before, Exit.void)))
    const next = yield* serving(path, after)
    expect(next.socket.localAddress.port).toBe(socket.localAddress.port)
    expect([...(yield* next.socket.receive).data]).toEqual([7])
    // The predecessor's end leaves the path to its successor.
    expect(existsSync(path)).toBe(true)
    yield* Scope.close(after, Exit.void)
  }).pipe(Effect.provide(LinuxSockets.layer))
)

it.scopedLive("a passed socket that the successor does not bind is closed, and its port is free", () =>
  Effect.gen(function* () {
    const path = join(yield* folder, "hand-over.sock")
    const before = yield* Scope.make()
    const { handOver, socket } = yield* serving(path, before)
    yield* Effect.fork(Effect.zipRight(handOver.awaitSuccessor, Scope.close(before, Exit.void)))
    const next = yield* HandOver.make({ path })
    expect(yield* next.unclaimed).toEqual(["worker"])
    const { port } = socket.localAddress
    expect(yield* Effect.flip(Datagram.bind(Datagram.ipv4, { ...at, port }))).toMatchObject({ reason: "AddressInUse" })
    yield* next.begin
    // A thread closes received descriptors, because closing may block.
    const free = Effect.retry(Datagram.bind(Datagram.ipv4, { ...at, port }), Schedule.spaced("10 millis"))
    expect((yield* free).localAddress.port).toBe(port)
  }).pipe(Effect.provide(LinuxSockets.layer))
)

it.scopedLive("a program that is stopped does not answer, and its successor fails in time", () =>
  Effect.gen(function* () {
    const path = join(yield* folder, "hand-over.sock")
    const { child, report } = yield* runWorker(path)
    yield* report
    child.kill("SIGSTOP")
    const error = yield* Effect.flip(Effect.scoped(HandOver.make({ path, patience: "300 millis" })))
    expect(error).toMatchObject({ _tag: "HandOverError", reason: "NoAnswer", path: Option.some(path) })
    expect(error.message).toBe(`The program at ${path} did not answer in time. End it, or raise \`patience\`.`)
    child.kill("SIGCONT")
    const next = yield* HandOver.make({ path })
    expect(yield* next.unclaimed).toEqual(["worker"])
  }).pipe(Effect.provide(LinuxSockets.layer))
)

it.scopedLive("if the predecessor is killed before it stops, the successor begins", () =>
  Effect.gen(function* () {
    const path = join(yield* folder, "hand-over.sock")
    const { child, report } = yield* runWorker(path)
    const { port } = JSON.parse(yield* report) as { readonly port: number }
    const next = yield* HandOver.make({ path })
    const socket = yield* next.bind("worker", Datagram.ipv4, at)
    child.kill("SIGSTOP")
    const beginning = yield* Effect.fork(next.begin)
    yield* Effect.sleep("10 millis")
    child.kill("SIGKILL")
    yield* Fiber.join(beginning)
    expect(socket.localAddress.port).toBe(port)
  }).pipe(Effect.provide(LinuxSockets.layer))
)

/** A server that echoes, and serves again if its successor ends. Returns its port and its end. */
const echoing = (path: string, patience?: "500 millis") =>
  Effect.gen(function* () {
    const handOver = yield* HandOver.make({ path, patience })
    const socket = yield* handOver.bind("worker", Datagram.ipv4.pipe(withPktInfo()), at)
    const starts: Array<number> = []
    const server = Effect.zipRight(
      Effect.sync(() => starts.push(Date.now())),
      serveOn(socket, (asked) => Datagram.reply(socket, asked, asked.data))
    )
    const end = yield* Effect.forkScoped(handOver.serve(server))
    yield* Effect.repeat(Effect.yieldNow(), { until: () => starts.length === 1 && existsSync(path) })
    return { to: socket.localAddress, starts, end }
  })

it.scopedLive("a successor is killed before it serves: its predecessor serves again", () =>
  Effect.gen(function* () {
    const path = join(yield* folder, "hand-over.sock")
    const { end, starts, to } = yield* echoing(path)
    const client = yield* Datagram.client(Datagram.ipv4)
    for (const turn of [1, 2]) {
      const { child, report } = yield* run(process.execPath, [bundled(hangs), path])
      expect(yield* report).toBe("the predecessor has stopped")
      // No program reads it now.
      yield* client.send({ data: Uint8Array.of(turn), to })
      child.kill("SIGKILL")
      expect([...(yield* client.receive).data]).toEqual([turn])
      expect(starts.length).toBe(1 + turn)
    }
    // A successor that serves ends it.
    const next = yield* echoing(path)
    yield* Fiber.join(end)
    yield* client.send({ data: Uint8Array.of(3), to })
    expect([...(yield* client.receive).data]).toEqual([3])
    expect([next.to.port, starts.length, next.starts.length]).toEqual([to.port, 3, 1])
  }).pipe(Effect.provide(LinuxSockets.layer))
)

it.scopedLive("a successor whose server fails, or hangs: its predecessor serves again", () =>
  Effect.gen(function* () {
    const path = join(yield* folder, "hand-over.sock")
    const { end, starts, to } = yield* echoing(path, "500 millis")
    const client = yield* Datagram.client(Datagram.ipv4)
    const failing = Effect.gen(function* () {
      const handOver = yield* HandOver.make({ path })
      yield* handOver.bind("worker", Datagram.ipv4, at)
      yield* handOver.serve(Effect.fail("no configuration"))
    })
    expect(yield* Effect.flip(Effect.scoped(failing))).toBe("no configuration")
    yield* client.send({ data: Uint8Array.of(1), to })
    expect([...(yield* client.receive).data]).toEqual([1])
    const { report } = yield* run(process.execPath, [bundled(hangs), path])
    yield* report
    yield* client.send({ data: Uint8Array.of(2), to })
    expect([...(yield* client.receive).data]).toEqual([2])
    expect(starts.length).toBe(3)
    // Programs with `begin` and `awaitSuccessor` take over, too.
    const next = yield* HandOver.make({ path })
    yield* next.bind("worker", Datagram.ipv4, at)
    yield* next.begin
    yield* Fiber.join(end)
  }).pipe(Effect.provide(LinuxSockets.layer))
)

it.scopedLive("a program that began again after an interruption does not take over from itself", () =>
  Effect.gen(function* () {
    const path = join(yield* folder, "hand-over.sock")
    const before = yield* Scope.make()
    const { handOver } = yield* serving(path, before)
    const next = yield* HandOver.make({ path })
    yield* next.bind("worker", Datagram.ipv4, at)
    const interrupted = yield* Effect.fork(next.begin)
    yield* handOver.awaitSuccessor
    yield* Fiber.interrupt(interrupted)
    const beginning = yield* Effect.fork(next.begin)
    yield* Scope.close(before, Exit.void)
    yield* Fiber.join(beginning)
    // Longer than the pause after which a request is repeated.
    expect(yield* Effect.timeoutOption(next.awaitSuccessor, "300 millis")).toEqual(Option.none())
  }).pipe(Effect.provide(LinuxSockets.layer))
)

it.scopedLive("a begin that failed is no begin: the next one notifies, and has the path", () =>
  Effect.gen(function* () {
    const path = join(yield* folder, "hand-over.sock")
    const handOver = yield* HandOver.make({ path })
    yield* handOver.bind("worker", Datagram.ipv4, at)
    const before = process.env["NOTIFY_SOCKET"]
    process.env["NOTIFY_SOCKET"] = `${path}.absent`
    const error = yield* Effect.flip(handOver.begin)
    if (before === undefined) delete process.env["NOTIFY_SOCKET"]
    else process.env["NOTIFY_SOCKET"] = before
    expect([error.reason, existsSync(path)]).toEqual(["NotNotified", false])
    yield* handOver.begin
    expect(existsSync(path)).toBe(true)
  }).pipe(Effect.provide(LinuxSockets.layer))
)

it.scopedLive("only one successor is accepted", () =>
  Effect.gen(function* () {
    const path = join(yield* folder, "hand-over.sock")
    const { handOver } = yield* serving(path, yield* Effect.scope)
    const { report } = yield* runWorker(path)
    yield* handOver.awaitSuccessor
    // This program does not stop, so the worker waits.
    const late = yield* Effect.flip(Effect.scoped(HandOver.make({ path })))
    expect(late).toMatchObject({ _tag: "HandOverError", reason: "Refused" })
    yield* Effect.fork(report)
  }).pipe(Effect.provide(LinuxSockets.layer))
)

it.scopedLive.runIf(process.getuid?.() === 0)("a program of another user gets no socket", () =>
  Effect.gen(function* () {
    const path = join(yield* folder, "hand-over.sock")
    yield* serving(path, yield* Effect.scope)
    // Every user may write to the directory and the socket. Python asks as user 65534, then as root.
    const script = [
      "import os, socket, sys",
      "path = sys.argv[1]",
      "os.chmod(os.path.dirname(path), 0o777); os.chmod(path, 0o777)",
      "def asking(name): s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind(path + name); return s",
      "other, own = asking('.other'), asking('.own')",
      "ask = b'ancillary hand-over 1\\ntake'",
      "child = os.fork()",
      "if child == 0: os.setuid(65534); os._exit(0 if other.sendto(ask, path) == len(ask) else 1)",
      "print(os.waitpid(child, 0)[1])",
      "own.sendto(ask, path)",
      "print(socket.recv_fds(own, 100, 9)[:2])",
      "other.setblocking(False)",
      "try: print(other.recv(100))",
      "except BlockingIOError: print('nothing')"
    ].join("\n")
    const { status, stdout } = yield* Effect.promise(() => ended(["python3", "-c", script, path]))
    expect([status, stdout.replaceAll(/\[\d+\]/g, "[fd]")]).toEqual([
      0,
      "0\n(b'ancillary hand-over 1\\nsockets\\nworker', [fd])\nnothing\n"
    ])
  }).pipe(Effect.provide(LinuxSockets.layer))
)

it("descriptors for another process are not taken, and those for this one only once", () => {
  const environment = (more: NodeJS.ProcessEnv): NodeJS.ProcessEnv => ({ LISTEN_PID: "9", LISTEN_FDS: "3", ...more })
  expect(passedSockets(environment({ LISTEN_PID: "8" }), 9)).toEqual([])
  expect(passedSockets(environment({ LISTEN_FDS: "many" }), 9)).toEqual([])
  const own = environment({ LISTEN_FDNAMES: "dns::ntp", OTHER: "kept" })
  expect(passedSockets(own, 9)).toEqual([
    { name: "dns", descriptor: 3 },
    { name: "unknown", descriptor: 4 },
    { name: "ntp", descriptor: 5 }
  ])
  expect(own).toEqual({ OTHER: "kept" })
  expect(passedSockets(own, 9)).toEqual([])
})

it.scopedLive.runIf(hasSystemd())("systemd passes a socket by its name, and gets the others for its store", () =>
  Effect.gen(function* () {
    const path = yield* folder
    const notices = { path: join(path, "notify.sock") }
    const manager = yield* Datagram.bind(Datagram.unix.pipe(withRights({ maximum: 1 })), notices)
    const free = yield* Effect.scoped(Effect.map(Datagram.bind(Datagram.ipv4, at), ({ localAddress }) => localAddress))
    const program = bundled(new URL("children/activated.ts", import.meta.url))
    const words = ["--datagram", "--fdname=dns", "-l", `127.0.0.1:${free.port}`, "-E", `NOTIFY_SOCKET=${notices.path}`]
    const { report } = yield* run("systemd-socket-activate", [...words, process.execPath, program])
    // It starts the program with the first datagram, which stays in the socket.
    const client = yield* Datagram.client(Datagram.ipv4)
    yield* Effect.repeat(client.send({ data: Uint8Array.of(7), to: free }), {
      until: () => Effect.map(Effect.timeoutOption(manager.peek, "200 millis"), Option.isSome)
    })
    const stored = yield* manager.receive
    expect(String(Buffer.from(stored.data))).toBe("FDSTORE=1\nFDNAME=own\nFDPOLL=0")
    const [descriptor] = yield* Effect.forEach(stored.control.rights, Descriptor.take)
    expect(descriptor).toBeGreaterThan(2)
    const ready = yield* manager.receive
    const told = JSON.parse(yield* report) as { readonly pid: number; readonly own: number }
    expect(String(Buffer.from(ready.data))).toBe(`READY=1\nMAINPID=${told.pid}`)
    const adopted = yield* Datagram.adopt(Datagram.ipv4, descriptor ?? -1)
    expect(adopted.localAddress.port).toBe(told.own)
    expect(String((yield* client.receive).from)).toBe(`127.0.0.1:${free.port}`)
  }).pipe(Effect.provide(LinuxSockets.layer))
)
