/** What a server needs of its program: all that its handler needs, but for the scope, which each handler has of its own. */
import {
  Datagram,
  type DatagramBindError,
  type DatagramSockets,
  type DatagramStats,
  serve,
  serveOn,
  type Spec,
  withRights
} from "@ancillary/effect3"
import * as Descriptor from "@ancillary/effect3/Descriptor"
import { Context, Effect, type Scope } from "effect"
import { describe, expectTypeOf, it } from "vitest"

const at = { path: "/run/files.sock" }
const spec = Datagram.unix.pipe(withRights({ maximum: 1 }))
type Needed<E> = E extends Effect.Effect<infer _A, infer _E, infer R> ? R : never
type Failing<E> = E extends Effect.Effect<infer _A, infer E, infer _R> ? E : never

class Database extends Context.Tag("Database")<Database, { readonly put: Effect.Effect<void> }>() {}

describe("serve", () => {
  it("needs what its handler needs, without the scope", () => {
    const server = serve(Datagram.ipv4, { address: "::1", port: 1 }, () =>
      Effect.zipRight(
        Effect.addFinalizer(() => Effect.void),
        Effect.flatMap(Database, ({ put }) => put)
      )
    )
    // The scope is the server's own: that of its socket.
    expectTypeOf<Needed<typeof server>>().toEqualTypeOf<DatagramSockets | Scope.Scope | Database>()
  })

  it("leaves a handler's scope to the handler", () => {
    const program = Effect.scoped(
      Effect.flatMap(Datagram.bind(spec, at), (socket) =>
        serveOn(socket, ({ control }) => Effect.asVoid(Effect.forEach(control.rights, Descriptor.take)))
      )
    )
    expectTypeOf<Needed<typeof program>>().toEqualTypeOf<DatagramSockets | Spec.Needs<typeof spec>>()
    expectTypeOf<DatagramBindError>().toMatchTypeOf<Failing<typeof program>>()
  })

  it("has its handlers counted", () => {
    expectTypeOf<keyof DatagramStats["handlers"]>().toEqualTypeOf<
      "started" | "succeeded" | "failed" | "interrupted" | "timedOut" | "running"
    >()
  })
})
