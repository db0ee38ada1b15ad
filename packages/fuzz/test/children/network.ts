/** Random programs on a kernel whose received payloads have a wrong bit now and then. Prints the lines of the first difference. */
import { FaultyDriver } from "@ancillary/testing"
import { kernel, network, refuseHost } from "../../src/network/network.ts"
import { firstOf } from "../firstOf.ts"

const driver = kernel()
if (refuseHost(driver) !== undefined) throw new Error(refuseHost(driver))
let calls = 0
const bent = FaultyDriver.wrap(driver, {
  onReceived: ({ data }) => {
    if (++calls % 50 === 0 && data.length > 0) data[0] = (data[0] ?? 0) ^ 1
  }
})
const difference = await firstOf(network(bent, false), 1000)
console.log(difference?.lines.join("\n") ?? "No difference.")
