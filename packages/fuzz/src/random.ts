/**
 * splitmix32: the source of all random numbers here, with a separate sequence for each case. `c/random.c` draws the same numbers.
 */
const mix = (value: number): number => {
  value = Math.imul(value ^ (value >>> 16), 0x21f0aaad)
  value = Math.imul(value ^ (value >>> 15), 0x735a2d97)
  return value ^ (value >>> 15)
}

export class Random {
  #state = 0

  /** Begins the sequence of a case. */
  drawFor(seed: number, index: number): this {
    this.#state = mix(seed ^ mix(index + 1))
    return this
  }

  /** An unsigned integer of 32 bits. */
  draw(): number {
    this.#state = (this.#state + 0x9e3779b9) | 0
    return mix(this.#state) >>> 0
  }

  /** An integer from 0 to below `limit`. */
  below(limit: number): number {
    return this.draw() % limit
  }

  /** True once in so many calls, on average. */
  oneIn(times: number): boolean {
    return this.below(times) === 0
  }

  /** One of the values, of which there is at least one. */
  pick<A>(values: ReadonlyArray<A>): A {
    return values[this.below(values.length)] as A
  }

  bytes(size: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(size)
    for (let at = 0; at < size; at += 4) {
      const word = this.draw()
      for (let byte = 0; byte < 4 && at + byte < size; byte++) bytes[at + byte] = word >>> (8 * byte)
    }
    return bytes
  }
}
