/** Zones by name, as people write them: `fe80::1%eth0`. Parsed addresses have the index, which the driver knows. */
import { Codec } from "@ancillary/control"
import { type Driver, isFault } from "./Driver.ts"

/**
 * The members of a driver that find an interface by its name.
 *
 * @category drivers
 * @since 0.1.0
 */
export type Names = Pick<Driver, "interfaces" | "interfaceIndex">

/**
 * Replaces the zone name behind `%` with the index. Returns an address without a name unchanged.
 *
 * @category drivers
 * @since 0.1.0
 */
export const withIndex = (driver: Names, text: string): string | Codec.Malformed => {
  const percent = text.indexOf("%")
  const zone = text.slice(percent + 1)
  // Digits are always an index, even if an interface has that name.
  if (percent < 0 || /^[0-9]*$/.test(zone)) return text
  const index = indexOf(driver, zone)
  return index === undefined
    ? {
        malformed: `the zone ${Codec.format(zone)} is not an interface of this host: give the name or the index of one that is`,
        offset: percent + 1
      }
    : `${text.slice(0, percent + 1)}${index}`
}

const indexOf = (driver: Names, name: string): number | undefined => {
  if (driver.interfaceIndex !== undefined) return driver.interfaceIndex(name)
  const interfaces = driver.interfaces()
  return isFault(interfaces) ? undefined : interfaces.find((one) => one.name === name)?.index
}

/**
 * Returns an endpoint with the index in place of a zone name, or the reason why it is invalid. Each field is read once.
 *
 * @category drivers
 * @since 0.1.0
 */
export const inZone = (driver: Names, input: unknown): unknown => {
  try {
    return replaced(driver, input)
  } catch (cause) {
    return { malformed: `the endpoint cannot be read (${Codec.format(cause)})`, offset: 0 }
  }
}

const replaced = (driver: Names, input: unknown): unknown => {
  if (typeof input !== "object" || input === null || !("address" in input)) return input
  const { address } = input
  if (typeof address !== "string" || !address.includes("%")) return input
  const text = withIndex(driver, address)
  if (typeof text !== "string") return text
  return text === address ? input : { address: text, port: "port" in input ? input.port : undefined }
}
