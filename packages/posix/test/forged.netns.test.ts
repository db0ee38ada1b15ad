/** Every ICMP error, forged at a connected socket. No way of reading ends because of one. */
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { onPath, requirement } from "../../testing/machine.ts"
import { canMakeNamespaces, hosts, run } from "./namespaces/network.ts"

const able = requirement(
  "forged ICMP errors",
  onPath("ip") && canMakeNamespaces(),
  "Run as root, with apt-get install -y iproute2"
)

/** The error that Linux maps each type and code to (net/ipv4/icmp.c, net/ipv6/icmp.c). The others are not errors of a socket without reports. */
const fatal = {
  ipv4: {
    "3/2": "ENOPROTOOPT",
    "3/3": "ECONNREFUSED",
    "3/4": "EMSGSIZE",
    "3/6": "ENETUNREACH",
    "3/7": "EHOSTDOWN",
    "3/8": "ENONET",
    "3/9": "ENETUNREACH",
    "3/10": "EHOSTUNREACH",
    "3/13": "EHOSTUNREACH",
    "3/14": "EHOSTUNREACH",
    "3/15": "EHOSTUNREACH",
    "12/0": "EPROTO",
    "12/1": "EPROTO",
    "12/2": "EPROTO"
  },
  ipv6: {
    "1/1": "EACCES",
    "1/4": "ECONNREFUSED",
    "1/5": "EACCES",
    "1/6": "EACCES",
    "1/7": "EPROTO",
    "2/0": "EMSGSIZE",
    "4/0": "EPROTO",
    "4/1": "EPROTO",
    "4/2": "EPROTO",
    "4/3": "EPROTO"
  }
}
const reported = {
  ipv4: {
    ...fatal.ipv4,
    "3/0": "ENETUNREACH",
    "3/1": "EHOSTUNREACH",
    "3/5": "EOPNOTSUPP",
    "3/11": "ENETUNREACH",
    "3/12": "EHOSTUNREACH",
    "11/0": "EHOSTUNREACH"
  },
  ipv6: {
    ...fatal.ipv6,
    "1/0": "ENETUNREACH",
    "1/2": "EHOSTUNREACH",
    "1/3": "EHOSTUNREACH",
    "3/0": "EHOSTUNREACH",
    "3/1": "EHOSTUNREACH"
  }
}
const count = { ipv4: 24, ipv6: 15 }
const ways = 9

describe.runIf(able)("forged ICMP errors at a connected socket", () => {
  let network: { readonly host: string; readonly remove: () => void }
  beforeAll(() => {
    network = hosts(["host"], () => undefined)
  })
  afterAll(() => network.remove())

  for (const family of ["ipv4", "ipv6"] as const)
    for (const reports of ["without reports", "reports"] as const)
      it(`${family}, ${reports}: every type and code, and every way of reading goes on`, async () => {
        expect(await run(network.host, "forging.ts", family, reports)).toEqual({
          ended: [],
          codes: reports === "reports" ? reported[family] : fatal[family],
          passed: true,
          received: count[family] * ways
        })
      })
})
