/**
 * A view that notices reads outside of the allowed bytes.
 */
export class Watched extends DataView<ArrayBuffer> {
  /** The bytes that may be read: from, up to, and not, to. */
  from = 0
  to = 0
  outside: string | undefined = undefined
  reads = 0

  allow(from: number, to: number): void {
    this.from = from
    this.to = to
    this.outside = undefined
  }
}

for (const name of Object.getOwnPropertyNames(DataView.prototype)) {
  const width = /^get\D+(\d+)$/.exec(name)
  if (width === null) continue
  const bytes = Number(width[1]) / 8
  const get = Reflect.get(DataView.prototype, name) as (this: DataView, at: number, little?: boolean) => number | bigint
  Object.defineProperty(Watched.prototype, name, {
    value(this: Watched, at: number, little?: boolean) {
      this.reads++
      if (!(at >= this.from && at + bytes <= this.to))
        this.outside = `${name}(${at}), where ${this.from} to ${this.to} may be read`
      return get.call(this, at, little)
    }
  })
}

/** Numbers from 0 up to, and not, `below`, the same ones in every run (xorshift32). */
export const random = (seed: number): ((below: number) => number) => {
  let state = seed | 1
  return (below) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
}
