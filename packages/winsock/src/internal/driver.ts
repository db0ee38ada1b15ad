/**
 * Makes the driver of this machine, or reports why it cannot run: another system or processor, a worker thread, or no native part of koffi.
 */
import { Abi } from "@ancillary/control"
import * as Arena from "@ancillary/engine/driver/Arena"
import { type Driver, isUnavailable, type Unavailable } from "@ancillary/engine/driver/Driver"
import { type DriverOptions, loadNative, readGuarded, unavailableInWorker } from "@ancillary/native/loading"
import { release } from "node:os"
import { isMainThread } from "node:worker_threads"
import * as native from "./native.ts"
import type { Host } from "./socket.ts"

/** The native part of this machine. */
export interface Native {
  readonly host: Host
  readonly native: typeof native
}

/** Loads Winsock. `feature` is the function that the program called, for errors. */
export const loadWinsock = (feature: string): Native | Unavailable => {
  if (process.platform !== "win32")
    return {
      feature,
      why: `this is ${process.platform}, and Winsock is of Windows`,
      remedy: "NodeSockets.layer picks the layer of the system at hand"
    }
  const abi = abis[process.arch]
  if (abi === undefined)
    return {
      feature,
      why: `the layout of structures on ${process.arch} is not known`,
      remedy: "Run it with Node for x64, arm64 or ia32"
    }
  // Winsock: koffi's poll is the only one.
  if (!isMainThread) return unavailableInWorker(feature)
  return loadNative(feature, () => ({ native, host: { abi, ws2: native.load() } }))
}

const abis: { readonly [arch in string]?: Abi } = {
  x64: Abi.winsockX64,
  arm64: Abi.winsockArm64,
  ia32: Abi.winsockIa32
}

export const makeDriver = (layer: string, options: DriverOptions | undefined): Driver | Unavailable => {
  const guarded = readGuarded(layer, options)
  if (isUnavailable(guarded)) return guarded
  const loaded = loadWinsock(layer)
  if (isUnavailable(loaded)) return loaded
  const { host } = loaded
  return {
    abi: host.abi,
    batches: false,
    // Windows: "10.0.20348".
    build: Number(release().split(".")[2]),
    arena: Arena.shared(host.abi, { ...native.memory, guarded }),
    open: (kind) => native.open(host, kind),
    // Winsock: AF_UNIX has only streams, so there is no pair, and no message can bring a handle.
    pair: () => native.fault("socketpair", native.WSAEAFNOSUPPORT),
    adopt: (descriptor, kind) => native.adopt(host, descriptor, kind),
    interfaces: () => native.interfaces(host),
    release: () => native.fault("closesocket", native.WSAEINVAL),
    errorName: native.errorName
  }
}
