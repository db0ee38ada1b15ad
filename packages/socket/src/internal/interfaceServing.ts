/** A server that begins and ends its services as the interfaces of the host come and go. */
import type { ControlMessage, EndpointInput, Family } from "@ancillary/control"
import { isFault, type NetworkInterface } from "@ancillary/engine/driver/Driver"
import { HostInterfaces } from "@ancillary/engine/driver/hostInterfaces"
import { invalidBind } from "@ancillary/engine/errors/DatagramError"
import { InterfaceServices, readInterfaceChoice } from "@ancillary/engine/server"
import { closeAll, compileSpec, FailureKinds, type Opener, type OpenSocket } from "@ancillary/engine/socket"
import { orUndefined } from "@ancillary/engine/spec/Maybe"
import { errorOf } from "../DatagramError.ts"
import type { DatagramSocket, Membership } from "../DatagramSocket.ts"
import type { InterfaceServer, ServedInterfaces } from "../InterfaceServerTypes.ts"
import type { Handler, ServeOptions } from "../ServerTypes.ts"
import type { Spec } from "../Spec.ts"
import { changesOf, intervals } from "./interfaceChanges.ts"
import { bindNow, type Opening } from "./opening.ts"
import { print } from "./printing.ts"
import { givenOf } from "./serve.ts"
import { type Checked, checkOptions, checkSocket } from "./serveOptions.ts"
import { endsOf, Serving } from "./serving.ts"
import { abortable } from "./waiting.ts"

/** Milliseconds until the interfaces are listed again, if the system refuses to list them. */
const pause = 1000

export const serveInterfacesWith = async <F extends Family, D extends ControlMessage.Any, R>(
  opening: Opening,
  spec: Spec<F, D, R>,
  where: ServedInterfaces<F>,
  handler: Handler<F, D>,
  options: ServeOptions | undefined
): Promise<InterfaceServer<F, D>> => {
  const checked = checkOptions(handler, options)
  const choice = readInterfaceChoice(where, intervals)
  if ("_tag" in choice) throw errorOf(choice)
  checked.signal?.throwIfAborted()
  const opener = await opening.opener
  checked.signal?.throwIfAborted()
  const plan = compileSpec(spec, opener.driver.abi, orUndefined)
  if ("_tag" in plan) throw errorOf(plan)
  const { family } = plan
  if (family === "unix") throw errorOf(invalidBind("spec: a Unix socket has no interfaces. Use serve.", "spec"))
  const bind = (address: string) => bindNow(opener, spec, { address, port: choice.port } as unknown as EndpointInput<F>)
  const groups = choice.groups as ServedInterfaces<F>["groups"]
  const services = new InterfaceServices<Service<F, D>>(family, choice)
  const shared = groups === undefined ? undefined : bind(family === "ipv4" ? "0.0.0.0" : "::")
  const following = new Following({ opener, services, bind, checked, interval: choice.interval, groups, shared })
  await following.begin()
  return following.server
}

/** A bound address, or the groups on one interface. */
interface Service<F extends Family, D extends ControlMessage.Any> {
  /** Undefined for groups, because their socket stays. */
  readonly bound: { readonly socket: DatagramSocket<F, D>; readonly core: OpenSocket } | undefined
  readonly memberships: ReadonlyArray<Membership>
}

interface Parts<F extends Family, D extends ControlMessage.Any> {
  readonly opener: Opener
  readonly services: InterfaceServices<Service<F, D>>
  readonly bind: (address: string) => DatagramSocket<F, D>
  readonly checked: Checked
  readonly interval: number
  readonly groups: ServedInterfaces<F>["groups"]
  /** The socket of the groups. */
  readonly shared: DatagramSocket<F, D> | undefined
}

type Follow = (f: (core: OpenSocket) => void) => void

const follows = new WeakMap<object, Follow>()

/**
 * Returns the function that passes each present and later socket of a server to another function. Absent for a value that is not a server of
 * interfaces.
 */
export const followedSockets = (server: unknown): Follow | undefined =>
  typeof server === "object" && server !== null ? follows.get(server) : undefined

class Following<F extends Family, D extends ControlMessage.Any> {
  readonly #parts: Parts<F, D>
  readonly #serving: Serving
  readonly #host: HostInterfaces
  readonly #kinds = new FailureKinds()
  readonly #stopped = new AbortController()
  readonly #followers: Array<(core: OpenSocket) => void> = []

  constructor(parts: Parts<F, D>) {
    this.#parts = parts
    this.#host = new HostInterfaces(parts.opener.driver, () => performance.now())
    this.#serving = new Serving(parts.checked, true, {
      onStop: () => this.#stopped.abort(),
      goesOn: ({ core }, end) => {
        // The socket of the groups is the whole server.
        const service = parts.services.services.find(({ bound }) => bound?.core === core)
        if (service === undefined || !("error" in end)) return false
        if (end.error.reason !== "Closed") this.#failed(unreadable, errorOf(end.error))
        parts.services.drop(service)
        this.#end([service])
        return true
      }
    })
  }

  /** Serves the interfaces that exist, and then follows their changes. If one cannot be served, nothing stays open. */
  async begin(): Promise<void> {
    const { checked, shared } = this.#parts
    try {
      if (shared !== undefined) this.#serving.serve([givenOf(shared, checked)])
      for (const each of this.#list()) this.#follow(each, rethrown)
      // A signal that was aborted before the server listened to it.
      checked.signal?.throwIfAborted()
    } catch (error) {
      await this.#serving.stopping.close()
      throw error
    }
    void this.#run()
  }

  get server(): InterfaceServer<F, D> {
    const { services, shared } = this.#parts
    const sockets = () =>
      shared === undefined
        ? services.services.flatMap(({ bound }) => (bound === undefined ? [] : [bound.socket]))
        : [shared]
    const server: InterfaceServer<F, D> = {
      sockets,
      interfaces: () => services.interfaces,
      stats: () => services.stats,
      ...endsOf(this.#serving.stopping)
    }
    follows.set(server, (f) => {
      for (const socket of sockets()) f(checkSocket(socket))
      this.#followers.push(f)
    })
    return server
  }

  #list(): ReadonlyArray<NetworkInterface> {
    const listed = this.#host.list()
    if (isFault(listed)) throw errorOf(listed)
    return listed
  }

  /** Follows the changes until the server stops. */
  async #run(): Promise<void> {
    const { interval, opener, services } = this.#parts
    const { signal } = this.#stopped
    const list = () => this.#list()
    while (!signal.aborted)
      try {
        this.#end(services.retain(list()))
        for await (const change of changesOf(opener.driver, list, { interval, signal }))
          if (change._tag === "Removed") this.#end(services.remove(change.interface.index))
          else this.#follow(change.interface, this.#counted)
      } catch (error) {
        // The system may refuse to list the interfaces for a while.
        if (!signal.aborted) {
          if (this.#kinds.isNew(error))
            print("The interfaces cannot be followed. They are listed again each second", error)
          await paused(signal)
        }
      }
  }

  /** Ends the services of an interface that it should not have, and begins those that it lacks. */
  #follow(each: NetworkInterface, onError: (error: unknown) => void): void {
    const { ended, lacking, thrown } = this.#parts.services.follow(each)
    if (thrown !== undefined && this.#kinds.isNew(thrown.error))
      print("matches threw. The interface is not served", thrown.error)
    this.#end(ended)
    for (const address of lacking)
      try {
        // A function of the program may have stopped the server.
        if (!this.#stopped.signal.aborted) this.#begin(each, address)
      } catch (error) {
        onError(error)
      }
  }

  #begin(each: NetworkInterface, address: string): void {
    const { bind, checked, groups = [], services, shared } = this.#parts
    if (shared !== undefined) {
      const memberships: Array<Membership> = []
      try {
        for (const group of groups) memberships.push(shared.join(group, { interfaceIndex: each.index }))
      } catch (error) {
        closeAll(memberships.map((one) => () => one.leave()))
        throw error
      }
      return services.begun(each, address, { bound: undefined, memberships })
    }
    const socket = bind(address)
    const core = checkSocket(socket)
    services.begun(each, address, { bound: { socket, core }, memberships: [] })
    for (const follower of this.#followers) follower(core)
    this.#serving.serve([givenOf(socket, checked)])
  }

  #end(ended: ReadonlyArray<Service<F, D>>): void {
    closeAll(
      ended.flatMap(({ bound, memberships }) => [
        ...memberships.map((one) => () => one.leave()),
        () => bound !== undefined && this.#serving.remove(bound.core)
      ])
    )
  }

  readonly #counted = (error: unknown): void =>
    this.#failed("An interface cannot be served. It is tried again when it changes", error)

  #failed(line: string, error: unknown): void {
    this.#parts.services.failed()
    if (this.#kinds.isNew(error)) print(line, error)
  }
}

const unreadable = "An address cannot be read any more. It is tried again when its interface changes"

const rethrown = (error: unknown): never => {
  throw error
}

/** Waits until the interfaces are listed again, or until the server stops. */
const paused = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const begin = (f: () => void) => {
      const timer = setTimeout(f, pause)
      return () => clearTimeout(timer)
    }
    abortable(signal, begin, resolve, resolve)
  })
