/** Runs a program on a driver, and notes the result of each call. */
import {
  type Abi,
  Codec,
  ControlBuffer,
  InternetEndpoint,
  Ipv4Address,
  Ipv6Address,
  SocketAddress
} from "@ancillary/control"
import type { Arena } from "@ancillary/engine/driver/Arena"
import { type Driver, type Fault, isFault, type NativeSocket } from "@ancillary/engine/driver/Driver"
import type { End, Step } from "./step.ts"

const layout = { iovecs: 1, addressBytes: 32, controlBytes: 512, dataBytes: 4096 } as const
const slots = 8

/** The system chooses ports from this number on. The chosen one is not a difference. */
const ephemeral = 32_768
const shownPort = (port: number): string => (port >= ephemeral ? "chosen" : String(port))

const parse = (text: string): Ipv4Address | Ipv6Address => {
  const address = text.includes(":") ? Ipv6Address.parse(text) : Ipv4Address.parse(text)
  if (Codec.isMalformed(address)) throw new Error(address.malformed)
  return address
}

const nameOf = (abi: Abi, { address, port }: End): Uint8Array => {
  const parsed = parse(address)
  const bytes = new Uint8Array(abi.sockaddr[parsed.family])
  const end =
    parsed.family === "ipv4" ? new InternetEndpoint("ipv4", parsed, port) : new InternetEndpoint("ipv6", parsed, port)
  SocketAddress.write(abi, end, new DataView(bytes.buffer), 0)
  return bytes
}

const shownName = (abi: Abi, bytes: Uint8Array, at: number, length: number): string => {
  if (length === 0) return "no name"
  const end = SocketAddress.read(abi, new DataView(bytes.buffer, bytes.byteOffset), at, length)
  return Codec.isMalformed(end) || end.family === "unix" ? "malformed" : `${end.address} ${shownPort(end.port)}`
}

/** Messages that begin with the `sockaddr` of the destination. */
const namedTypes = ["0 20", "41 74"]

const shownControl = (abi: Abi, bytes: Uint8Array): string =>
  ControlBuffer.toMessages(abi, bytes)
    .messages.map(({ level, payload, type }) => {
      const shown = payload.slice()
      if (namedTypes.includes(`${level} ${type}`) && (shown[2] ?? 0) << 8 >= ephemeral) shown.fill(0, 2, 4)
      return `${level}/${type}=${Array.from(shown, (byte) => byte.toString(16).padStart(2, "0")).join("")}`
    })
    .join(" ")

const answer = (fault: Fault | undefined): string => fault?.code ?? "ok"

const hash = (bytes: Uint8Array): number => bytes.reduce((sum, byte) => (Math.imul(sum, 31) + byte) | 0, bytes.length)

export class Performer {
  readonly #driver: Driver
  readonly #receiving: Arena
  readonly #sending: Arena
  #sockets = new Map<number, NativeSocket>()
  #sends = 0

  constructor(driver: Driver) {
    this.#driver = driver
    this.#receiving = driver.arena({ ...layout, slots, purpose: "receive" })
    this.#sending = driver.arena({ ...layout, slots: 1, purpose: "send" })
  }

  /** Runs a program from the start, and returns a line for each step. */
  run(steps: ReadonlyArray<Step>): ReadonlyArray<string> {
    this.#sockets = new Map()
    this.#sends = 0
    try {
      return steps.map((step) => this.#perform(step))
    } finally {
      for (const socket of this.#sockets.values()) socket.close()
    }
  }

  #perform(step: Step): string {
    const { abi } = this.#driver
    if (step.call === "open") {
      const opened = this.#driver.open({ family: step.family, protocol: "udp" })
      if (isFault(opened)) return opened.code
      this.#sockets.set(step.socket, opened)
      return "ok"
    }
    const socket = this.#sockets.get(step.socket)
    if (socket === undefined) return "not opened"
    switch (step.call) {
      case "set":
        return answer(socket.setOption(step.level, step.option, Uint8Array.from(step.value)))
      case "get": {
        const into = new Uint8Array(step.room)
        const length = socket.getOption(step.level, step.option, into)
        return isFault(length) ? length.code : `${length} bytes: ${into.subarray(0, length).join(" ")}`
      }
      case "bind":
        return answer(socket.bind(nameOf(abi, step.to)))
      case "connect":
        return answer(socket.connect(nameOf(abi, step.to)))
      case "disconnect":
        // The driver would bind a socket that is not connected.
        if (isFault(socket.peerAddress(new Uint8Array(32)))) return "not connected"
        return answer(socket.connect(undefined))
      case "group":
        return answer(socket.setOption(step.group.includes(":") ? 41 : 0, step.option, groupRequest(abi, step)))
      case "name":
      case "peer": {
        const into = new Uint8Array(32)
        const length = step.call === "name" ? socket.localAddress(into) : socket.peerAddress(into)
        return isFault(length) ? length.code : shownName(abi, into, 0, length)
      }
      case "send":
        return this.#send(socket, step)
      case "receive":
        return this.#received(socket.receive(this.#receiving, step.slots, step.peek))
      case "errors":
        // Linux: the original destination of an entry has a port that means nothing.
        return this.#received(socket.receiveErrors(this.#receiving, slots)).replaceAll(
          / ?(0\/20|41\/74)=[0-9a-f]+/g,
          ""
        )
      case "interrupt": {
        // A reader that waits and is cancelled changes nothing.
        const poll = socket.poll(() => {})
        if (isFault(poll)) return poll.code
        poll.update(true, false)
        poll.update(false, false)
        poll.close()
        return "ok"
      }
      default:
        return answer(socket.close())
    }
  }

  #send(socket: NativeSocket, { control, size, to }: Extract<Step, { readonly call: "send" }>): string {
    const arena = this.#sending
    const { abi } = this.#driver
    const data = new Uint8Array(size).fill(++this.#sends)
    const name = to === undefined ? new Uint8Array(0) : nameOf(abi, to)
    const messages = ControlBuffer.fromMessages(
      abi,
      control.map(({ level, payload, type }) => ({ level, type, payload: Uint8Array.from(payload) }))
    )
    arena.bytes.set(name, arena.addressAt(0))
    arena.bytes.set(messages, arena.controlAt(0))
    arena.fill(0, name.length, messages.length, [data])
    const sent = socket.send(arena, 0, 1)
    return isFault(sent) ? sent.code : sent === 1 ? "ok" : "would block"
  }

  #received(count: number | Fault): string {
    if (isFault(count)) return count.code
    const { abi } = this.#driver
    const arena = this.#receiving
    const all = Array.from({ length: count }, (_, slot) => {
      const length = arena.dataLength(slot)
      const data = arena.copy(slot, Math.min(length, layout.dataBytes))
      const name = shownName(abi, arena.bytes, arena.addressAt(slot), arena.addressLength(slot))
      const at = arena.controlAt(slot)
      const control = shownControl(abi, arena.bytes.subarray(at, at + arena.controlLength(slot)))
      return `[${name}, ${length} bytes #${hash(data)}, flags ${arena.flags(slot)}, ${control}]`
    })
    return all.length === 0 ? "nothing" : all.join(" ")
  }
}

const groupRequest = (abi: Abi, { group, index, source }: Extract<Step, { readonly call: "group" }>): Uint8Array => {
  const { groupReq, groupSourceReq } = abi
  const bytes = new Uint8Array(source === undefined ? groupReq.size : groupSourceReq.size)
  new DataView(bytes.buffer).setUint32(0, index, true)
  bytes.set(nameOf(abi, { address: group, port: 0 }), groupReq.group)
  if (source !== undefined) bytes.set(nameOf(abi, { address: source, port: 0 }), groupSourceReq.source)
  return bytes
}
