/** An option of a server that is refused. */
import { Codec } from "@ancillary/control"

/**
 * The reason why an option is refused.
 *
 * @category servers
 * @since 0.1.0
 */
export interface InvalidOption {
  readonly option: string
  readonly message: string
}

/**
 * Returns the reason why an option is refused that may be left out.
 *
 * @category servers
 * @since 0.1.0
 */
export const invalidOption = (option: string, value: unknown, range: string, otherwise: string): InvalidOption => ({
  option,
  message: `${option}: ${Codec.format(value)} is not ${range}. Leave it out for ${otherwise}.`
})

/**
 * Returns whether an option was refused.
 *
 * @category servers
 * @since 0.1.0
 */
export const isInvalidOption = (read: object | number): read is InvalidOption =>
  typeof read === "object" && "message" in read && "option" in read
