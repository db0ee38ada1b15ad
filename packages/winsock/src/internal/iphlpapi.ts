/** Typed declaration of the one call of `iphlpapi.dll`, and of the fields that are read from its structures. */
import { koffi } from "@ancillary/native/koffi"
import type { Address } from "./ws2_32.ts"

/** `IP_ADAPTER_ADDRESSES`, with pointers as addresses. The IPv6 index is 0 if it is not reported separately. */
export interface Adapter {
  readonly IfIndex: number
  readonly Next: Address
  readonly FirstUnicastAddress: Address
  readonly FriendlyName: string
  /** Its first bytes are the address. */
  readonly PhysicalAddress: Uint8Array
  readonly PhysicalAddressLength: number
  readonly Flags: number
  /** 0xffffffff if there is no limit. */
  readonly Mtu: number
  readonly IfType: number
  readonly OperStatus: number
  readonly Ipv6IfIndex: number
}

/** `IP_ADAPTER_UNICAST_ADDRESS`. */
export interface UnicastAddress {
  readonly Next: Address
  readonly Address: { readonly lpSockaddr: Address; readonly iSockaddrLength: number }
  /** `NL_DAD_STATE`. */
  readonly DadState: number
  readonly OnLinkPrefixLength: number
}

export interface Iphlpapi {
  /**
   * ULONG GetAdaptersAddresses(ULONG Family, ULONG Flags, PVOID Reserved, PIP_ADAPTER_ADDRESSES AdapterAddresses, PULONG SizePointer).
   * Returns the error itself.
   */
  readonly GetAdaptersAddresses: (
    family: number,
    flags: number,
    reserved: 0,
    adapters: Uint8Array,
    size: Uint8Array
  ) => number
  /** Reads a structure at an offset of the memory that the call filled. */
  readonly adapter: (memory: Uint8Array, at: number) => Adapter
  readonly unicastAddress: (memory: Uint8Array, at: number) => UnicastAddress
}

const find = (): Iphlpapi => {
  const library = koffi().load("iphlpapi.dll")
  const pointer = "uintptr_t"
  const number = "uint32_t"
  // iptypes.h, IP_ADAPTER_ADDRESSES_LH and IP_ADAPTER_UNICAST_ADDRESS_LH, up to the last field that is read.
  const adapter = koffi().struct({
    Length: number,
    IfIndex: number,
    Next: pointer,
    AdapterName: pointer,
    FirstUnicastAddress: pointer,
    FirstAnycastAddress: pointer,
    FirstMulticastAddress: pointer,
    FirstDnsServerAddress: pointer,
    DnsSuffix: pointer,
    Description: pointer,
    FriendlyName: "str16",
    PhysicalAddress: koffi().array("uint8_t", 8, "Typed"),
    PhysicalAddressLength: number,
    Flags: number,
    Mtu: number,
    IfType: number,
    OperStatus: number,
    Ipv6IfIndex: number
  })
  const unicastAddress = koffi().struct({
    Length: number,
    Flags: number,
    Next: pointer,
    Address: koffi().struct({ lpSockaddr: pointer, iSockaddrLength: "int" }),
    PrefixOrigin: number,
    SuffixOrigin: number,
    DadState: number,
    ValidLifetime: number,
    PreferredLifetime: number,
    LeaseLifetime: number,
    OnLinkPrefixLength: "uint8_t"
  })
  // koffi decodes without types; the results get their types here.
  return {
    GetAdaptersAddresses: library.func("__stdcall", "GetAdaptersAddresses", number, [
      number,
      number,
      pointer,
      "void *",
      "void *"
    ]),
    adapter: (memory, at) => koffi().decode(memory, at, adapter) as Adapter,
    unicastAddress: (memory, at) => koffi().decode(memory, at, unicastAddress) as UnicastAddress
  }
}

let found: Iphlpapi | undefined

/** Loaded on first use, because most programs never list interfaces. */
export const loadIphlpapi = (): Iphlpapi => (found ??= find())
