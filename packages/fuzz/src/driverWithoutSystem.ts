/**
 * A driver without a system, of any ABI on any machine. Every call succeeds, and it receives as many empty slots as are pending. Hooks around it
 * write the contents of the slots.
 */
import { type Abi, InternetEndpoint, Ipv4Address, Ipv6Address, SocketAddress, UnixEndpoint } from "@ancillary/control"
import * as Arena from "@ancillary/engine/driver/Arena"
import type { Driver, NativeSocket, SocketKind } from "@ancillary/engine/driver/Driver"

export interface Pending {
  count: number
}

export const driverWithoutSystem = (abi: Abi, pending: Pending): Driver => ({
  abi,
  arena: Arena.shared(abi, {
    allocate: (bytes) => ({ bytes: new Uint8Array(bytes), address: 0 }),
    guarded: false
  }),
  open: (kind) => socket(abi, kind, pending),
  batches: abi.mmsghdr !== undefined,
  pair: () => [
    socket(abi, { family: "unix", protocol: "unix" }, pending),
    socket(abi, { family: "unix", protocol: "unix" }, pending)
  ],
  adopt: (_, kind) => socket(abi, kind, pending),
  // Descriptors are invented here, so none of them may be closed.
  release: () => undefined,
  interfaces: () => [],
  errorName: String
})

/** An event loop that reports readable and writable in each turn, as long as there is an interest. */
export const readyAtOnce: NativeSocket["poll"] = (onReady) => {
  let wanted = { readable: false, writable: false }
  let next: NodeJS.Immediate | undefined
  const turn = () => {
    next = undefined
    const { readable, writable } = wanted
    if (!readable && !writable) return
    arm()
    onReady(readable, writable, false)
  }
  const arm = () => {
    next ??= setImmediate(turn)
  }
  return {
    update: (readable, writable) => {
      wanted = { readable, writable }
      if (readable || writable) arm()
    },
    keepAlive: () => undefined,
    close: () => clearImmediate(next)
  }
}

const anywhere = {
  ipv4: new InternetEndpoint("ipv4", Ipv4Address.of(127, 0, 0, 1), 5300),
  ipv6: new InternetEndpoint("ipv6", Ipv6Address.of([0, 0, 0, 0, 0, 0, 0, 1]), 5300),
  unix: new UnixEndpoint("/paper")
}

const socket = (abi: Abi, { family }: SocketKind, pending: Pending): NativeSocket => ({
  descriptor: -1,
  setOption: () => undefined,
  getOption: (_level, _option, into) => into.fill(0).length,
  ioctl: () => 0,
  bind: () => undefined,
  connect: () => undefined,
  peerAddress: (into) => SocketAddress.write(abi, anywhere[family], new DataView(into.buffer), 0),
  localAddress: (into) => SocketAddress.write(abi, anywhere[family], new DataView(into.buffer), 0),
  receive: (_, slots, peek) => {
    const count = Math.min(slots, pending.count)
    if (!peek) pending.count -= count
    return count
  },
  receiveErrors: () => 0,
  send: (_arena, _first, slots) => slots,
  poll: readyAtOnce,
  close: () => undefined
})
