/**
 * Wraps a real driver and records the rows that its kernel supports. Only results of system calls count.
 *
 * A row is `received` (or an `event`) under three conditions. All its requests were made on the socket, the kernel
 * delivered a message of its level and type, and its codec reads the payload. A row is `sent` if a call accepted a
 * datagram with such a message, and `set` if the option was accepted.
 */
import { Codec, ControlBuffer, type Request } from "@ancillary/control"
import * as Linux from "@ancillary/control/platform/linux"
import type { Arena } from "@ancillary/engine/driver/Arena"
import { type Driver, isFault, type NativeSocket, type SocketKind } from "@ancillary/engine/driver/Driver"
import { fits, type Mark, type Row, rowOf, type RowFamily, type Way, ways } from "./ways.ts"

/** `looks` is true if the system reads control data that is sent. */
export const record = (driver: Driver, see: (row: Row) => void, { looks }: { readonly looks: boolean }): Driver => {
  const here = ways.filter(({ platform }) => platform === driver.abi.platform)
  const around = (socket: NativeSocket, { family }: SocketKind): NativeSocket => {
    const asked = new Asked()
    const cursor = new ControlBuffer.Cursor(driver.abi)
    const seeWays = (level: number, is: (way: Way) => boolean) => {
      for (const way of here) if (way.family === familyAt(family, level) && is(way)) see(rowOf(way))
    }
    /** Records the messages in a number of slots, once for each level, type and length. */
    const walk = (arena: Arena, first: number, slots: number, is: (way: Way, mark: Mark) => boolean) => {
      const known = new Set<string>()
      for (let slot = first; slot < first + slots; slot++) {
        cursor.reset(arena.view, arena.controlAt(slot), arena.controlLength(slot))
        while (cursor.next()) {
          const { level, payloadLength, type } = cursor
          const name = `${level}/${type}/${payloadLength}`
          if (known.has(name)) continue
          known.add(name)
          seeWays(level, (way) =>
            way.marks.some(
              (mark) => mark.level === level && mark.type === type && fits(mark.size, payloadLength) && is(way, mark)
            )
          )
        }
      }
    }
    const arrived = (arena: Arena, slots: number, queue: boolean) =>
      walk(arena, 0, slots, ({ asks }, { event, read }) => {
        // Messages beside an event in the error queue describe a packet other than a datagram.
        if (queue !== (event === "errorQueue") || !asked.includes(asks)) return false
        const value = read?.(arena.view, cursor.payloadAt, cursor.payloadLength)
        return value !== undefined && !Codec.isMalformed(value)
      })
    return {
      ...socket,
      setOption: (level, option, value) => {
        const fault = socket.setOption(level, option, value)
        if (fault !== undefined) return fault
        asked.option(level, option, value)
        seeWays(
          level,
          ({ direction, marks }) =>
            direction === "set" && marks.some((mark) => mark.level === level && mark.type === option)
        )
        return undefined
      },
      ioctl: (code, input, output) => {
        const answer = socket.ioctl(code, input, output)
        if (!isFault(answer)) asked.ioctl(code)
        return answer
      },
      receive: (arena, slots, peek) => {
        const count = socket.receive(arena, slots, peek)
        if (!isFault(count)) arrived(arena, count, false)
        return count
      },
      receiveErrors: (arena, slots) => {
        const count = socket.receiveErrors(arena, slots)
        if (!isFault(count)) arrived(arena, count, true)
        return count
      },
      send: (arena, first, slots) => {
        const count = socket.send(arena, first, slots)
        if (!isFault(count) && looks)
          walk(arena, first, count, ({ asks, direction }) => direction === "sent" && asked.includes(asks))
        return count
      }
    }
  }
  const opened = (socket: ReturnType<Driver["open"]>, kind: SocketKind) =>
    isFault(socket) ? socket : around(socket, kind)
  return {
    ...driver,
    open: (kind) => opened(driver.open(kind), kind),
    adopt: (descriptor, kind) => opened(driver.adopt(descriptor, kind), kind),
    pair: () => {
      const pair = driver.pair()
      const kind = { family: "unix", protocol: "unix" } as const
      return isFault(pair) ? pair : [around(pair[0], kind), around(pair[1], kind)]
    }
  }
}

/**
 * The family whose row a socket uses at a level: IPv4 if an IPv6 socket serves IPv4 peers too. The level number alone
 * is valid for all families.
 */
const familyAt = (socket: RowFamily, level: number): RowFamily =>
  socket === "ipv6" && level === Linux.IPPROTO_IP ? "ipv4" : socket

/** Requests that were made on a socket. */
class Asked {
  readonly #options = new Map<string, Uint8Array>()
  readonly #ioctls = new Set<number>()

  option(level: number, option: number, value: Uint8Array): void {
    this.#options.set(`${level}/${option}`, value.slice())
  }
  ioctl(code: number): void {
    this.#ioctls.add(code)
  }
  /** True if all requests were made. If a number is a set of flags, the flags of the row must be set. */
  includes(requests: ReadonlyArray<Request>): boolean {
    return requests.every((request) => {
      if ("ioctl" in request) return this.#ioctls.has(request.ioctl)
      const value = this.#options.get(`${request.level}/${request.option}`)
      if (value === undefined || typeof request.value !== "number" || value.length < 4) return value !== undefined
      const set = new DataView(value.buffer).getInt32(0, true)
      return request.flags === true ? (set & request.value) === request.value : set === request.value
    })
  }
}
