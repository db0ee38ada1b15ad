/** A hand-over in the words of this face. */
import { Codec, type ControlMessage, type EndpointInput, type Internet } from "@ancillary/control"
import { invalidBind } from "@ancillary/engine/errors/DatagramError"
import { HandOver as Plain, type HandOverFault, readHandOverOptions, refusedSocketName } from "@ancillary/node"
import { errorOf } from "../DatagramError.ts"
import type { DatagramSocket, Waiting } from "../DatagramSocket.ts"
import { type HandOver, HandOverError } from "../HandOverTypes.ts"
import type { Spec } from "../Spec.ts"
import type { Opening } from "./opening.ts"
import { checkSocket, isDuration } from "./serveOptions.ts"
import { readSignal, whenAborted } from "./waiting.ts"

const words = {
  milliseconds: (given: unknown = 30_000) => (isDuration(given) ? given : undefined),
  range: "a number of milliseconds. Give one, such as 30000"
}

export const makeHandOver = async (opening: Opening, options: unknown = {}): Promise<HandOver> => {
  const checked = readHandOverOptions(options, words)
  if (typeof checked === "string") throw errorOf(invalidBind(checked, "options"))
  const signal = signalOf(options)
  signal?.throwIfAborted()
  const { driver } = await opening.opener
  signal?.throwIfAborted()
  const plain = Plain.open({ driver, ...checked })
  if (!(plain instanceof Plain)) throw errorOf(plain)
  try {
    await failing(waiting(plain.take(), signal))
  } catch (error) {
    plain.close()
    throw error
  }
  return new Passing(opening, plain)
}

class Passing implements HandOver {
  readonly #opening: Opening
  readonly #plain: Plain
  #beginning: Promise<HandOverFault | undefined> | undefined

  constructor(opening: Opening, plain: Plain) {
    this.#opening = opening
    this.#plain = plain
  }

  async bind<F extends Internet, D extends ControlMessage.Any, R>(
    name: string,
    spec: Spec<F, D, R>,
    at: EndpointInput<F>
  ): Promise<DatagramSocket<F, D>> {
    const refused = refusedSocketName(name)
    if (refused !== undefined) throw errorOf(invalidBind(refused, "name"))
    const plain = this.#plain
    const claimed = plain.claim(name)
    const socket: DatagramSocket<F, D> = await (claimed === undefined
      ? this.#opening.bind(spec, at)
      : this.#opening.adopt(spec, claimed.descriptor).catch((error: unknown) => {
          plain.unclaim(claimed)
          throw error
        }))
    const withdraw = plain.offer(name, socket.descriptor, claimed)
    // Called when the socket is closed.
    checkSocket(socket).waiters.waitElsewhere(withdraw)
    return socket
  }

  async serve(start: unknown, options?: Waiting): Promise<void> {
    if (typeof start !== "function")
      throw errorOf(
        invalidBind(`start: ${Codec.format(start)} is not a function. Give one that returns a server.`, "start")
      )
    const signal = signalOf(options)
    signal?.throwIfAborted()
    const plain = this.#plain
    await failing(waiting(plain.awaitPredecessor(), signal))
    do {
      const server: unknown = await Reflect.apply(start, undefined, [])
      if (!isDisposable(server))
        throw errorOf(
          invalidBind(`start: it returned ${Codec.format(server)}, which is not a server. Return one.`, "start")
        )
      try {
        await failing(Promise.resolve(plain.announce()))
        await waiting(plain.taken, signal)
      } finally {
        await server[Symbol.asyncDispose]()
      }
    } while (!(await plain.release()))
  }

  async begin(options?: Waiting): Promise<void> {
    const signal = signalOf(options)
    signal?.throwIfAborted()
    // A second call waits for the first one.
    this.#beginning ??= this.#begin()
    await failing(waiting(this.#beginning, signal))
  }

  async #begin(): Promise<HandOverFault | undefined> {
    const fault = await this.#plain.begin()
    // The program may try again.
    if (fault !== undefined) this.#beginning = undefined
    return fault
  }

  async awaitSuccessor(options?: Waiting): Promise<void> {
    const signal = signalOf(options)
    signal?.throwIfAborted()
    await waiting(this.#plain.taken, signal)
  }

  unclaimed(): ReadonlyArray<string> {
    return this.#plain.unclaimed
  }

  close(): void {
    this.#plain.close()
  }
  [Symbol.dispose](): void {
    this.close()
  }
  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
  }
}

const isDisposable = (given: unknown): given is AsyncDisposable => {
  try {
    return typeof given === "object" && given !== null && typeof Reflect.get(given, Symbol.asyncDispose) === "function"
  } catch {
    return false
  }
}

const failing = async (fault: Promise<HandOverFault | undefined>): Promise<void> => {
  const failed = await fault
  if (failed !== undefined) throw new HandOverError(failed)
}

/** Waits for a promise until a signal aborts. */
const waiting = <A>(promise: Promise<A>, signal: AbortSignal | undefined): Promise<A> => {
  if (signal === undefined) return promise
  return new Promise((resolve, reject) => {
    // Its listeners are not called any more.
    if (signal.aborted) return reject(signal.reason)
    const onAbort = () => reject(signal.reason)
    promise.then(resolve, reject).finally(whenAborted(signal, onAbort))
  })
}

const signalOf = (options: unknown): AbortSignal | undefined => {
  const read = readSignal(options)
  if (typeof read !== "string") return read
  throw errorOf(invalidBind(`signal: ${read} is not an AbortSignal. Give one, or leave it out.`, "signal"))
}
