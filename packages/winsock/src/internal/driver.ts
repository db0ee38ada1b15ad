/**
 * From "this machine" to a driver, or to one clear error: another system, another processor, no native part of koffi.
 */
import { Abi } from "@ancillary/control"
import type { DatagramUnsupportedError } from "@ancillary/effect3"
import { unsupported } from "@ancillary/effect3/DatagramError"
import * as Arena from "@ancillary/engine/driver/Arena"
import type { Driver } from "@ancillary/engine/driver/Driver"
import { Effect, Predicate } from "effect"
import { release } from "node:os"
import { isMainThread } from "node:worker_threads"
import type { Host } from "./socket.ts"

/** What is native about this machine, once it was found to be there. */
export interface Native {
  readonly host: Host
  readonly native: typeof import("./native.ts")
}

/** `feature` is what the program asked for, for the errors. */
export const loadNative = (feature: string): Effect.Effect<Native, DatagramUnsupportedError> =>
  Effect.gen(function* () {
    if (process.platform !== "win32") {
      const remedy = "NodeSockets.layer of @ancillary/node picks the layer of the system at hand"
      return yield* unsupported(feature, `this is ${process.platform}, and Winsock is of Windows`, remedy)
    }
    const abi = abis[process.arch]
    if (abi === undefined) {
      const why = `the layout of structures on ${process.arch} is not known`
      return yield* unsupported(feature, why, "Run it with Node for x64, arm64 or ia32")
    }
    // Winsock: koffi's poll is all that there is, and a thread that ends while it reports takes the process along.
    if (!isMainThread) {
      return yield* unsupported(
        feature,
        "a worker thread that ends while a socket waits would end the process",
        "Open the sockets in the main thread, or serve in processes with DatagramWorkers of @ancillary/node"
      )
    }
    // koffi throws when it is loaded without its native part: loaded here, that is an error of the layer and not of somebody's import.
    return yield* Effect.tryPromise({
      try: async () => {
        const native = await import("./native.ts")
        return { native, host: { abi, ws2: native.load() } }
      },
      catch: (cause) =>
        unsupported(
          feature,
          `koffi could not be loaded (${cause instanceof Error ? cause.message.split("\n")[0] : String(cause)})`,
          "Install koffi with its native part: its package for this machine is an optional dependency, which --omit=optional leaves out"
        )
    })
  })

const abis: { readonly [arch in string]?: Abi } = {
  x64: Abi.winsockX64,
  arm64: Abi.winsockArm64,
  ia32: Abi.winsockIa32
}

type Options = { readonly guarded?: boolean | undefined } | undefined

/** Whether the options ask for guarded memory: anything but a boolean is a mistake. */
const isGuarded = (layer: string, options: Options): Effect.Effect<boolean, DatagramUnsupportedError> => {
  const refused = () =>
    unsupported(`${layer}, guarded`, "it is neither true nor false", "Give a boolean, or leave it out")
  return Effect.filterOrFail(
    Effect.try({ try: (): unknown => options?.guarded ?? false, catch: refused }),
    Predicate.isBoolean,
    refused
  )
}

export const makeDriver = (layer: string, options: Options): Effect.Effect<Driver, DatagramUnsupportedError> =>
  Effect.zipWith(isGuarded(layer, options), loadNative(layer), (guarded, { host, native }) => ({
    abi: host.abi,
    // Windows: "10.0.20348".
    batches: false,
    build: Number(release().split(".")[2]),
    arena: Arena.shared(host.abi, { ...native.memory, guarded }),
    open: (kind) => native.open(host, kind),
    // Winsock: AF_UNIX has streams alone, so there is no pair, and no message that a handle could arrive with.
    pair: () => native.fault("socketpair", native.WSAEAFNOSUPPORT),
    adopt: (descriptor, kind) => native.adopt(host, descriptor, kind),
    interfaces: () => native.interfaces(host),
    release: () => native.fault("closesocket", native.WSAEINVAL),
    errorName: native.errorName
  }))
