/** The services of one handler: those of its server, and a scope of its own. */
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"

type Services = Map<string, unknown>

/**
 * The scope is made when the handler asks for it, and the other services are copied when something asks for all of them. A program with a
 * driver has thirty services, so a copy takes longer than the fiber of a short handler.
 */
export class HandlerServices extends Map<string, unknown> {
  readonly #server: ReadonlyMap<string, unknown>
  #scope: Scope.CloseableScope | undefined
  #end: Exit.Exit<unknown, unknown> | undefined
  #copy: Services | undefined

  constructor(server: ReadonlyMap<string, unknown>) {
    super()
    this.#server = server
  }

  /** Records the end of the handler. Returns the scope that has to be closed, if the handler asked for one. */
  end(exit: Exit.Exit<unknown, unknown>): Scope.CloseableScope | undefined {
    this.#end = exit
    return this.#scope
  }

  override get(key: string): unknown {
    return key === Scope.Scope.key ? this.#own() : this.#server.get(key)
  }

  override has(key: string): boolean {
    return key === Scope.Scope.key || this.#server.has(key)
  }

  override get size(): number {
    return this.#copied().size
  }

  override forEach(f: (service: unknown, key: string, services: Services) => void): void {
    this.#copied().forEach(f)
  }

  override entries(): ReturnType<Services["entries"]> {
    return this.#copied().entries()
  }

  override keys(): ReturnType<Services["keys"]> {
    return this.#copied().keys()
  }

  override values(): ReturnType<Services["values"]> {
    return this.#copied().values()
  }

  override [Symbol.iterator](): ReturnType<Services["entries"]> {
    return this.entries()
  }

  #copied(): Services {
    if (this.#copy === undefined) this.#copy = new Map(this.#server).set(Scope.Scope.key, this.#own())
    return this.#copy
  }

  #own(): Scope.CloseableScope {
    if (this.#scope !== undefined) return this.#scope
    const scope = Effect.runSync(Scope.make())
    this.#scope = scope
    // A fiber that outlives the handler gets a closed scope, which runs each finalizer at once.
    if (this.#end !== undefined) Effect.runSync(Scope.close(scope, this.#end))
    return scope
  }
}
