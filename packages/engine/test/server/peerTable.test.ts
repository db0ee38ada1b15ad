/** The table of peers, compared with a plain map. */
import { PeerTable } from "@ancillary/engine/server"
import { describe, expect, it } from "vitest"
import { randomOf } from "./random.ts"

type Key = readonly [number, number, number, number, number]

const keyOf = (n: number): Key => [0x2001_0db8, n >>> 16, 0xffff_ffff - n, n, n & 0xffff]

describe("a table of peers", () => {
  for (let seed = 1; seed <= 20; seed++)
    it(`has the rows of a map, in random order of operations (seed ${seed})`, () => {
      const random = randomOf(seed)
      const table = new PeerTable(2, 65_536, random(2 ** 32))
      const model = new Map<number, [number, number]>()
      for (let step = 0; step < 1500; step++) {
        const n = random(800)
        const key = keyOf(n)
        const expected = model.get(n)
        const found = table.find(...key)
        expect(found >= 0).toBe(expected !== undefined)
        if (expected !== undefined) expect([table.get(found, 0), table.get(found, 1)]).toEqual(expected)
        if (random(2) === 0) continue
        const slot = table.claim(...key, step)
        expect([table.isNew, table.isReplaced]).toEqual([expected === undefined, false])
        const row: [number, number] = [random(1000), -step]
        table.set(slot, 0, row[0])
        table.set(slot, 1, row[1])
        model.set(n, row)
      }
      expect(table.size).toBe(model.size)
    })

  it("keeps its memory within a bound when 200,000 peers are seen", () => {
    const table = new PeerTable(3, 1024, 7)
    for (let n = 0; n < 200_000; n++) table.claim(...keyOf(n), n)
    expect(table.size).toBeLessThanOrEqual(1024)
    expect(table.bytes).toBe(1024 * (5 * 4 + 1 + 8 + 3 * 8))
  })

  it("replaces the peer that was silent for the longest time, and pinned ones last", () => {
    const table = new PeerTable(1, 8, 7)
    for (let n = 0; n < 8; n++) table.set(table.claim(...keyOf(n), n), 0, n)
    table.pin(table.find(...keyOf(0)), true)
    table.claim(...keyOf(1), 100)
    expect(table.timeBefore).toBe(1)
    const replaced: Array<number> = []
    for (let n = 8; n < 15; n++) {
      const slot = table.claim(...keyOf(n), 200 + n)
      expect([table.isNew, table.isReplaced]).toEqual([true, true])
      replaced.push(table.get(slot, 0))
      table.set(slot, 0, n)
    }
    expect(replaced).toEqual([2, 3, 4, 5, 6, 7, 1])
    expect(table.find(...keyOf(0))).toBeGreaterThanOrEqual(0)
    for (let n = 8; n < 15; n++) table.pin(table.find(...keyOf(n)), true)
    table.claim(...keyOf(20), 300)
    expect(table.find(...keyOf(0))).toBe(-1)
  })

  it("distributes sequential addresses over its sets", () => {
    const table = new PeerTable(1, 4096, 99)
    let replaced = 0
    for (let n = 0; n < 2048; n++) {
      table.claim(0, 0, 0xffff, 0x0a00_0000 + n, 53, n)
      if (table.isReplaced) replaced++
    }
    expect(replaced).toBeLessThan(2048 * 0.03)
  })
})
