/** The driver of a host in memory. */
import * as Arena from "@ancillary/engine/driver/Arena"
import type { Driver, Fault, NetworkInterface } from "@ancillary/engine/driver/Driver"
import type { Device } from "./ip/device.ts"
import type { Notices } from "./notices.ts"
import { nativeSocket, type Place } from "./socket/native.ts"
import { SocketState } from "./socket/socket.ts"

/** Every JavaScript host has it, but none of the types that this package compiles with declares it. */
declare const structuredClone: (value: unknown, options: { readonly transfer: ReadonlyArray<unknown> }) => unknown

export interface DriverParts {
  readonly place: Place
  readonly devices: ReadonlyArray<Device>
  readonly notices: Notices
  /** Memory behind slots is checked, and payloads that were given back are detached. */
  readonly guarded: boolean
}

/** Descriptors begin here, so that they are not taken for those of the process. */
let descriptors = 1_000_000

export const makeDriver = ({ devices, guarded, notices, place }: DriverParts): Driver => {
  const { personality } = place
  const { abi, batches, build } = personality
  const refused = (syscall: string, name: Parameters<typeof personality.errorOf>[0]): Fault => ({
    syscall,
    ...personality.errorOf(name)
  })
  const arenas = Arena.shared(abi, {
    allocate: (bytes) => ({ bytes: new Uint8Array(bytes), address: 0 }),
    guarded,
    detach: (buffer) => void structuredClone(buffer, { transfer: [buffer] })
  })
  return {
    abi,
    batches,
    ...(build === undefined ? {} : { build }),
    arena: (layout) => untied(arenas(layout)),
    open: ({ family, protocol }) => {
      if (family === "unix" || protocol === "unix") return refused("socket", "EAFNOSUPPORT")
      // Winsock: a program without privileges has no ping sockets.
      if (protocol === "icmp" && abi.platform === "winsock") return refused("socket", "EPROTONOSUPPORT")
      const socket = new SocketState(descriptors++, family, protocol, personality.hopLimit)
      personality.prepare(socket)
      place.ports.open.add(socket)
      return nativeSocket(place, socket)
    },
    pair: () => refused("socketpair", abi.platform === "linux" ? "EOPNOTSUPP" : "EAFNOSUPPORT"),
    adopt: () => refused("adopt", "EBADF"),
    release: () => refused("close", "EBADF"),
    interfaces: () => devices.map(interfaceOf),
    ...(abi.platform === "linux" ? { observeInterfaces: () => notices.observe() } : {}),
    interfaceIndex: (name) => devices.find((device) => device.name === name)?.index,
    errorName: personality.errorName
  }
}

/** Gives each payload a buffer of its own. A program that transfers it to another thread takes no other payload along. */
const untied = (arena: Arena.NativeArena): Arena.NativeArena => {
  const copy: Arena.Arena["copy"] = (slot, length) => {
    const at = arena.dataAt(slot)
    return arena.bytes.slice(at, at + length)
  }
  return { ...arena, copy, borrow: copy }
}

const interfaceOf = (device: Device): NetworkInterface => ({
  index: device.index,
  name: device.name,
  addresses: device.addresses.map(({ address, length }) => ({
    address: address.family === "ipv6" && address.isLinkLocal ? address.withZone(device.index) : address,
    prefix: length,
    tentative: false,
    duplicate: false,
    deprecated: false,
    temporary: false
  })),
  up: device.up,
  running: device.up && (device.loopback || device.wire?.isUp === true),
  loopback: device.loopback,
  multicast: !device.loopback,
  mtu: device.mtu,
  kind: device.loopback ? "loopback" : "ethernet",
  hardwareAddress: device.hardwareAddress
})
