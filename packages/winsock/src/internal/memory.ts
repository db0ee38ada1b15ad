import koffi from "koffi"

/**
 * Memory that calls can be given the address of. An `ArrayBuffer`'s backing store does not move, so its address is asked for once; it lives as
 * long as the bytes are referenced. Pages that the kernel never writes cost no memory.
 */
export const allocate = (size: number): { readonly bytes: Uint8Array<ArrayBuffer>; readonly address: number } => {
  const bytes = new Uint8Array(new ArrayBuffer(size))
  return { bytes, address: Number(koffi.address(bytes)) }
}

/** Where bytes of the program are: for one call, as long as somebody holds them. */
export const addressOf = (bytes: Uint8Array): number => Number(koffi.address(bytes))
