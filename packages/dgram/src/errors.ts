/** Errors with the names, codes, messages and fields that Node's own have. */
import { getSystemErrorMap, inspect } from "node:util"
import type { Fault } from "@ancillary/engine/driver/Driver"
import type { DatagramSendError } from "@ancillary/engine/errors/DatagramError"

type Constructor = ErrorConstructor | TypeErrorConstructor | RangeErrorConstructor

/** An error with a code of Node. The code stands in the stack's first line, and is the only key. */
const coded = (Base: Constructor, code: string, message: string): NodeJS.ErrnoException => {
  const error: NodeJS.ErrnoException = new Base(message)
  return withCode(error, Base.name, code)
}

const withCode = (error: NodeJS.ErrnoException, name: string, code: string): NodeJS.ErrnoException => {
  Object.defineProperty(error, "name", { value: `${name} [${code}]`, configurable: true, writable: true })
  // The stack is made when it is first read, with the name of that moment.
  void error.stack
  if (name === Object.getPrototypeOf(error).name) delete (error as { name?: string }).name
  else Object.defineProperty(error, "name", { value: name, configurable: true, writable: true })
  error.code = code
  return error
}

export const notRunning = (): Error => coded(Error, "ERR_SOCKET_DGRAM_NOT_RUNNING", "Not running")
export const alreadyBound = (): Error => coded(Error, "ERR_SOCKET_ALREADY_BOUND", "Socket is already bound")
export const isConnected = (): Error => coded(Error, "ERR_SOCKET_DGRAM_IS_CONNECTED", "Already connected")
export const notConnected = (): Error => coded(Error, "ERR_SOCKET_DGRAM_NOT_CONNECTED", "Not connected")
export const badType = (): Error =>
  coded(TypeError, "ERR_SOCKET_BAD_TYPE", "Bad socket type specified. Valid types are: udp4, udp6")
export const badBufferSize = (): Error =>
  coded(TypeError, "ERR_SOCKET_BAD_BUFFER_SIZE", "Buffer size must be a positive integer")
export const outOfBounds = (name: "offset" | "length"): Error =>
  coded(RangeError, "ERR_BUFFER_OUT_OF_BOUNDS", `"${name}" is outside of buffer bounds`)
export const missing = (name: string): Error =>
  coded(TypeError, "ERR_MISSING_ARGS", `The "${name}" argument must be specified`)
export const badDescriptor = (type: string): Error =>
  coded(TypeError, "ERR_INVALID_FD_TYPE", `Unsupported fd type: ${type}`)
export const blocked = (address: string): Error =>
  coded(Error, "ERR_IP_BLOCKED", `IP(${address}) is blocked by net.BlockList`)
export const badPort = (name: string, least: ">" | ">=", port: unknown): Error =>
  coded(RangeError, "ERR_SOCKET_BAD_PORT", `${name} should be ${least} 0 and < 65536. Received ${received(port)}.`)
export const outOfRange = (name: string, range: string, value: unknown): Error =>
  coded(
    RangeError,
    "ERR_OUT_OF_RANGE",
    `The value of "${name}" is out of range. It must be ${range}. Received ${value}`
  )

/** `expected` reads on behind "must be": "of type string". */
export const invalidType = (name: string, expected: string, value: unknown): Error => {
  const kind = name.includes(".") ? "property" : "argument"
  const message = `The "${name}" ${kind} must be ${expected}. Received ${received(value)}`
  return coded(TypeError, "ERR_INVALID_ARG_TYPE", message)
}

export const invalidValue = (name: string, value: unknown, why: string): Error => {
  const kind = name.includes(".") ? "property" : "argument"
  const message = `The ${kind} '${name}' ${why}. Received ${inspect(value)}`
  return coded(TypeError, "ERR_INVALID_ARG_VALUE", message)
}

/** A value as Node's errors show it. */
const received = (value: unknown): string => {
  if (value === undefined || value === null) return String(value)
  switch (typeof value) {
    case "function":
      return value.name === "" ? "function " : `function ${value.name}`
    case "object": {
      const { constructor } = value
      return typeof constructor === "function" && constructor.name !== ""
        ? `an instance of ${constructor.name}`
        : inspect(value, { depth: -1 })
    }
    default: {
      const shown = inspect(value, { colors: false })
      return `type ${typeof value} (${shown.length > 28 ? `${shown.slice(0, 25)}...` : shown})`
    }
  }
}

/** Numbers and texts of the platform's errors, by their names. */
const systemErrors = new Map([...getSystemErrorMap()].map(([errno, [code, text]]) => [code, { errno, text }] as const))

/** A message that cannot be sent as the program gave it. The engine's sentence names the field. */
export const invalidMessage = (message: string): Error => coded(TypeError, "ERR_INVALID_ARG_VALUE", message)

/** The name of an error as Node has it: Winsock's begin with WSA in the platform's headers. */
export const codeOf = ({ code }: Pick<Fault, "code">): string => code.replace(/^WSA/, "")

/** The code of a send that failed. Refusals of the engine have no code of the system. */
export const codeOfSend = ({ code, reason }: Pick<DatagramSendError, "code" | "reason">): string =>
  reason === "MessageTooLarge" ? "EMSGSIZE" : reason === "InvalidArgument" ? "EINVAL" : codeOf({ code })

export const errnoOf = (code: string): number => systemErrors.get(code)?.errno ?? -1

/** A call that failed, as libuv reports it: `setTTL EINVAL`. */
export const systemError = (syscall: string, code: string): NodeJS.ErrnoException => {
  const error: NodeJS.ErrnoException = new Error(`${syscall} ${code}`)
  error.errno = errnoOf(code)
  error.code = code
  error.syscall = syscall
  return error
}

/** A call that failed for an address: `bind EADDRINUSE 127.0.0.1:9`. */
export const addressError = (
  syscall: string,
  code: string,
  address: string | null | undefined,
  /** As the program gave it. */
  port: unknown
): NodeJS.ErrnoException => {
  const host = address === null || address === undefined ? "" : address
  const details = Number(port) > 0 ? ` ${String(address)}:${String(port)}` : host === "" ? "" : ` ${host}`
  const error: NodeJS.ErrnoException & { address?: unknown; port?: unknown } = systemError(syscall, code)
  error.message = `${syscall} ${code}${details}`
  error.address = address
  if (port) error.port = port
  return error
}

/** A buffer size that could not be read or set. Node has it as a `SystemError`. */
export const bufferSizeError = (syscall: string, code: string): Error => {
  const { errno, text } = systemErrors.get(code) ?? { errno: -1, text: "unknown error" }
  const error: NodeJS.ErrnoException & { info?: unknown } = new Error(
    `Could not get or set buffer size: ${syscall} returned ${code} (${text})`
  )
  withCode(error, "SystemError", "ERR_SOCKET_BUFFER_SIZE")
  const info = { errno, code, message: text, syscall }
  error.info = info
  for (const key of ["errno", "syscall"] as const)
    Object.defineProperty(error, key, {
      get: () => info[key],
      set: (value: never) => {
        info[key] = value
      },
      enumerable: true,
      configurable: true
    })
  return error
}
