import { markAsUntransferable } from "node:worker_threads"
import koffi from "koffi"

/** Node's types leave it out. */
declare const WebAssembly: {
  readonly Memory: new (pages: { readonly initial: number; readonly maximum: number }) => {
    readonly buffer: ArrayBuffer
  }
}

/**
 * Memory that calls can be given the address of. An `ArrayBuffer`'s backing store does not move, so its address is asked for once; it lives as
 * long as the bytes are referenced. Pages that the kernel never writes cost no memory.
 */
export const allocate = (
  size: number,
  lent = false
): { readonly bytes: Uint8Array<ArrayBuffer>; readonly address: number } => {
  const bytes = new Uint8Array(lent ? untransferable(size) : new ArrayBuffer(size), 0, size)
  return { bytes, address: Number(koffi.address(bytes)) }
}

/** The buffer of a WebAssembly memory cannot be detached, whoever has it: no transfer, and no `ArrayBuffer.prototype.transfer`. */
const untransferable = (size: number): ArrayBuffer => {
  const pages = Math.ceil(size / 65_536)
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages }).buffer
  } catch {
    // V8 reserves 8 GiB of addresses for each, which a limit (ulimit -v) may forbid.
    // Zeroes, which cost no memory until they are written.
    return refusing(new ArrayBuffer(size))
  }
}

/** A block of payloads, whose bytes are written before they are read. Posting it to another thread sends a copy or throws: it would go with all that is in it. */
export const block = (size: number): ArrayBuffer => {
  if (size > filled) return refusing(Buffer.allocUnsafeSlow(size).buffer)
  const buffer = new Block(size)
  markAsUntransferable(buffer)
  return buffer
}

/** Up to here, zeroes cost less than setting a prototype. */
const filled = 1024

const refusing = (buffer: ArrayBuffer): ArrayBuffer => {
  markAsUntransferable(buffer)
  Object.setPrototypeOf(buffer, Block.prototype)
  return buffer
}

/** Node 22 has methods that pass over the mark. */
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

/** Takes a buffer from whoever has it: their views are empty from here on. */
export const detach = (buffer: ArrayBuffer): void => void structuredClone(buffer, { transfer: [buffer] })

/** Where bytes of the program are: for one call, as long as somebody holds them. */
export const addressOf = (bytes: Uint8Array): number => Number(koffi.address(bytes))

/** A copy of bytes at an address that the system told. */
export const read = (address: number, size: number): DataView => {
  // What koffi decodes is untyped: that ends here. Not `koffi.view`, which is no copy and which Electron refuses.
  const bytes = Uint8Array.from(koffi.decode(BigInt(address), "uint8_t", size) as Uint8Array)
  return new DataView(bytes.buffer)
}

/** The text at an address that the system told, up to its NUL. */
export const text = (address: number): string => koffi.decode.string(BigInt(address))
