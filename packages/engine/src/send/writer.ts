import type { SendEntry } from "../plan/Plan.ts"

/** Writes one control message. */
export interface Writer {
  readonly key: string
  readonly level: number
  readonly type: number
  readonly size: number
  /** Header of a message of that size, and the bytes of header, payload and padding. */
  readonly header: DataView
  readonly space: number
  /** Minimum number of bytes that its definition may write. */
  readonly least: number
  readonly mask: number | undefined
  /** Option that has the other bits of the number, and a mask of all its bits. */
  readonly own: { readonly level: number; readonly option: number; readonly whole: number } | undefined
  readonly agrees: SendEntry["format"]["mustMatchOption"]
  readonly excludes: ReadonlyArray<string>
  readonly last: boolean
  /** True if the socket completes the value. */
  readonly isCompleted: boolean
  readonly refuse: (value: unknown) => string | undefined
  /** Returns the number of bytes that were written, as the definition reports it. */
  readonly write: (view: DataView, at: number, value: unknown) => unknown
}
