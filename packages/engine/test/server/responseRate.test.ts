/** The response-rate limit, compared with a bucket for each prefix. */
import { ResponseRate } from "@ancillary/engine/server"
import { describe, expect, it } from "vitest"
import { randomOf } from "./random.ts"

const settings = { perSecond: 40, slip: 3, ipv4Prefix: 24, ipv6Prefix: 56 }

describe("a response-rate limit", () => {
  for (let seed = 1; seed <= 20; seed++)
    it(`decides as a bucket for each prefix does, in random order of operations (seed ${seed})`, () => {
      const random = randomOf(seed)
      const rate = new ResponseRate(settings, random(2 ** 32))
      const model = new Map<string, { tokens: number; time: number; slip: number; count: number }>()
      let now = 1000
      for (let step = 0; step < 4000; step++) {
        now += random(12)
        const isIpv4 = random(2) === 0
        // Two prefixes of each family, with some hosts each.
        const words: readonly [number, number, number, number] = isIpv4
          ? [0, 0, 0xffff, 0xcb00_7100 + random(2) * 256 + random(256)]
          : [0x2001_0db8, random(2) * 256 + random(256), random(9), random(9)]
        const prefix = isIpv4 ? `4 ${words[3] >>> 8}` : `6 ${words[1] >>> 8}`
        const adds = random(2) === 0
        if (!adds && !model.has(prefix)) {
          expect(rate.respond(...words, now, 10, 1)).toBe(true)
          continue
        }
        const bucket = model.get(prefix) ?? { tokens: 10, time: now, slip: 0, count: 0 }
        model.set(prefix, bucket)
        bucket.tokens = Math.min(10, bucket.tokens + ((now - bucket.time) / 1000) * 40)
        bucket.time = now
        const bytes = 1 + random(100)
        if (adds) {
          let expected = 1
          if (bucket.tokens < 1) {
            bucket.count++
            expected = bucket.count % 3 === 0 ? 2 : 0
            if (expected === 2) bucket.slip = Math.min(65_535, bucket.slip + bytes)
          }
          expect(rate.request(...words, now, bytes)).toBe(expected)
        } else {
          const isFree = bucket.tokens >= 1
          const isSlipped = !isFree && bucket.slip >= bytes
          if (isFree) bucket.tokens--
          else if (isSlipped) bucket.slip -= bytes
          expect(rate.respond(...words, now, bytes, 1)).toBe(isFree || isSlipped)
        }
      }
    })

  it("holds within 5 % under a flood of one prefix", () => {
    const rate = new ResponseRate({ ...settings, perSecond: 200, slip: 0 }, 1)
    let sent = 0
    const seconds = 6
    for (let i = 0; i < 50_000 * seconds; i++) {
      const now = i / 50
      const host = 0xcb00_7100 + (i % 256)
      if (rate.request(0, 0, 0xffff, host, now, 40) !== 0 && rate.respond(0, 0, 0xffff, host, now, 40, 1)) sent++
    }
    expect(sent).toBeLessThanOrEqual(200 * seconds * 1.05)
    expect(sent).toBeGreaterThanOrEqual(200 * seconds)
  })

  it("gives a prefix that replaces another no more than that one had", () => {
    const rate = new ResponseRate({ ...settings, slip: 0 }, 1)
    let sent = 0
    // 80,000 prefixes at one instant, eleven requests each.
    for (let i = 0; i < 80_000; i++)
      for (let n = 0; n < 11; n++) {
        const words = [0x2001_0000 + (i >>> 8), (i << 24) >>> 0, 0, 1] as const
        if (rate.request(...words, 1, 40) !== 0 && rate.respond(...words, 1, 40, 1)) sent++
      }
    expect(sent).toBeLessThanOrEqual(65_536 * 10)
  })
})
