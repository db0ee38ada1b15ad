/**
 * Makes the driver of this machine, or reports why it cannot run: another system, processor or C library, or no native part of koffi.
 */
import { endianness } from "node:os"
import { isMainThread } from "node:worker_threads"
import type { Abi } from "@ancillary/control"
import * as Arena from "@ancillary/engine/driver/Arena"
import { type Driver, isUnavailable, type Unavailable } from "@ancillary/engine/driver/Driver"
import { type DriverOptions, loadNative, readGuarded, unavailableInWorker } from "@ancillary/native/loading"
import * as native from "./native.ts"
import type { PlatformNumbers } from "./platform.ts"

export interface Target {
  readonly platform: "linux" | "darwin"
  /** Name of the layer, for errors. */
  readonly layer: string
  readonly numbers: PlatformNumbers
  readonly options: DriverOptions | undefined
  /** Returns the ABI of a process with pointers of this many bits on that C library, or `undefined` if there is no such process. */
  readonly abi: (bits: 32 | 64, libc: string) => Abi | undefined
}

export const makeDriver = (target: Target): Driver | Unavailable => {
  const { layer: feature, numbers, options, platform } = target
  const guarded = readGuarded(feature, options)
  if (isUnavailable(guarded)) return guarded
  if (process.platform !== platform)
    return {
      feature,
      why: `this is ${process.platform}, and the layer is for ${platform}`,
      remedy: "NodeSockets.layer picks the layer of the system at hand"
    }
  const bits = pointerBits()
  if (bits === undefined)
    return {
      feature,
      why: `the layout of structures on ${process.arch} is not known`,
      remedy: "Run it on a little-endian 32- or 64-bit processor"
    }
  const libc = loadNative(feature, () => native.load(platform))
  if (isUnavailable(libc)) return libc
  const name = platform === "darwin" ? "libSystem" : libc.name
  const abi = target.abi(bits, name)
  if (abi === undefined)
    return { feature, why: `the C library of this process (${name}) is not known`, remedy: "Run Node on glibc or musl" }
  // Darwin: koffi's poll is the only one.
  if (!isMainThread && libc.epoll === undefined) return unavailableInWorker(feature)
  const host = { abi, libc, numbers }
  return {
    abi,
    batches: libc.recvmmsg !== undefined,
    arena: Arena.shared(abi, { ...native.memory, guarded }),
    open: (kind) => native.open(host, kind),
    pair: () => native.pair(host),
    adopt: (descriptor, kind) => native.adopt(host, descriptor, kind),
    interfaces: () => (platform === "linux" ? native.routing.interfaces(host) : native.interfaces(host)),
    // macOS reports changes by a routing socket, whose messages were not tested here. Changes are polled instead.
    ...(platform === "linux" ? { observeInterfaces: () => native.routing.observe(host) } : {}),
    release: (descriptor) => native.release(host, descriptor),
    interfaceIndex: (name) => libc.if_nametoindex(name) || undefined,
    errorName: native.errorName
  }
}

/** Little-endian processors that Node supports. Big-endian ones have the same layouts with every number reversed. */
const pointerBits = (): 32 | 64 | undefined => {
  if (endianness() !== "LE") return undefined
  if (["x64", "arm64", "riscv64", "loong64", "ppc64"].includes(process.arch)) return 64
  return ["ia32", "arm"].includes(process.arch) ? 32 : undefined
}
