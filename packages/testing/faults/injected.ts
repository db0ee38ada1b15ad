/**
 * A driver whose calls are numbered, and one of them fails. It counts open sockets, polls and observers, so a run can
 * show that nothing is left.
 */
import {
  type Driver,
  type Fault,
  type InterfaceObserver,
  isFault,
  type NativeSocket,
  type Poll,
  type SocketKind
} from "@ancillary/engine/driver/Driver"

/** The calls of a driver that the system can refuse. */
export type CallName =
  | "open"
  | "pair"
  | "adopt"
  | "release"
  | "interfaces"
  | "observeInterfaces"
  | "setOption"
  | "getOption"
  | "ioctl"
  | "bind"
  | "connect"
  | "localAddress"
  | "peerAddress"
  | "receive"
  | "receiveErrors"
  | "send"
  | "poll"
  | "close"

/**
 * An injected result. A fault and `throw` replace the call. `short` lets it carry at most one datagram. `nothing` is an
 * empty queue or a full buffer. A function runs before the call.
 */
export type Verdict = Fault | "throw" | "short" | "nothing" | (() => void)

export class Thrown extends Error {
  override readonly name = "Thrown"
}

export class Injected {
  /** Names of the calls so far, in their order. */
  readonly calls: Array<CallName> = []
  readonly live = { sockets: 0, polls: 0, observers: 0 }
  readonly driver: Driver
  readonly #at: number
  readonly #verdict: Verdict | undefined

  /** `verdict` is the result of call number `at`, counted from 0. */
  constructor(driver: Driver, at = -1, verdict?: Verdict) {
    this.#at = at
    this.#verdict = verdict
    const { observeInterfaces } = driver
    const socket = (made: NativeSocket | Fault) => (isFault(made) ? made : this.#socket(made))
    this.driver = {
      ...driver,
      open: (kind: SocketKind) => this.#call("open", () => socket(driver.open(kind))),
      adopt: (descriptor, kind) => this.#call("adopt", () => socket(driver.adopt(descriptor, kind))),
      pair: () =>
        this.#call("pair", () => {
          const pair = driver.pair()
          return isFault(pair) ? pair : ([this.#socket(pair[0]), this.#socket(pair[1])] as const)
        }),
      release: (descriptor) => this.#call("release", () => driver.release(descriptor)),
      interfaces: () => this.#call("interfaces", () => driver.interfaces()),
      ...(observeInterfaces === undefined
        ? {}
        : {
            observeInterfaces: () =>
              this.#call("observeInterfaces", () => {
                const observer = observeInterfaces()
                return isFault(observer) ? observer : this.#observer(observer)
              })
          })
    }
  }

  /** Makes the call, or gives the injected result. */
  #call<A>(name: CallName, call: () => A): A | Fault {
    const isThis = this.calls.push(name) - 1 === this.#at
    if (!isThis || this.#verdict === undefined || typeof this.#verdict === "string") {
      if (isThis && this.#verdict === "throw") throw new Thrown(name)
      return call()
    }
    if (typeof this.#verdict !== "function") return this.#verdict
    this.#verdict()
    return call()
  }

  /** As `#call`, for calls that return a number of datagrams. */
  #many(name: CallName, slots: number, call: (slots: number) => number | Fault): number | Fault {
    const isThis = this.calls.length === this.#at
    return this.#call(name, () => {
      if (isThis && this.#verdict === "nothing") return 0
      return call(isThis && this.#verdict === "short" ? Math.min(slots, 1) : slots)
    })
  }

  #socket(native: NativeSocket): NativeSocket {
    this.live.sockets++
    let isOpen = true
    const end = () => {
      if (isOpen) this.live.sockets--
      isOpen = false
    }
    const { disown } = native
    return {
      descriptor: native.descriptor,
      setOption: (level, option, value) => this.#call("setOption", () => native.setOption(level, option, value)),
      getOption: (level, option, into) => this.#call("getOption", () => native.getOption(level, option, into)),
      ioctl: (code, input, output) => this.#call("ioctl", () => native.ioctl(code, input, output)),
      bind: (address) => this.#call("bind", () => native.bind(address)),
      connect: (address) => this.#call("connect", () => native.connect(address)),
      localAddress: (into) => this.#call("localAddress", () => native.localAddress(into)),
      peerAddress: (into) => this.#call("peerAddress", () => native.peerAddress(into)),
      receive: (arena, slots, peek) => this.#many("receive", slots, (slots) => native.receive(arena, slots, peek)),
      receiveErrors: (arena, slots) =>
        this.#many("receiveErrors", slots, (slots) => native.receiveErrors(arena, slots)),
      send: (arena, first, slots) => this.#many("send", slots, (slots) => native.send(arena, first, slots)),
      poll: (onReady) =>
        this.#call("poll", () => {
          const poll = native.poll(onReady)
          return isFault(poll) ? poll : this.#poll(poll)
        }),
      close: () => {
        // A failed close has closed the socket, on every system.
        const fault = native.close()
        end()
        return this.#call("close", () => fault)
      },
      ...(disown === undefined
        ? {}
        : {
            disown: () => {
              disown()
              end()
            }
          })
    }
  }

  #poll(poll: Poll): Poll {
    this.live.polls++
    let isOpen = true
    return {
      update: (readable, writable, failed) => poll.update(readable, writable, failed),
      keepAlive: (keeps) => poll.keepAlive(keeps),
      close: () => {
        if (isOpen) this.live.polls--
        isOpen = false
        poll.close()
      }
    }
  }

  #observer(observer: InterfaceObserver): InterfaceObserver {
    this.live.observers++
    let isOpen = true
    return {
      take: () => observer.take(),
      poll: (onReady) =>
        this.#call("poll", () => {
          const poll = observer.poll(onReady)
          return isFault(poll) ? poll : this.#poll(poll)
        }),
      close: () => {
        if (isOpen) this.live.observers--
        isOpen = false
        observer.close()
      }
    }
  }
}
