/** The kernel's own counts of a socket: datagrams that it dropped, and bytes that wait. */
import * as Linux from "@ancillary/control/platform/linux"
import { isFault, type NativeSocket } from "../driver/Driver.ts"

/** Linux: asm-generic/socket.h, since Linux 4.12. An array of 32-bit integers, whose order linux/sock_diag.h defines (SK_MEMINFO). */
const memoryInfo = 55
const [queuedAt, limitAt, dropsAt, fields] = [0, 1, 8, 9]

/**
 * Counts that the kernel returns on request, so they cost nothing while nothing reads them. Linux.
 *
 * @category metrics
 * @since 0.1.0
 */
export class KernelMemory {
  readonly #native: NativeSocket
  readonly #values = new Uint32Array(fields)
  #isKnown = false

  constructor(native: NativeSocket) {
    this.#native = native
    this.read()
  }

  /** Reads the counts. They keep their values if the socket is closed, or if the system has none. */
  read(): void {
    const length = this.#native.getOption(Linux.SOL_SOCKET, memoryInfo, new Uint8Array(this.#values.buffer))
    if (!isFault(length) && length === this.#values.byteLength) this.#isKnown = true
  }

  /** Datagrams that were dropped because the receive buffer was full, or for another reason of the kernel. 32 bits, so it wraps. */
  get drops(): number | undefined {
    return this.#at(dropsAt)
  }

  /** Bytes of the receive buffer that are in use, with the overhead of each datagram. */
  get queuedBytes(): number | undefined {
    return this.#at(queuedAt)
  }

  /** Size of the receive buffer in bytes. */
  get limitBytes(): number | undefined {
    return this.#at(limitAt)
  }

  #at(field: number): number | undefined {
    return this.#isKnown ? this.#values[field] : undefined
  }
}
