/**
 * A network in memory: sockets of Linux's ABI that exchange datagrams by port, with an error queue. Every report may come from within a call, as
 * from an eager driver.
 */
import { Abi, ControlBuffer, InternetEndpoint, Ipv4Address, SocketAddress } from "@ancillary/control"
import * as Arena from "@ancillary/engine/driver/Arena"
import type { Driver, NativeSocket } from "@ancillary/engine/driver/Driver"

const abi = Abi.linuxGlibc64
const stride = abi.mmsghdr?.size ?? abi.msghdr.size

/** A datagram, or an entry of an error queue. */
export interface Packet {
  readonly data: Uint8Array
  readonly port: number
  readonly control: Uint8Array
}

const host = Ipv4Address.of(127, 0, 0, 1)

/** `struct sock_extended_err`, and the address after it: a port unreachable. */
const refused = () => {
  const payload = new Uint8Array(32)
  const view = new DataView(payload.buffer)
  view.setUint32(0, 111, true)
  payload.set([2, 3, 3], 4)
  view.setUint16(16, 2, true)
  view.setUint32(20, host.value)
  return ControlBuffer.fromMessages(abi, [{ level: 0, type: 11, payload }])
}

/** Control data of a payload that was coalesced from datagrams of `size` bytes. */
export const mergedFrom = (size: number): Uint8Array => {
  const payload = new Uint8Array(4)
  new DataView(payload.buffer).setUint32(0, size, true)
  return ControlBuffer.fromMessages(abi, [{ level: 17, type: 104, payload }])
}

/** Control data of a datagram with this hop limit. */
export const hopsLeft = (hops: number): Uint8Array => {
  const payload = new Uint8Array(4)
  new DataView(payload.buffer).setUint32(0, hops, true)
  return ControlBuffer.fromMessages(abi, [{ level: 0, type: 2, payload }])
}

class MemorySocket {
  port = 0
  readonly datagrams: Array<Packet> = []
  readonly errors: Array<Packet> = []
  closed = false
  onReady: ((readable: boolean, writable: boolean, failed: boolean) => void) | undefined
  wanted = { readable: false, writable: false, failed: false }

  /** Reports the states of interest that apply. */
  report(): void {
    const { failed, readable, writable } = this.wanted
    if (this.closed) return
    if (this.errors.length > 0 && (readable || writable || failed)) {
      this.wanted = { readable: false, writable: false, failed: false }
      this.onReady?.(true, true, true)
    } else if ((readable && this.datagrams.length > 0) || writable)
      this.onReady?.(readable && this.datagrams.length > 0, writable, false)
  }
}

export class MemoryNetwork {
  readonly driver: Driver
  readonly #sockets = new Map<number, MemorySocket>()
  #nextPort = 40_000
  /** Called before each system call of any socket. It may call the driver again. */
  onCall: () => void = () => {}
  /** The control data of datagrams, by their sender's payload. */
  controlOf: (data: Uint8Array) => Uint8Array = () => new Uint8Array(0)
  /** True if a report comes from within the call that causes it, in addition to that of the event loop. */
  isEager = false

  constructor() {
    const open = () => this.#open(new MemorySocket())
    this.driver = {
      abi,
      batches: true,
      arena: Arena.shared(abi, {
        allocate: (bytes) => ({ bytes: new Uint8Array(bytes), address: 0 }),
        guarded: false
      }),
      open,
      pair: () => [open(), open()],
      adopt: open,
      release: () => undefined,
      interfaces: () => [],
      errorName: (errno) => (errno === 111 ? "ECONNREFUSED" : `E${errno}`)
    }
  }

  /** Puts a packet into the queue of a port. */
  deliver(port: number, packet: Packet): void {
    const socket = this.#sockets.get(port)
    socket?.datagrams.push(packet)
    if (this.isEager) socket?.report()
  }

  /** Lets the event loop of every socket report once. */
  turn(): void {
    for (const socket of Array.from(this.#sockets.values())) socket.report()
  }

  #open(socket: MemorySocket): NativeSocket {
    const closed = (syscall: string) => ({ syscall, code: "EBADF", errno: 9 })
    const name = (into: Uint8Array, port: number) =>
      SocketAddress.write(abi, new InternetEndpoint("ipv4", host, port), new DataView(into.buffer, into.byteOffset), 0)
    const take = (queue: Array<Packet>, arena: Arena.Arena, slots: number, peek: boolean): number => {
      const native = arena as Arena.NativeArena
      native.prepare(slots, 0)
      const packets = peek ? queue.slice(0, 1) : queue.splice(0, slots)
      for (const [slot, { control, data, port }] of packets.entries()) {
        const { bytes, view } = native
        const named = new Uint8Array(16)
        name(named, port)
        bytes.set(named, native.addressAt(slot))
        bytes.set(control, native.controlAt(slot))
        bytes.set(data, native.dataAt(slot))
        view.setUint32(slot * stride + abi.msghdr.nameLength.at, 16, true)
        view.setUint32(slot * stride + abi.msghdr.controlLength.at, control.length, true)
        native.received(slot, data.length, 0)
      }
      return packets.length
    }
    return {
      descriptor: -1,
      setOption: () => undefined,
      getOption: (_level, _option, into) => into.fill(0).length,
      ioctl: () => 0,
      bind: (address) => {
        const given = SocketAddress.read(abi, new DataView(address.buffer, address.byteOffset), 0, address.length)
        socket.port = "port" in given && given.port !== 0 ? given.port : this.#nextPort++
        this.#sockets.set(socket.port, socket)
        return undefined
      },
      connect: () => undefined,
      peerAddress: () => ({ syscall: "getpeername", code: "ENOTCONN", errno: 107 }),
      localAddress: (into) => name(into, socket.port),
      receive: (arena, slots, peek) => {
        this.onCall()
        return socket.closed ? closed("recvmsg") : take(socket.datagrams, arena, slots, peek)
      },
      receiveErrors: (arena, slots) => {
        this.onCall()
        return socket.closed ? closed("recvmsg") : take(socket.errors, arena, slots, false)
      },
      send: (arena, first, slots) => {
        this.onCall()
        if (socket.closed) return closed("sendmsg")
        for (let slot = first; slot < first + slots; slot++) {
          const to = SocketAddress.read(abi, arena.view, arena.addressAt(slot), arena.addressLength(slot))
          const at = arena.dataAt(slot)
          const data = arena.bytes.slice(at, at + arena.dataLength(slot))
          const port = "port" in to ? to.port : 0
          if (this.#sockets.has(port)) this.deliver(port, { data, port: socket.port, control: this.controlOf(data) })
          else socket.errors.push({ data, port, control: refused() })
        }
        return slots
      },
      poll: (onReady) => {
        socket.onReady = onReady
        return {
          update: (readable, writable, failed = false) => void (socket.wanted = { readable, writable, failed }),
          keepAlive: () => undefined,
          close: () => void (socket.onReady = undefined)
        }
      },
      close: () => {
        socket.closed = true
        this.#sockets.delete(socket.port)
        return undefined
      }
    }
  }
}
