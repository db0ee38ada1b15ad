/** Invalid options of a driver. */
import { DarwinSockets, LinuxSockets } from "@ancillary/effect3/node"
import { WinsockSockets } from "@ancillary/effect3/node"
import { expect, it } from "@effect/vitest"
import { Effect } from "effect"

const hostile: ReadonlyArray<unknown> = [
  { guarded: "yes" },
  { guarded: 1 },
  { guarded: Number.NaN },
  {
    get guarded(): boolean {
      throw new TypeError("a getter")
    }
  },
  new Proxy(
    {},
    {
      get: () => {
        throw new TypeError("a proxy")
      }
    }
  )
]

it.effect("a driver with invalid options fails with a typed error", () =>
  Effect.gen(function* () {
    for (const make of [LinuxSockets.driver, DarwinSockets.driver, WinsockSockets.driver])
      for (const options of hostile) {
        const error = yield* Effect.flip(make(options as { readonly guarded: boolean }))
        expect(error._tag).toBe("DatagramUnsupportedError")
        expect(error.message).toMatch(
          /^\w+Sockets\.layer, guarded: it is neither true nor false\. Give a boolean, or leave it out\.$/
        )
      }
    expect((yield* LinuxSockets.driver(undefined)).abi.platform).toBe("linux")
    expect((yield* LinuxSockets.driver({ guarded: undefined })).abi.platform).toBe("linux")
  })
)
