/** Sockets of hosts in memory by their driver alone, without Effect and without the event loop. */
import { InternetEndpoint, Ipv4Address, SocketAddress } from "@ancillary/control"
import type { Network } from "@ancillary/testing"
import type { Arena } from "@ancillary/engine/driver/Arena"
import { isFault, type NativeSocket } from "@ancillary/engine/driver/Driver"

export const port = 9000

export const name = ({ driver }: Network.Host, address: string, to: number): Uint8Array => {
  const parsed = Ipv4Address.parse(address)
  if (!(parsed instanceof Ipv4Address)) throw new Error(address)
  const bytes = new Uint8Array(driver.abi.sockaddr.ipv4)
  SocketAddress.write(driver.abi, new InternetEndpoint("ipv4", parsed, to), new DataView(bytes.buffer), 0)
  return bytes
}

export const layout = {
  purpose: "receive",
  slots: 1,
  iovecs: 1,
  addressBytes: 32,
  controlBytes: 0,
  dataBytes: 64
} as const

/** The arenas of each host. They are made once, because making one takes longer than a datagram. */
const arenas = new WeakMap<Network.Host, { readonly sent: Arena; readonly received: Arena }>()
const arenasOf = (host: Network.Host) => {
  const { arena } = host.driver
  const known = arenas.get(host)
  const all = known ?? {
    sent: arena({ ...layout, purpose: "send" }),
    received: arena(layout)
  }
  arenas.set(host, all)
  return all
}

export const open = (host: Network.Host): NativeSocket => {
  const socket = host.driver.open({ family: "ipv4", protocol: "udp" })
  if (isFault(socket)) throw new Error(socket.code)
  return socket
}

export const bound = (host: Network.Host, at = port): NativeSocket => {
  const socket = open(host)
  const refused = socket.bind(name(host, "0.0.0.0", at))
  if (refused !== undefined) throw new Error(refused.code)
  return socket
}

/** Sends a payload to an IPv4 address. */
export const send = (host: Network.Host, socket: NativeSocket, to: string, data: Uint8Array, at = port): void => {
  const { sent: arena } = arenasOf(host)
  const address = name(host, to, at)
  arena.bytes.set(address, arena.addressAt(0))
  arena.fill(0, address.length, 0, [data])
  const sent = socket.send(arena, 0, 1)
  if (isFault(sent)) throw new Error(sent.code)
}

/** Receives the next payload, if there is one. */
export const receive = (host: Network.Host, socket: NativeSocket): Uint8Array | undefined => {
  const { received: arena } = arenasOf(host)
  const count = socket.receive(arena, 1, false)
  const data = count === 1 ? arena.copy(0, arena.dataLength(0)) : undefined
  if (isFault(count)) throw new Error(count.code)
  return data
}

/** Receives a datagram, and returns its sender, if there is one. */
export const nameReceived = (
  host: Network.Host,
  socket: NativeSocket
): { readonly address: string; readonly port: number } | undefined => {
  const { received: arena } = arenasOf(host)
  const count = socket.receive(arena, 1, false)
  const end =
    count === 1
      ? SocketAddress.read(host.driver.abi, arena.view, arena.addressAt(0), arena.addressLength(0))
      : undefined
  return end !== undefined && "port" in end ? { address: String(end.address), port: end.port } : undefined
}

/** Sends datagrams with the numbers from 0, and returns the numbers that arrived. */
export const burst = (
  from: Network.Host,
  to: Network.Host,
  address: string,
  count: number,
  afterEach: () => void = () => {},
  afterAll: () => void = () => {}
): ReadonlyArray<number> => {
  const [sender, receiver] = [open(from), bound(to)]
  const seen: Array<number> = []
  const drain = () => {
    for (let data = receive(to, receiver); data !== undefined; data = receive(to, receiver))
      seen.push(new DataView(data.buffer, data.byteOffset).getUint32(0))
  }
  for (let i = 0; i < count; i++) {
    const data = new Uint8Array(4)
    new DataView(data.buffer).setUint32(0, i)
    send(from, sender, address, data)
    afterEach()
    drain()
  }
  afterAll()
  drain()
  sender.close()
  receiver.close()
  return seen
}
