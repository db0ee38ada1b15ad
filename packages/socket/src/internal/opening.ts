/** Opens sockets with one driver, which is made when the first socket is opened. */
import { Codec, type ControlMessage, type EndpointInput, type Endpoint, type Family } from "@ancillary/control"
import { type Driver, isUnavailable, type Unavailable } from "@ancillary/engine/driver/Driver"
import { unsupported } from "@ancillary/engine/errors/DatagramError"
import {
  type Opener,
  openAdopted,
  openBound,
  openClient,
  openConnected,
  openPairOf,
  OpenSocket
} from "@ancillary/engine/socket"
import { orUndefined } from "@ancillary/engine/spec/Maybe"
import { errorOf } from "../DatagramError.ts"
import type { AdoptedSocket, ConnectedSocket, DatagramSocket } from "../DatagramSocket.ts"
import type { Spec } from "../Spec.ts"
import { makeConnected, makeSocket } from "./socket.ts"

/**
 * Makes a driver, or reports why it cannot run on this machine.
 *
 * @category models
 * @since 0.1.0
 */
export type MakeDriver = () => Driver | Unavailable | Promise<Driver | Unavailable>

export class Opening {
  readonly #make: MakeDriver
  #opener: Promise<Opener> | undefined

  constructor(make: MakeDriver) {
    this.#make = make
  }

  /** The driver. A driver that could not be made is tried again by the next call. */
  get opener(): Promise<Opener> {
    this.#opener ??= this.#load().catch((error: unknown) => {
      this.#opener = undefined
      throw error
    })
    return this.#opener
  }

  async #load(): Promise<Opener> {
    let driver: Driver | Unavailable
    try {
      driver = await this.#make()
    } catch (cause) {
      const why = `the driver cannot be made (${Codec.format(cause)})`
      throw errorOf(unsupported("DatagramSockets.make", why, "Give a function that returns a driver"))
    }
    if (isUnavailable(driver)) throw errorOf(unsupported(driver.feature, driver.why, driver.remedy))
    return { driver, maybe: orUndefined }
  }

  async bind<F extends Family, D extends ControlMessage.Any, R>(
    spec: Spec<F, D, R>,
    at: EndpointInput<F>
  ): Promise<DatagramSocket<F, D>> {
    return bindNow(await this.opener, spec, at)
  }

  async client<F extends Family, D extends ControlMessage.Any, R>(spec: Spec<F, D, R>): Promise<DatagramSocket<F, D>> {
    return makeSocket<F, D>(opened(openClient(await this.opener, spec)))
  }

  async connect<F extends Family, D extends ControlMessage.Any, R>(
    spec: Spec<F, D, R>,
    peer: EndpointInput<F> | Endpoint<F>,
    options?: { readonly local?: EndpointInput<F> | undefined }
  ): Promise<ConnectedSocket<F, D>> {
    return makeConnected<F, D>(opened(openConnected(await this.opener, spec, peer, options)))
  }

  async adopt<F extends Family, D extends ControlMessage.Any, R>(
    spec: Spec<F, D, R>,
    descriptor: number
  ): Promise<AdoptedSocket<F, D>> {
    const core = opened(openAdopted(await this.opener, spec, descriptor))
    return Object.assign(makeSocket<F, D>(core), { queuedBefore: core.isWaiting() })
  }

  async pair<D extends ControlMessage.Any, R>(
    spec: Spec<"unix", D, R>
  ): Promise<readonly [ConnectedSocket<"unix", D>, ConnectedSocket<"unix", D>]> {
    const pair = openPairOf(await this.opener, spec)
    if ("_tag" in pair) throw errorOf(pair)
    return [makeConnected<"unix", D>(pair[0]), makeConnected<"unix", D>(pair[1])]
  }
}

/** Binds a socket at once. Throws as `bind` rejects. */
export const bindNow = <F extends Family, D extends ControlMessage.Any, R>(
  opener: Opener,
  spec: Spec<F, D, R>,
  at: EndpointInput<F>
): DatagramSocket<F, D> => makeSocket<F, D>(opened(openBound(opener, spec, at)))

const opened = (core: ReturnType<typeof openBound>): OpenSocket => {
  if (core instanceof OpenSocket) return core
  throw errorOf(core)
}
