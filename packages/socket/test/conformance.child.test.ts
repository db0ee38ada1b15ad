/** The conformance suite through the promise face, on the driver of Linux. */
import { LinuxSockets } from "@ancillary/effect3/node"
import { expect, it, vi } from "vitest"
import { conformance, linux } from "@ancillary/testing/conformance"
import { exceptions, hasPart, left } from "./conformance/exceptions.ts"
import { hasIpv6, hasRawPrivilege } from "../../testing/machine.ts"

vi.mock("@ancillary/effect3", async (original) => {
  const suite = await original<typeof import("@ancillary/effect3")>()
  const { kitOf } = await import("./conformance/promiseKit.ts")
  return { ...suite, ...kitOf(suite) }
})

vi.mock("@effect/vitest", async (original) => {
  const tester = await original<typeof import("@effect/vitest")>()
  const { without } = await import("./conformance/exceptions.ts")
  return { ...tester, it: without(tester.it) }
})

const families: typeof linux.families = hasIpv6() ? linux.families : ["ipv4"]
const extensionHeaders = hasRawPrivilege() ? linux.extensionHeaders : "not permitted"
conformance({ ...linux, families, extensionHeaders }, LinuxSockets.driver({ guarded: true }), hasPart)

it("the suite is the one of promises: it left out each exception", () => {
  expect([...left].toSorted()).toEqual([...exceptions.keys()].toSorted())
})
