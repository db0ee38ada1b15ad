/** The requirements of a server: those of its handler, without the scope, because each handler has its own. */
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
  it("requires what its handler requires, except the scope", () => {
    const server = serve(Datagram.ipv4, { address: "::1", port: 1 }, () =>
      Effect.zipRight(
        Effect.addFinalizer(() => Effect.void),
        Effect.flatMap(Database, ({ put }) => put)
      )
    )
    // This scope is that of the server's socket.
    expectTypeOf<Needed<typeof server>>().toEqualTypeOf<DatagramSockets | Scope.Scope | Database>()
  })

  it("gives a handler a scope of its own", () => {
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
