/** Lists the host's interfaces by `GetAdaptersAddresses`. */
import { type Abi, Codec, SocketAddress } from "@ancillary/control"
import type { Fault, NetworkInterface } from "@ancillary/engine/driver/Driver"
import { fault } from "./errno.ts"
import { type Adapter, type Iphlpapi, loadIphlpapi } from "./iphlpapi.ts"
import { addressOf } from "@ancillary/native/memory"
import * as Numbers from "./platform.ts"
import type { Host } from "./socket.ts"

/** Initial size in bytes, as the documentation recommends. It is more than most hosts need. */
const firstTry = 15_000
/** Adapters may appear between two calls, so the number of calls is limited. */
const tries = 4

export const interfaces = ({ abi }: Host): ReadonlyArray<NetworkInterface> | Fault => {
  const library = loadIphlpapi()
  const size = Uint32Array.of(firstTry)
  let error = 0
  for (let i = 0; i < tries; i++) {
    const adapters = new Uint8Array(size[0] ?? firstTry)
    error = library.GetAdaptersAddresses(Numbers.AF_UNSPEC, Numbers.GAA_FLAGS, 0, adapters, new Uint8Array(size.buffer))
    // Winsock: the call returns ERROR_NO_DATA on a host without an adapter.
    if (error === Numbers.ERROR_NO_DATA) return []
    if (error === 0) return list(abi, library, adapters)
    if (error !== Numbers.ERROR_BUFFER_OVERFLOW) break
  }
  return fault("GetAdaptersAddresses", error)
}

/** Every pointer points into the memory itself, which is read by offsets. No freed memory can be read. */
const list = (abi: Abi, library: Iphlpapi, memory: Uint8Array): ReadonlyArray<NetworkInterface> => {
  const base = addressOf(memory)
  const found: Array<NetworkInterface> = []
  for (let at = base; at !== 0;) {
    const adapter = library.adapter(memory, at - base)
    at = adapter.Next
    const isUp = adapter.OperStatus === Numbers.IfOperStatusUp
    found.push({
      // Winsock: an interface has an index in each of its protocols. It is the same number if it has both.
      index: adapter.IfIndex || adapter.Ipv6IfIndex,
      name: adapter.FriendlyName,
      addresses: addressesOf(abi, library, memory, adapter),
      up: isUp,
      // Winsock: "up" means that the interface can pass packets and its cable is plugged in.
      running: isUp,
      loopback: adapter.IfType === Numbers.IF_TYPE_SOFTWARE_LOOPBACK,
      multicast: (adapter.Flags & Numbers.IP_ADAPTER_NO_MULTICAST) === 0,
      mtu: adapter.Mtu === 0xffffffff || adapter.Mtu === 0 ? undefined : adapter.Mtu,
      kind: Numbers.interfaceTypes[adapter.IfType] ?? `IfType ${adapter.IfType}`,
      hardwareAddress: hardwareOf(adapter)
    })
  }
  return found
}

/** Two hexadecimal digits for each byte. An address of zeros means no address. */
const hardwareOf = ({ PhysicalAddress, PhysicalAddressLength }: Adapter): string | undefined => {
  const bytes = Array.from(PhysicalAddress.subarray(0, PhysicalAddressLength))
  return bytes.some((byte) => byte !== 0)
    ? bytes.map((byte) => byte.toString(16).padStart(2, "0")).join(":")
    : undefined
}

const addressesOf = (
  abi: Abi,
  library: Iphlpapi,
  memory: Uint8Array,
  { FirstUnicastAddress }: Adapter
): NetworkInterface["addresses"] => {
  const base = addressOf(memory)
  const view = new DataView(memory.buffer)
  const found: Array<NetworkInterface["addresses"][number]> = []
  for (let at = FirstUnicastAddress; at !== 0;) {
    const { Address, DadState, Next, OnLinkPrefixLength } = library.unicastAddress(memory, at - base)
    at = Next
    const named = SocketAddress.read(abi, view, Address.lpSockaddr - base, Address.iSockaddrLength)
    if (!Codec.isMalformed(named) && named.family !== "unix")
      found.push({
        address: named.address,
        prefix: OnLinkPrefixLength,
        tentative: DadState === Numbers.IpDadStateTentative,
        duplicate: DadState === Numbers.IpDadStateDuplicate,
        deprecated: DadState === Numbers.IpDadStateDeprecated
      })
  }
  return found
}
