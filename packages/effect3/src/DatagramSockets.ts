import type { Capability } from "@ancillary/control"
import { Context, Effect, Layer } from "effect"
import type { Driver } from "@ancillary/engine/driver/Driver"

/**
 * The service that opens sockets. The layer of a platform provides it, or a network in memory.
 *
 * @category services
 * @since 0.1.0
 */
export class DatagramSockets extends Context.Tag("@ancillary/effect3/DatagramSockets")<
  DatagramSockets,
  { readonly driver: Driver }
>() {
  /**
   * Makes the layer of a driver, with the capabilities of its platform. The type of a layer is its list of features.
   *
   * @example
   * ```ts
   * import { LinuxSockets } from "@ancillary/posix"
   * import { DatagramSockets } from "@ancillary/effect3"
   *
   * const layer = DatagramSockets.layer(LinuxSockets.driver({ guarded: true }), ["timestamp", "dropCount"])
   * // Layer<DatagramSockets | Capability<"timestamp"> | Capability<"dropCount">>
   * ```
   */
  static readonly layer = <const Names extends ReadonlyArray<string>, E, R>(
    driver: Effect.Effect<Driver, E, R>,
    capabilities: Names
  ): Layer.Layer<DatagramSockets | Capability<Names[number]>, E, R> =>
    Layer.effectContext(
      Effect.map(driver, (driver) => {
        const sockets = Context.make(DatagramSockets, { driver })
        return capabilities.reduce<Context.Context<DatagramSockets | Capability<Names[number]>>>(
          (context, name: Names[number]) =>
            Context.add(context, Context.GenericTag<Capability<Names[number]>>(`@ancillary/Capability/${name}`), {
              _: "Capability",
              name
            }),
          sockets as Context.Context<DatagramSockets | Capability<Names[number]>>
        )
      })
    )
}
