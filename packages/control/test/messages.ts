/**
 * The built-in messages, found by their shape, with their rows typed as a program without types sees them.
 */
import * as control from "@ancillary/control"
import {
  type ReceiveFormat,
  type Cell,
  Codec,
  type SendFormat,
  isUnsupported,
  isMessage,
  type Platform
} from "@ancillary/control"

type Erased = {
  readonly key: string
  readonly presence: string
  readonly deliveredAs: string
  readonly cell: (platform: Platform, family: RowFamily) => Cell
}
export type RowFamily = "ipv4" | "ipv6" | "unix"

export const platforms: ReadonlyArray<Platform> = ["linux", "winsock", "darwin"]
export const families: ReadonlyArray<RowFamily> = ["ipv4", "ipv6", "unix"]

/** Every message that the package exports. A new one is tested without being added here. */
export const builtIns: ReadonlyArray<Erased> = Object.values<unknown>(control).filter(isMessage)

export const arrivals = (
  message: Erased,
  platform: Platform,
  family: RowFamily
): ReadonlyArray<ReceiveFormat<unknown>> => {
  const cell = message.cell(platform, family)
  return isUnsupported(cell) || cell.receive === undefined || isUnsupported(cell.receive) ? [] : cell.receive
}

export const departure = (message: Erased, platform: Platform, family: RowFamily): SendFormat<never> | undefined => {
  const cell = message.cell(platform, family)
  return isUnsupported(cell) || cell.send === undefined || isUnsupported(cell.send) ? undefined : cell.send
}

/** Every cell with a send format. */
export const departures = (message: Erased) =>
  platforms.flatMap((platform) =>
    families.flatMap((family) => {
      const sends = departure(message, platform, family)
      return sends === undefined ? [] : [{ platform, family, sends }]
    })
  )

export const fits = (size: Codec.Codec<unknown>["size"], bytes: number): boolean =>
  typeof size === "number" ? bytes === size : bytes >= (size.minimum ?? 0) && bytes <= size.maximum

/** The reason why a value may not be sent. Takes any value, as from a program without types. */
export const refusal = (sends: SendFormat<never> | undefined, value: unknown): string | undefined =>
  sends?.payload.validate?.(value as never)

/** The bytes that a value is sent as. They are written over bytes that are not zero, so that an omission is visible. */
export const written = (sends: SendFormat<never>, value: unknown): Uint8Array => {
  const { size } = sends.payload
  const room = new Uint8Array((typeof size === "number" ? size : size.maximum) + 8).fill(0xaa)
  const length = sends.payload.write(new DataView(room.buffer, 4), 0, value as never)
  if (room.slice(0, 4).some((byte) => byte !== 0xaa) || room.slice(4 + length).some((byte) => byte !== 0xaa))
    throw new Error("something was written outside of the payload")
  return room.slice(4, 4 + length)
}

/** Decodes bytes that have other bytes before and after them. */
export const read = (
  arrives: ReceiveFormat<unknown> | undefined,
  bytes: Uint8Array,
  length = bytes.length
): unknown => {
  const buffer = new Uint8Array(bytes.length + 8).fill(0xee)
  buffer.set(bytes, 4)
  return arrives?.payload.read(new DataView(buffer.buffer), 4, length)
}
