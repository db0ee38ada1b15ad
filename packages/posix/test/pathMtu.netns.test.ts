/** Segments larger than the MTU of their path: the kernel refuses to segment, although it fragments a plain datagram of that size. */
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { onPath, requirement } from "../../testing/machine.ts"
import { canMakeNamespaces, inside, python, run, startReading } from "./namespaces/network.ts"
import { makeRouted, type Routed } from "./namespaces/routed.ts"

const able = requirement(
  "segments on a narrow way",
  onPath("ip") && onPath("python3") && canMakeNamespaces(),
  "Run as root, with apt-get install -y iproute2 procps python3"
)
const to = "10.78.1.1"

/** The results of the bare kernel for 3,000 bytes in segments of 1,000, and then for a plain datagram of 1,000. */
const bareKernel = `
import errno, json, socket, struct
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
def attempt(data, control):
    try: return s.sendmsg([data], control, 0, ("${to}", 5398))
    except OSError as error: return errno.errorcode[error.errno]
print(json.dumps([attempt(bytes(3000), [(socket.IPPROTO_UDP, 103, struct.pack("H", 1000))]), attempt(bytes(1000), [])]))
`

describe.runIf(able)("over a cable whose route has an MTU of 576", () => {
  let network: Routed
  let reading: Awaited<ReturnType<typeof startReading>>
  beforeAll(async () => {
    network = makeRouted()
    inside(network.client, "route", "add", `${to}/32`, "dev", "cR", "mtu", "lock", "576")
    reading = await startReading(network.router, "observingFragments.ts")
  })
  afterAll(async () => {
    await reading.stop()
    network.remove()
  })

  it("bare kernel: EMSGSIZE for segments, while one alone is sent in fragments", async () => {
    expect(await python(network.client, bareKernel)).toEqual(["EMSGSIZE", 1000])
    expect(await reading.lines(1)).toMatchObject([{ bytes: 1000, fragmentSize: 572 }])
  })

  it("ours: sent one by one for this host, or an error if fragmenting is forbidden", async () => {
    expect(await run(network.client, "sendingSegments.ts", to)).toEqual({
      // Segmentation by the kernel was refused. Payloads smaller than the refused one are still segmented by the kernel.
      handed: [[3000, 1000, 1000, 1000], [1000, 1000, 1000], [300]],
      sent: 9,
      refused: { code: "EMSGSIZE", reason: "MessageTooLarge", sentBytes: 0 }
    })
    const seen = await reading.lines(9)
    const fragmented = Array.from({ length: 6 }, () => ({ bytes: 1000, fragmentSize: 572 }))
    const whole = Array.from({ length: 3 }, () => ({ bytes: 100, fragmentSize: null }))
    expect(seen).toMatchObject([...fragmented, ...whole])
  })
})
