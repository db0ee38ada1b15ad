/** Spans of the library. None has the payload of a datagram. */
import type { Endpoint, Family } from "@ancillary/control"
import { spanAttributes } from "@ancillary/engine/socket"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Tracer from "effect/Tracer"

/** False if the program provides no tracer. Such a program keeps no span that was successful. */
export const isTraced = (fiber: Fiber.Fiber<unknown, unknown>): boolean =>
  fiber.getRef(Tracer.Tracer) !== Tracer.nativeTracer

/** Makes a span if a tracer keeps it, because an unused one costs as much as a short request. */
export const traced = <A, E, R>(
  name: string,
  options: () => Tracer.SpanOptionsNoTrace,
  effect: Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> => Effect.withFiber((fiber) => (isTraced(fiber) ? withSpan(name, options(), effect) : effect))

/** Adds the local address to the span of the opening of a socket. */
export const annotateLocal = (local: Endpoint<Family>): Effect.Effect<void> =>
  Effect.annotateCurrentSpan(spanAttributes("local", local))

/** Runs a handler or a session in a span that begins a trace. */
export const withDatagramSpan = <A, E, R>(
  name: string,
  {
    bytes,
    from,
    local
  }: { readonly from: Endpoint<Family>; readonly local: Endpoint<Family>; readonly bytes: number | undefined },
  effect: Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> =>
  withSpan(
    name,
    {
      root: true,
      kind: "server",
      attributes: {
        ...spanAttributes("local", local),
        ...spanAttributes("peer", from),
        ...(bytes === undefined ? {} : { "datagram.size": bytes })
      }
    },
    effect
  )

const withSpan = <A, E, R>(
  name: string,
  options: Tracer.SpanOptionsNoTrace,
  effect: Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> => Effect.withSpan(effect, name, { ...options, captureStackTrace: false })
