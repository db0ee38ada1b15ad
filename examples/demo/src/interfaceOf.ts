import { networkInterfaces } from "node:os"

/** Returns the name of the interface whose networks contain an IPv4 address. */
export const interfaceOf = (address: string): string | undefined => {
  const number = (text: string) => text.split(".").reduce((value, octet) => value * 256 + Number(octet), 0)
  for (const [name, networks] of Object.entries(networkInterfaces())) {
    for (const network of networks ?? []) {
      if (network.family !== "IPv4") continue
      const mask = number(network.netmask)
      if ((number(network.address) & mask) === (number(address) & mask)) return name
    }
  }
  return undefined
}
