import type { SendEntry } from "../plan/Plan.ts"

/** Writes one control message. */
export interface Writer {
  readonly key: string
  readonly level: number
  readonly type: number
  readonly size: number
  /** The header of a message of that size, and the bytes that header, payload and padding take. */
  readonly header: DataView
  readonly space: number
  /** The fewest bytes that its definition may write. */
  readonly least: number
  readonly mask: number | undefined
  /** Where the other bits of the number are, and which it has altogether. */
  readonly own: { readonly level: number; readonly option: number; readonly whole: number } | undefined
  readonly agrees: SendEntry["format"]["mustMatchOption"]
  readonly excludes: ReadonlyArray<string>
  readonly last: boolean
  /** Whether the socket adds to the value. */
  readonly isCompleted: boolean
  readonly refuse: (value: unknown) => string | undefined
  /** Bytes that were written, as the definition claims. */
  readonly write: (view: DataView, at: number, value: unknown) => unknown
}
