import { markAsUntransferable } from "node:worker_threads"
import koffi from "koffi"

/**
 * Memory that calls can be given the address of. An `ArrayBuffer`'s backing store does not move, so its address is asked for once; it lives as
 * long as the bytes are referenced. Pages that the kernel never writes cost no memory.
 */
export const allocate = (size: number): { readonly bytes: Uint8Array<ArrayBuffer>; readonly address: number } => {
  const bytes = new Uint8Array(new ArrayBuffer(size))
  return { bytes, address: Number(koffi.address(bytes)) }
}

/** A block of payloads. Who posts one of them to another thread sends a copy: the block would go with all that is in it. */
export const block = (size: number): ArrayBuffer => {
  const buffer = new ArrayBuffer(size)
  markAsUntransferable(buffer)
  return buffer
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
