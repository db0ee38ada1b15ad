/**
 * From "this machine" to a driver, or to one clear error: another system, another processor, another C library, no native part of koffi.
 */
import { endianness } from "node:os"
import { isMainThread } from "node:worker_threads"
import type { Abi } from "@ancillary/control"
import type { DatagramUnsupportedError } from "@ancillary/effect3"
import { unsupported } from "@ancillary/effect3/DatagramError"
import * as Arena from "@ancillary/engine/driver/Arena"
import type { Driver } from "@ancillary/engine/driver/Driver"
import { Effect, Predicate } from "effect"
import type { PlatformNumbers } from "./platform.ts"

export interface Target {
  readonly platform: "linux" | "darwin"
  /** As the layer is called, for the errors. */
  readonly layer: string
  readonly numbers: PlatformNumbers
  /** As the program gave them. */
  readonly options: { readonly guarded?: boolean | undefined } | undefined
  /** The ABI of a process with pointers of that many bits, on that C library; nothing where there is no such process. */
  readonly abi: (bits: 32 | 64, libc: string) => Abi | undefined
}

const remedy = "NodeSockets.layer of @ancillary/node picks the layer of the system at hand"

export const makeDriver = (target: Target): Effect.Effect<Driver, DatagramUnsupportedError> =>
  Effect.gen(function* () {
    const { layer, numbers, options, platform } = target
    const guarded = yield* isGuarded(layer, options)
    if (process.platform !== platform) {
      return yield* unsupported(layer, `this is ${process.platform}, and the layer is for ${platform}`, remedy)
    }
    const bits = pointerBits()
    if (bits === undefined) {
      return yield* unsupported(
        layer,
        `the layout of structures on ${process.arch} is not known`,
        "Run it on a little-endian 32- or 64-bit processor"
      )
    }
    // koffi throws when it is loaded without its native part: loaded here, that is an error of the layer and not of somebody's import.
    const native = yield* Effect.tryPromise({
      try: () => import("./native.ts"),
      catch: (cause) =>
        unsupported(
          layer,
          `koffi could not be loaded (${cause instanceof Error ? cause.message.split("\n")[0] : String(cause)})`,
          `Install koffi with its native part: its package for this machine is an optional dependency, which --omit=optional leaves out`
        )
    })
    const libc = native.load(platform)
    const name = platform === "darwin" ? "libSystem" : libc.name
    const abi = target.abi(bits, name)
    if (abi === undefined) {
      return yield* unsupported(
        layer,
        `the C library of this process (${name}) is not known`,
        "Run Node on glibc or musl"
      )
    }
    // Darwin: koffi's poll is all that there is, and a thread that ends while it reports takes the process along.
    if (!isMainThread && libc.epoll === undefined) {
      return yield* unsupported(
        layer,
        "a worker thread that ends while a socket waits would end the process",
        "Open the sockets in the main thread, or serve in processes with DatagramWorkers of @ancillary/node"
      )
    }
    const host = { abi, libc, numbers }
    return {
      abi,
      batches: libc.recvmmsg !== undefined,
      arena: Arena.shared(abi, { ...native.memory, guarded }),
      open: (kind) => native.open(host, kind),
      pair: () => native.pair(host),
      adopt: (descriptor, kind) => native.adopt(host, descriptor, kind),
      interfaces: () => (platform === "linux" ? native.routing.interfaces(host) : native.interfaces(host)),
      // macOS: has notices by a routing socket, whose messages were not tried here: changes are polled.
      ...(platform === "linux" ? { observeInterfaces: () => native.routing.observe(host) } : {}),
      release: (descriptor) => native.release(host, descriptor),
      interfaceIndex: (name) => libc.if_nametoindex(name) || undefined,
      errorName: native.errorName
    }
  })

/** Whether the options ask for guarded memory: anything but a boolean is a mistake. */
const isGuarded = (layer: string, options: Target["options"]): Effect.Effect<boolean, DatagramUnsupportedError> => {
  const refused = () =>
    unsupported(`${layer}, guarded`, "it is neither true nor false", "Give a boolean, or leave it out")
  return Effect.filterOrFail(
    Effect.try({ try: (): unknown => options?.guarded ?? false, catch: refused }),
    Predicate.isBoolean,
    refused
  )
}

/** Little-endian processors that Node runs on; the structures of big-endian ones are laid out the same, but every number is turned round. */
const pointerBits = (): 32 | 64 | undefined => {
  if (endianness() !== "LE") return undefined
  if (["x64", "arm64", "riscv64", "loong64", "ppc64"].includes(process.arch)) return 64
  return ["ia32", "arm"].includes(process.arch) ? 32 : undefined
}
