/** Checks of arguments, with the errors that Node's own checks throw. */
import { isIP } from "node:net"
import { badPort, invalidType, outOfRange } from "./errors.ts"

/** A port as a number: an integer below 65536, also as a text. */
export const portOf = (port: unknown, name = "Port", allowZero = false): number => {
  const valid =
    (typeof port === "number" || (typeof port === "string" && port.trim() !== "")) &&
    +port === +port >>> 0 &&
    +port <= 0xffff &&
    (+port !== 0 || allowZero)
  if (!valid) throw badPort(name, allowZero ? ">=" : ">", port)
  return +port | 0
}

export function checkString(value: unknown, name: string): asserts value is string {
  if (typeof value !== "string") throw invalidType(name, "of type string", value)
}

export function checkNumber(value: unknown, name: string): asserts value is number {
  if (typeof value !== "number") throw invalidType(name, "of type number", value)
}

export function checkFunction(
  value: unknown,
  name: string
): asserts value is (...args: ReadonlyArray<unknown>) => void {
  if (typeof value !== "function") throw invalidType(name, "of type function", value)
}

/** An object that is not a function and not an array. */
export function checkObject(value: unknown, name: string): asserts value is object {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw invalidType(name, "of type object", value)
}

export const checkUint32 = (value: unknown, name: string): void => {
  checkNumber(value, name)
  if (!Number.isInteger(value)) throw outOfRange(name, "an integer", value)
  if (value < 0 || value > 0xffffffff) throw outOfRange(name, ">= 0 && <= 4294967295", value)
}

export function checkSignal(value: unknown, name: string): asserts value is AbortSignal {
  if (typeof value !== "object" || value === null || !("aborted" in value))
    throw invalidType(name, "an instance of AbortSignal", value)
}

/** The family of an address for a block list. */
export const listFamily = (address: string): "ipv4" | "ipv6" => (isIP(address) === 6 ? "ipv6" : "ipv4")
