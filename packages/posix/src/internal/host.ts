import type { Abi } from "@ancillary/control"
import type { Libc } from "./libc.ts"
import type { PlatformNumbers } from "./platform.ts"

/** The system of a driver: its data layouts, its C library and its constants. */
export interface Host {
  readonly abi: Abi
  readonly libc: Libc
  readonly numbers: PlatformNumbers
}
