/** The list by age, compared with a sorted array. */
import { type Aged, AgeList } from "@ancillary/engine/server"
import { expect, it } from "vitest"
import { randomOf } from "./random.ts"

class Entry implements Aged<Entry> {
  time = 0
  older: Entry | undefined
  newer: Entry | undefined
}

for (let seed = 1; seed <= 20; seed++)
  it(`a list by age has the order of an array, in random order of operations (seed ${seed})`, () => {
    const random = randomOf(seed)
    const list = new AgeList<Entry>()
    const entries = Array.from({ length: 20 }, () => new Entry())
    let model: Array<Entry> = []
    for (let now = 0; now < 2000; now++) {
      const entry = entries[random(20)] ?? new Entry()
      const step = random(4)
      if (step === 0 && !model.includes(entry)) {
        list.add(entry, now)
        model.push(entry)
      } else if (step === 1) {
        expect(list.remove(entry)).toBe(model.includes(entry))
        model = model.filter((each) => each !== entry)
      } else if (step === 2 && model.includes(entry)) {
        list.touch(entry, now)
        model = [...model.filter((each) => each !== entry), entry]
      } else if (step === 3) {
        const [oldest] = model
        const limit = 1 + random(60)
        const isLate = oldest !== undefined && now - oldest.time >= limit
        expect(list.untilExpired(now, limit)).toBe(
          oldest === undefined ? undefined : Math.max(0, oldest.time + limit - now)
        )
        expect(list.takeExpired(now, limit)).toBe(isLate ? oldest : undefined)
        if (isLate) model = model.slice(1)
      }
      const order: Array<Entry> = []
      for (let each = list.oldest; each !== undefined; each = each.newer) order.push(each)
      expect(order).toEqual(model)
      expect(list.size).toBe(model.length)
    }
  })

it("a clock that was set back delays an end by the limit at most", () => {
  const list = new AgeList<Entry>()
  list.add(new Entry(), 1_000_000)
  expect(list.untilExpired(0, 50)).toBe(50)
})
