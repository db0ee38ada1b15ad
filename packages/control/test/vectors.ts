/**
 * The golden vectors that C compilers made with the real headers (`../golden/README.md`).
 */
import { readdirSync, readFileSync } from "node:fs"
import { type Abi, abis } from "@ancillary/control"

interface Walk {
  readonly name: string
  readonly controlLength: number
  readonly bytesHex: string
  /** Offset of the header that the walk continues from; null is NULL. */
  readonly at?: number | null
  readonly result: number | null
}

export interface Vectors {
  readonly abi: string
  readonly layout: object
  readonly macros: {
    readonly length: ReadonlyArray<number>
    readonly space: ReadonlyArray<number>
    readonly first: ReadonlyArray<Walk>
    readonly next: ReadonlyArray<Walk>
  }
  readonly structs: { readonly [name: string]: { readonly [member: string]: number | null } | null }
  readonly constants: { readonly [name: string]: number | string }
  readonly buffers: ReadonlyArray<{
    readonly name: string
    readonly controlLength: number
    readonly messages: ReadonlyArray<{
      readonly level: number
      readonly type: number
      readonly length: number
      readonly payload: string
    }>
    readonly bytes: string
  }>
  readonly groups: ReadonlyArray<{ readonly name: string; readonly bytes: string }>
  /** Extensions of ICMP messages as C makes them, if the kernel's headers are installed. */
  readonly extensions?: ReadonlyArray<{ readonly name: string; readonly bytes: string }>
  /** Programs of socket filters, and the structure that points to one, if the kernel's headers are installed. */
  readonly steering?: ReadonlyArray<{ readonly name: string; readonly bytes: string }>
  /** Extension headers as a C library builds them, if it can. */
  readonly headers?: {
    readonly options: ReadonlyArray<{
      readonly name: string
      readonly options: ReadonlyArray<{ readonly type: number; readonly length: number; readonly align: 1 | 2 | 4 | 8 }>
      readonly bytes: string
    }>
    readonly sourceRoutes: ReadonlyArray<{ readonly addresses: number; readonly bytes: string }>
  }
}

const folder = new URL("../golden/", import.meta.url)

/** One document per ABI. */
export const vectors: ReadonlyArray<Vectors> = readdirSync(folder)
  .filter((file) => file.endsWith(".json"))
  .map((file) => JSON.parse(readFileSync(new URL(file, folder), "utf8")) as Vectors)

/** Our row of that name. */
export const abiNamed = (name: string): Abi => {
  const abi = abis.find((each) => each.name === name)
  if (abi === undefined) throw new Error(`there is no ABI '${name}'`)
  return abi
}

export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex")
export const fromHex = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(text, "hex"))
export const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
