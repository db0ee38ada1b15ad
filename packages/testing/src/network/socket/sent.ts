/** Requests of the control data of a sent datagram, in the terms of every system. */
import type { Address } from "../address.ts"
import type { ExtensionBytes } from "../ip/packet.ts"

export interface SentControl {
  readonly source?: Address | undefined
  /** Index of the interface. */
  readonly device?: number | undefined
  readonly hopLimit?: number | undefined
  readonly trafficClass?: number | undefined
  readonly flowLabel?: number | undefined
  readonly segmentSize?: number | undefined
  readonly priority?: number | undefined
  readonly mark?: number | undefined
  /** Switches of `SO_TIMESTAMPING`. */
  readonly stamps?: number | undefined
  readonly dontFragment?: boolean | undefined
  readonly extensions?: ReadonlyArray<ExtensionBytes> | undefined
  readonly ipOptions?: Uint8Array | undefined
}
