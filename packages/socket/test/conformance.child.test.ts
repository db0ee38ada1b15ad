/** The conformance suite through the promise face, on the driver of Linux. */
import { LinuxSockets } from "@ancillary/effect3/node"
import { vi } from "vitest"
import { conformance, linux } from "@ancillary/testing/conformance"
import { hasIpv6, hasRawPrivilege } from "../../testing/machine.ts"

/** Cases that do not hold for promises, each with its reason. */
const exceptions = vi.hoisted(
  () =>
    new Map([
      [
        "a stream that stops early gives up the rest of its chunk, and receive gives up nothing",
        "An iterator that is left early gives up nothing. receiving.test.ts has the case."
      ],
      [
        "a reader that is interrupted where its fiber yields gives up nothing that it did not get",
        "A promise has no yields. aborting.test.ts aborts at each turn and microtask."
      ],
      [
        "a callback that reads and sends on other sockets keeps its datagram meanwhile, and they theirs",
        "The callback reads synchronously, and each read of this face is a promise."
      ],
      ["passes with TestClock", "Promises use the clock of the system."],
      ["refuses what is no duration, as an error that names it", "A duration is a number of milliseconds."]
    ])
)

vi.mock("@ancillary/effect3", async (original) => {
  const suite = await original<typeof import("@ancillary/effect3")>()
  const { kitOf } = await import("./conformance/promiseKit.ts")
  return { ...suite, ...kitOf(suite) }
})

vi.mock("@effect/vitest", async (original) => {
  const tester = await original<typeof import("@effect/vitest")>()
  /** Registers no case of the exceptions. */
  const without = <F extends object>(register: F): F =>
    new Proxy(register, {
      apply: (target, self, args: ReadonlyArray<unknown>) =>
        exceptions.has(String(args[0])) ? undefined : Reflect.apply(target as never, self, args),
      get: (target, key) => {
        const value: unknown = Reflect.get(target, key)
        return typeof value === "function" ? without(value) : value
      }
    })
  return { ...tester, it: without(tester.it) }
})

const families: typeof linux.families = hasIpv6() ? linux.families : ["ipv4"]
const extensionHeaders = hasRawPrivilege() ? linux.extensionHeaders : "not permitted"
// Handlers of effects differ from those of promises, which serving.test.ts has.
conformance(
  { ...linux, families, extensionHeaders },
  LinuxSockets.driver({ guarded: true }),
  (part) => part !== "servers"
)
