import { type Capability, Codec } from "@ancillary/control"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type Driver, isUnavailable, type Unavailable } from "@ancillary/engine/driver/Driver"
import { type DatagramUnsupportedError, unsupported } from "./DatagramError.ts"

/**
 * Makes a driver, or reports why it cannot run on this machine.
 *
 * @category models
 * @since 0.1.0
 */
export type MakeDriver = () => Driver | Unavailable | Promise<Driver | Unavailable>

/**
 * The service that opens sockets. The layer of a platform provides it, or a network in memory.
 *
 * @category services
 * @since 0.1.0
 */
export class DatagramSockets extends Context.Service<DatagramSockets, { readonly driver: Driver }>()(
  "@ancillary/effect/DatagramSockets"
) {
  /**
   * Makes a driver as an effect. `make` is the `driver` function of a driver's package. Fails with `DatagramUnsupportedError` if the driver
   * cannot run on this machine, or if `make` throws.
   */
  static readonly driver = (make: MakeDriver): Effect.Effect<Driver, DatagramUnsupportedError> =>
    Effect.flatten(
      Effect.tryPromise({
        try: async () => {
          const made = await make()
          if (isUnavailable(made)) return Effect.fail(unsupported(made.feature, made.why, made.remedy))
          return Effect.succeed(made)
        },
        catch: (cause) =>
          unsupported(
            "DatagramSockets.driver",
            `the driver cannot be made (${Codec.format(cause)})`,
            "Give a function that returns a driver"
          )
      })
    )

  /**
   * Makes the layer of a driver, with the capabilities of its platform. The type of a layer is its list of features.
   *
   * @example
   * ```ts
   * import { LinuxSockets } from "@ancillary/posix"
   * import { DatagramSockets } from "@ancillary/effect"
   *
   * const driver = DatagramSockets.driver(() => LinuxSockets.driver({ guarded: true }))
   * const layer = DatagramSockets.layer(driver, ["timestamp", "dropCount"])
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
            Context.add(context, Context.Service<Capability<Names[number]>>(`@ancillary/Capability/${name}`), {
              _: "Capability",
              name
            }),
          sockets as Context.Context<DatagramSockets | Capability<Names[number]>>
        )
      })
    )
}
