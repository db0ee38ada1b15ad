/** Exact errors of this system: calls that the kernel refuses, and resources that the machine lacks. */
import { spawnSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { DarwinSockets, LinuxSockets } from "@ancillary/effect3/node"
import {
  Datagram,
  DatagramSockets,
  withBindToDevice,
  withHopLimit,
  withMaximumDatagramSize,
  withPktInfo
} from "@ancillary/effect3"
import { expect, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { onTestFinished } from "vitest"
import { requirement } from "../../testing/machine.ts"
import { bundled, ended } from "../../testing/program.ts"
import { makeDriver } from "../src/internal/driver.ts"
import { load } from "../src/internal/libc.ts"
import { linux } from "../src/internal/platform.ts"

const layer = DatagramSockets.layer(LinuxSockets.driver({ guarded: true }), LinuxSockets.capabilities)
const spec = Datagram.ipv4.pipe(withPktInfo(), withHopLimit(), withMaximumDatagramSize(2048))
const at = { address: "127.0.0.1", port: 0 }
const data = Uint8Array.of(1)

const child = async (
  words: ReadonlyArray<string>,
  preload: ReadonlyArray<string> = [],
  around: ReadonlyArray<string> = []
) => {
  const here = (name: string) => new URL(`children/${name}`, import.meta.url)
  const preloads = ["tsx", ...preload.map((name) => here(name).href)].flatMap((name) => ["--import", name])
  // A bundle would import koffi immediately. The program imports it when it needs it.
  const sources = [...preloads, "-C", "@ancillary/source", fileURLToPath(here("attempt.ts"))]
  const node = preload.length === 0 ? [bundled(here("attempt.ts"))] : sources
  const { stderr, stdout } = await ended([...around, process.execPath, ...node, ...words])
  const answer: unknown = stdout === "" ? stderr : JSON.parse(stdout)
  return answer
}

// Containers often allow every port to all processes. A new network namespace begins with the kernel's default.
const open = Number(readFileSync("/proc/sys/net/ipv4/ip_unprivileged_port_start", "utf8")) <= 1
const refused = requirement(
  "a port that wants privileges",
  !open || spawnSync("unshare", ["-n", "true"]).status === 0,
  "sysctl net.ipv4.ip_unprivileged_port_start=1024, or run as root, with apt-get install -y util-linux"
)

it.runIf(refused)("a port below 1024 without privileges", async () => {
  expect(await child(["0.0.0.0", "1"], [], open ? ["unshare", "-n"] : [])).toMatchObject({
    _tag: "DatagramBindError",
    reason: "PermissionDenied",
    syscall: "bind",
    code: "EACCES",
    errno: 13,
    message:
      "Binding to 0.0.0.0:1 failed (bind: EACCES 13). Ports below 1024 and some options require a privilege. Choose a higher port, or grant the privilege (Linux: CAP_NET_BIND_SERVICE)."
  })
})

it("koffi without its native part is an error of the layer, not of an import", async () => {
  const error = await child(["127.0.0.1", "0"], ["withoutNative.mjs"])
  expect(error).toMatchObject({ _tag: "DatagramUnsupportedError", feature: "LinuxSockets.layer" })
  expect(error).toHaveProperty("why", expect.stringMatching(/^koffi could not be loaded \(.*native.*\)$/i))
  expect(error).toHaveProperty(
    "remedy",
    "Install koffi with its native part: its package for this machine is an optional dependency, which --omit=optional leaves out"
  )
})

const pretend = (what: "arch", value: string) => {
  const real = Object.getOwnPropertyDescriptor(process, what)
  if (real === undefined) throw new Error(`process has no ${what}`)
  Object.defineProperty(process, what, { ...real, value })
  onTestFinished(() => void Object.defineProperty(process, what, real))
}
const refusal = <A>(layer: Layer.Layer<A, { readonly message: string }>) =>
  Effect.runPromise(Effect.scoped(Effect.flip(Layer.build(layer))).pipe(Effect.map(({ message }) => message)))

it("a layer for another system", async () => {
  expect(await refusal(DarwinSockets.layer)).toBe(
    "DarwinSockets.layer: this is linux, and the layer is for darwin. NodeSockets.layer picks the layer of the system at hand."
  )
})

it("a processor whose structures are unknown", async () => {
  pretend("arch", "mips")
  expect(await refusal(LinuxSockets.layer)).toBe(
    "LinuxSockets.layer: the layout of structures on mips is not known. Run it on a little-endian 32- or 64-bit processor."
  )
})

it("a C library whose structures are unknown", async () => {
  const unknown = makeDriver({
    platform: "linux",
    layer: "LinuxSockets.layer",
    numbers: linux,
    options: undefined,
    abi: () => undefined
  })
  const { message } = await Effect.runPromise(Effect.flip(DatagramSockets.driver(() => unknown)))
  const libc = load("linux").name
  expect(message).toBe(
    `LinuxSockets.layer: the C library of this process (${libc}) is not known. Run Node on glibc or musl.`
  )
})

it.scopedLive("a refusal of the peer fails one read or send of a connected socket", () =>
  Effect.gen(function* () {
    const gone = yield* Effect.scoped(Effect.map(Datagram.bind(spec, at), ({ localAddress }) => localAddress))
    const socket = yield* Datagram.connect(spec, gone)
    yield* socket.send({ data })
    expect(yield* Effect.flip(socket.receive)).toMatchObject({
      _tag: "DatagramReceiveError",
      reason: "ConnectionRefused",
      syscall: "recvmmsg",
      code: "ECONNREFUSED",
      errno: 111
    })
    yield* socket.send({ data })
    expect(yield* Effect.flip(socket.send({ data }))).toMatchObject({
      reason: "ConnectionRefused",
      code: "ECONNREFUSED"
    })
    const back = yield* Datagram.bind(spec, gone)
    yield* back.send({ data, to: socket.localAddress })
    expect((yield* socket.receive).data).toEqual(data)
  }).pipe(Effect.provide(layer))
)

it.scopedLive("sends that the kernel refuses fail with its code", () =>
  Effect.gen(function* () {
    const socket = yield* Datagram.bind(spec, { address: "0.0.0.0", port: 0 })
    const to = { address: "127.0.0.1", port: socket.localAddress.port }
    const nowhere = yield* Effect.flip(socket.send({ data, to, control: { pktInfo: { interfaceIndex: 9_999_999 } } }))
    expect(nowhere).toMatchObject({ reason: "InvalidArgument", syscall: "sendmsg", code: "ENODEV" })
    expect(nowhere.message).toContain("this host has no interface of index 9999999")
    const foreign = yield* Effect.flip(socket.send({ data, to, control: { pktInfo: { source: "192.0.2.77" } } }))
    expect(foreign).toMatchObject({ reason: "AddressNotAvailable" })
    const broadcast = yield* Effect.flip(socket.send({ data, to: { address: "255.255.255.255", port: 9 } }))
    expect(["PermissionDenied", "Unreachable"]).toContain(broadcast.reason)
    yield* socket.send({ data, to })
    expect((yield* socket.receive).data).toEqual(data)
  }).pipe(Effect.provide(layer))
)

it.scopedLive("a device that does not exist, and an invalid name", () =>
  Effect.gen(function* () {
    const missing = yield* Effect.flip(Datagram.bind(Datagram.ipv4.pipe(withBindToDevice("nosuchdevice0")), at))
    expect(missing).toMatchObject({
      _tag: "DatagramBindError",
      reason: "InvalidArgument",
      code: "ENODEV",
      syscall: "setsockopt"
    })
    const long = yield* Effect.flip(Datagram.bind(Datagram.ipv4.pipe(withBindToDevice("a name that is too long")), at))
    expect(long.message).toBe(
      "SO_BINDTODEVICE: 'a name that is too long' is not the name of an interface: 1 to 15 characters."
    )
  }).pipe(Effect.provide(layer))
)

it.scopedLive("connecting to a broadcast address fails, and the remedy names the option", () =>
  Effect.gen(function* () {
    const error = yield* Effect.flip(Datagram.connect(Datagram.ipv4, { address: "255.255.255.255", port: 9 }))
    expect(error).toMatchObject({ _tag: "DatagramBindError", reason: "PermissionDenied", code: "EACCES" })
    expect(error.message).toContain("For a broadcast address declare withBroadcast().")
    expect(error.message).not.toContain("1024")
  }).pipe(Effect.provide(layer))
)

it.scopedLive("a port in use: the remedy requires every program to declare the sharing", () =>
  Effect.gen(function* () {
    const { localAddress } = yield* Datagram.bind(Datagram.ipv4, at)
    const error = yield* Effect.flip(Datagram.bind(Datagram.ipv4, localAddress))
    expect(error.message).toContain("every one of them must declare withReusePort()")
  }).pipe(Effect.provide(layer))
)

/** A driver whose call fails with a code that cannot be caused here. */
const failing = (syscall: "bind" | "connect" | "setsockopt", code: string) =>
  DatagramSockets.layer(
    Effect.map(LinuxSockets.driver(), (driver) => ({
      ...driver,
      open: (kind: Parameters<typeof driver.open>[0]) => {
        const socket = driver.open(kind)
        if ("errno" in socket) return socket
        const fault = () => ({ syscall, code, errno: 1 })
        return syscall === "setsockopt" ? { ...socket, setOption: fault } : { ...socket, [syscall]: fault }
      }
    })),
    LinuxSockets.capabilities
  )
it.each([
  ["bind", "WSAEACCES", "netsh int ipv4 show excludedportrange udp"],
  ["bind", "ENOBUFS", "too little memory for another socket"],
  ["connect", "EAGAIN", "Every port that the system assigns is in use"],
  ["connect", "EADDRNOTAVAIL", "Check the address and the port of the peer"],
  ["connect", "WSAEADDRNOTAVAIL", "Check the address and the port of the peer"],
  ["connect", "EINVAL", "with its zone"],
  ["setsockopt", "ENOMEM", "too little memory for another socket"],
  ["setsockopt", "EBADF", "No file is open under that number"],
  ["setsockopt", "ENOPROTOOPT", "withOptional(withHopLimit())"]
] as const)("%s, %s: the remedy is about that cause", (syscall, code, remedy) =>
  Effect.runPromise(
    Effect.gen(function* () {
      const error = yield* Effect.flip(
        Datagram.connect(Datagram.ipv4.pipe(withHopLimit()), { address: "127.0.0.1", port: 9 })
      )
      expect(error.message).toContain(remedy)
    }).pipe(Effect.scoped, Effect.provide(failing(syscall, code)))
  )
)
