import { markAsUntransferable } from "node:worker_threads"
import { koffi } from "./koffi.ts"

/** Node's types do not declare it. */
declare const WebAssembly: {
  readonly Memory: new (pages: { readonly initial: number; readonly maximum: number }) => {
    readonly buffer: ArrayBuffer
  }
}

/**
 * Allocates memory with an address for system calls. The backing store of an `ArrayBuffer` does not move, so its address is read once. It
 * lives as long as the bytes are referenced. Pages that the kernel never writes use no memory.
 *
 * @category memory
 * @since 0.1.0
 */
export const allocate = (
  size: number,
  lent = false
): { readonly bytes: Uint8Array<ArrayBuffer>; readonly address: number } => {
  const bytes = new Uint8Array(lent ? untransferable(size) : new ArrayBuffer(size), 0, size)
  return { bytes, address: Number(koffi().address(bytes)) }
}

/** The buffer of a WebAssembly memory cannot be detached by any code: neither by a transfer nor by `ArrayBuffer.prototype.transfer`. */
const untransferable = (size: number): ArrayBuffer => {
  const pages = Math.ceil(size / 65_536)
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages }).buffer
  } catch {
    // V8 reserves 8 GiB of addresses for each, which a limit (ulimit -v) may forbid. The zeroes use no memory until they are written.
    return refusing(new ArrayBuffer(size))
  }
}

/**
 * Allocates a block of payloads, whose bytes are written before they are read. `postMessage` copies it or throws, because a transfer would
 * move all payloads in it.
 *
 * @category memory
 * @since 0.1.0
 */
export const block = (size: number): ArrayBuffer => {
  if (size > filled) return refusing(Buffer.allocUnsafeSlow(size).buffer)
  const buffer = new Block(size)
  markAsUntransferable(buffer)
  return buffer
}

/** Up to this size, zeroing costs less than setting a prototype. */
const filled = 1024

const refusing = (buffer: ArrayBuffer): ArrayBuffer => {
  markAsUntransferable(buffer)
  Object.setPrototypeOf(buffer, Block.prototype)
  return buffer
}

/** Node 22 has methods that ignore the mark. */
class Block extends ArrayBuffer {
  transfer(): never {
    throw new TypeError(
      "The buffer has payloads of other datagrams and cannot be transferred. Transfer a copy of this one: datagram.data.slice().buffer."
    )
  }
  transferToFixedLength(): never {
    return this.transfer()
  }
}

/**
 * Detaches a buffer. All existing views of it are then empty.
 *
 * @category memory
 * @since 0.1.0
 */
export const detach = (buffer: ArrayBuffer): void => void structuredClone(buffer, { transfer: [buffer] })

/**
 * Returns the address of a program's bytes. It is valid while they are referenced.
 *
 * @category memory
 * @since 0.1.0
 */
export const addressOf = (bytes: Uint8Array): number => Number(koffi().address(bytes))

/**
 * Copies bytes at an address that the system returned.
 *
 * @category memory
 * @since 0.1.0
 */
export const read = (address: number, size: number): DataView => {
  // koffi decodes without types; the result gets its type here. `koffi.view` is not used, because it makes no copy and Electron refuses it.
  const bytes = Uint8Array.from(koffi().decode(BigInt(address), "uint8_t", size) as Uint8Array)
  return new DataView(bytes.buffer)
}

/**
 * Reads the text at an address that the system returned, up to its NUL.
 *
 * @category memory
 * @since 0.1.0
 */
export const text = (address: number): string => koffi().decode.string(BigInt(address))
