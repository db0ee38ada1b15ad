/** Random numbers from a seed: 128 bits of state, filled by a mixing function, so that near seeds give unlike runs. */

export class Random {
  #a: number
  #b: number
  #c: number
  #d = 1

  constructor(seed: number) {
    const mix = (value: number): number => {
      let x = (value + 0x9e3779b9) | 0
      x = Math.imul(x ^ (x >>> 16), 0x85ebca6b)
      x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35)
      return x ^ (x >>> 16)
    }
    this.#a = mix(seed)
    this.#b = mix(this.#a ^ Math.trunc(seed / 0x100000000))
    this.#c = mix(this.#b)
    for (let i = 0; i < 12; i++) this.#next()
  }

  /** Chris Doty-Humphrey's "small fast counting" generator of 32 bits (PractRand). */
  #next(): number {
    const t = (((this.#a + this.#b) | 0) + this.#d) | 0
    this.#d = (this.#d + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + t) | 0
    return t >>> 0
  }

  /** Returns a number from 0 up to, but not including, 1. */
  fraction(): number {
    return this.#next() / 0x100000000
  }

  /** Returns an integer from 0 to `bound - 1`. */
  below(bound: number): number {
    return Math.floor(this.fraction() * bound)
  }

  /** Returns true with this probability. 0 and 1 take no random number, so a fault that is off changes no run. */
  chance(probability: number): boolean {
    if (probability <= 0) return false
    return probability >= 1 || this.fraction() < probability
  }
}
