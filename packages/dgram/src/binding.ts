/** The methods of a socket that bind it. */
import cluster from "node:cluster"
import { EventEmitter } from "node:events"
import { isIP } from "node:net"
import type { AddressInfo } from "./addresses.ts"
import { kindOf } from "./descriptors.ts"
import { addressError, alreadyBound, badDescriptor, invalidValue, systemError } from "./errors.ts"
import type { Foreign } from "./handle.ts"
import { Settings, stateKey } from "./settings.ts"
import { fromPrimary } from "./shared.ts"
import { anyAddress } from "./state.ts"
import { checkObject, checkString, portOf } from "./validate.ts"

/**
 * Options of `bind`.
 *
 * @category models
 * @since 0.1.0
 */
export interface BindOptions {
  /** Absent or 0: one that the system chooses. */
  readonly port?: number | undefined
  /** Address or host name. Absent: all addresses. */
  readonly address?: string | undefined
  /** In a worker of a cluster: a socket of its own, which other workers do not share. */
  readonly exclusive?: boolean | undefined
  /** A bound socket that was made elsewhere; port and address are ignored. Linux and macOS. */
  readonly fd?: number | undefined
}

/** Every other value would bind to all addresses. The name is that of the argument of `dns.lookup`, which refuses it for node:dgram. */
const hostOf = (address: unknown): string => {
  checkString(address, "hostname")
  return address
}

/** The address and port to bind to, before the lookup. */
interface Target {
  readonly port: number
  /** The port as the program gave it, for the error. */
  readonly given: unknown
  readonly address: string
  readonly exclusive: boolean
}

export abstract class Binding extends Settings {
  /**
   * Binds the socket, which emits `listening` then; `callback` is a listener of it. Emits `error` if that fails.
   *
   * @throws ERR_SOCKET_ALREADY_BOUND if it is bound or binds.
   */
  bind(port?: number, address?: string, callback?: () => void): this
  bind(port?: number, callback?: () => void): this
  bind(callback?: () => void): this
  bind(options: BindOptions, callback?: () => void): this
  bind(...given: ReadonlyArray<unknown>): this {
    const state = this[stateKey]
    state.check()
    if (state.bound !== "no") throw alreadyBound()
    state.bound = "binding"
    const callback = given.at(-1)
    if (typeof callback === "function") this.#onceListening(callback as () => void)
    const [first, second] = given
    const options = typeof first === "object" && first !== null ? (first as BindOptions) : undefined
    const fd = options?.fd
    if (typeof fd === "number" && fd === (fd | 0) && fd > 0)
      return this.#bindDescriptor(fd, Boolean(options?.exclusive))
    const address = options === undefined ? second : options.address
    const port: unknown = options === undefined ? first : options.port
    this.#bindTo({
      // As C++ reads a number of 32 bits; the address has room for 16 of them.
      port: typeof port === "function" ? 0 : Number(port ?? 0) & 0xffff,
      given: typeof port === "function" ? 0 : port,
      address: address && typeof address !== "function" ? hostOf(address) : anyAddress[state.options.type],
      exclusive: Boolean(options?.exclusive)
    })
    return this
  }

  /**
   * Binds the socket at once to an address, which is not a host name, and returns it. Emits `listening` in the next tick.
   *
   * @throws the error of the system if that fails.
   */
  bindSync(options: Pick<BindOptions, "port" | "address"> = {}): AddressInfo {
    const state = this[stateKey]
    state.check()
    checkObject(options, "options")
    if (state.bound !== "no") throw alreadyBound()
    const port = portOf(options.port ?? 0, "options.port", true)
    const address = this.literal(options.address, "options.address", "bindSync") ?? anyAddress[state.options.type]
    const at = state.endpoint(address, port)
    const failed = at === undefined ? "EINVAL" : state.open(at, false)
    if (failed !== undefined) throw addressError("bind", failed, address, port)
    this.#receive()
    process.nextTick(() => {
      if (!state.closed) this.emit("listening")
    })
    return this.address()
  }

  abstract address(): AddressInfo

  /** Checks that an address is a literal. Returns undefined for an empty one. */
  protected literal(address: unknown, name: string, method: string): string | undefined {
    if (address === undefined || address === null || address === "") return undefined
    checkString(address, name)
    if (isIP(address) === 0)
      throw invalidValue(name, address, `must be a numeric IP address; ${method} does not perform DNS resolution`)
    return address
  }

  /** Binds a socket that is not bound, for a call that cannot wait. */
  protected bindNow(): void {
    const { bound } = this[stateKey]
    if (bound === "binding") throw alreadyBound()
    if (bound === "no") this.bindSync()
  }

  /** Calls back once the socket is bound; never if that fails. */
  protected whenBound(call: () => void): void {
    const state = this[stateKey]
    if (state.bound === "yes") return call()
    if (state.waiting === undefined) {
      const waiting: Array<() => void> = []
      state.waiting = waiting
      const onListening = () => {
        this.removeListener(EventEmitter.errorMonitor, onError)
        state.waiting = undefined
        for (const waiter of waiting) waiter()
      }
      const onError = () => {
        this.removeListener("listening", onListening)
        state.waiting = undefined
      }
      this.once(EventEmitter.errorMonitor, onError)
      this.once("listening", onListening)
    }
    state.waiting.push(call)
  }

  #onceListening(callback: () => void): void {
    const onListening = () => {
      leave()
      callback.call(this)
    }
    const leave = () => {
      this.removeListener(EventEmitter.errorMonitor, leave)
      this.removeListener("listening", onListening)
    }
    this.on(EventEmitter.errorMonitor, leave)
    this.on("listening", onListening)
  }

  #bindTo({ address, exclusive, given, port }: Target): void {
    const state = this[stateKey]
    state.lookup(address, (error, ip) => {
      if (state.closed) return
      if (error) return this.#failed(error)
      if (cluster.isWorker && !exclusive && !state.options.reusePort) return this.#share({ address: ip, port, fd: -1 })
      const at = state.endpoint(ip, port)
      const failed = at === undefined ? "EINVAL" : state.open(at, false)
      if (failed === undefined) this.#listen()
      else this.#failed(addressError("bind", failed, ip, given))
    })
  }

  #bindDescriptor(fd: number, exclusive: boolean): this {
    if (cluster.isWorker && !exclusive) {
      this.#share({ address: null, port: null, fd })
      return this
    }
    const kind = kindOf(fd)
    if (kind !== "UDP") throw badDescriptor(kind)
    this.#take({ descriptor: fd, release: undefined })
    return this
  }

  #take(foreign: Foreign): void {
    const failed = this[stateKey].open(foreign, false)
    if (failed !== undefined) throw systemError("open", failed)
    this.#listen()
  }

  /** Binds to a socket that the primary of the cluster makes and that its workers share. */
  #share(target: { readonly address: string | null; readonly port: number | null; readonly fd: number }): void {
    const state = this[stateKey]
    const { ipv6Only, reuseAddr, type } = state.options
    fromPrimary(this, { ...target, addressType: type, ipv6Only, reuseAddr }, (code, handle) => {
      if (handle === undefined) {
        if (state.closed) return
        const error =
          target.fd > 0 ? systemError("open", code) : addressError("bind", code, target.address, target.port)
        return this.#failed(error)
      }
      if (state.closed) return handle.release?.()
      const failed = state.open(handle, false)
      if (failed === undefined) this.#listen()
      else this.#failed(addressError("bind", failed, target.address, target.port))
    })
  }

  #failed(error: Error): void {
    this[stateKey].bound = "no"
    this.emit("error", error)
  }

  #listen(): void {
    this.#receive()
    this.emit("listening")
  }

  #receive(): void {
    const state = this[stateKey]
    state.bound = "yes"
    state.receive()
    const { recvBufferSize, sendBufferSize } = state.options
    if (recvBufferSize !== 0) this.setRecvBufferSize(recvBufferSize)
    if (sendBufferSize !== 0) this.setSendBufferSize(sendBufferSize)
  }
}
