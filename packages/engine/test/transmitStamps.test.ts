/**
 * The send that a timestamp belongs to. In the simulated kernel a failed send takes a number or not. Timestamps arrive late, out of order, or
 * never.
 */
import { FastCheck } from "effect"
import { describe, expect, it } from "vitest"
import { type NumberedStamp, StampIds } from "../src/events/transmitStamps.ts"

const stamp = (number: number, stage: NumberedStamp["stage"] = "sent"): NumberedStamp => ({
  number,
  stage,
  timestamp: BigInt(number)
})
const ids = (stamps: ReturnType<StampIds["tell"]>) => stamps.map(({ id }) => id)

describe("without failures", () => {
  it("the first send is number 0, and each send has one timestamp per stage", () => {
    const stamps = new StampIds()
    for (const id of [70, 80, 90]) stamps.sent(id, id === 80, true)
    expect(ids(stamps.tell(stamp(1, "scheduled")))).toEqual([80])
    expect(stamps.tell(stamp(1))).toEqual([{ id: 80, stage: "sent", timestamp: 1n }])
    expect(ids(stamps.tell(stamp(0)))).toEqual([70])
    for (const nobodys of [stamp(0), stamp(1), stamp(3), stamp(2, "scheduled"), stamp(0xffffffff)])
      expect(stamps.tell(nobodys)).toEqual([])
    expect(stamps.lost).toBe(5)
    expect(ids(stamps.tell(stamp(2)))).toEqual([90])
  })

  it("the last 1024 sends without a timestamp are kept", () => {
    const stamps = new StampIds()
    for (let id = 0; id < 2000; id++) stamps.sent(id, false, true)
    expect(ids(stamps.tell(stamp(975)))).toEqual([])
    expect(ids(stamps.tell(stamp(976)))).toEqual([976])
    expect(ids(stamps.tell(stamp(1999)))).toEqual([1999])
  })
})

describe("after a send that failed", () => {
  for (const [took, numbers] of [
    ["took a number", [1, 2, 3]],
    ["took none", [0, 1, 2]]
  ] as const)
    it(`which ${took}: timestamps wait until that is known, then all are returned`, () => {
      for (const order of [
        [0, 1, 2],
        [2, 1, 0],
        [1, 0, 2],
        [1, 2, 0]
      ]) {
        const stamps = new StampIds()
        stamps.sent(5, false, false)
        for (const id of [10, 11, 12]) stamps.sent(id, false, true)
        const told = order.flatMap((which) => stamps.tell(stamp(numbers[which] ?? -1)))
        expect(told.map(({ id, timestamp }) => [id, Number(timestamp)] as const).toSorted(([a], [b]) => a - b)).toEqual(
          numbers.map((number, i) => [10 + i, number])
        )
        expect(stamps.lost).toBe(0)
      }
    })

  it("and has a scheduled timestamp: it took its number, so the next is known", () => {
    const stamps = new StampIds()
    stamps.sent(5, true, false)
    expect(ids(stamps.tell(stamp(0, "scheduled")))).toEqual([5])
    stamps.sent(6, true, true)
    expect(stamps.tell(stamp(0))).toEqual([])
    expect(ids([...stamps.tell(stamp(1, "scheduled")), ...stamps.tell(stamp(1))])).toEqual([6, 6])
  })
})

it("a timestamp is attributed to its own send, as soon as no other is possible", () => {
  const step = FastCheck.record({
    went: FastCheck.boolean(),
    // True if a failed send took a number.
    took: FastCheck.boolean(),
    scheduled: FastCheck.boolean(),
    lost: FastCheck.boolean(),
    // Number of later sends before its timestamp arrives.
    delay: FastCheck.nat(4)
  })
  FastCheck.assert(
    FastCheck.property(FastCheck.array(step, { maxLength: 60 }), FastCheck.boolean(), (steps, reliable) => {
      const stamps = new StampIds()
      const coming: Array<{ readonly at: number; readonly id: number; readonly stamp: NumberedStamp }> = []
      const owner = new Map<bigint, number>()
      let counter = 0
      let expected = 0
      const told: Array<readonly [number, bigint]> = []
      const deliver = (until: number) => {
        for (const next of coming.filter(({ at }) => at <= until)) {
          coming.splice(coming.indexOf(next), 1)
          told.push(...stamps.tell(next.stamp).map(({ id, timestamp }) => [id, timestamp] as const))
        }
      }
      steps.forEach(({ delay, lost, scheduled, took, went }, i) => {
        const take = went || took
        const number = counter
        if (take) counter++
        stamps.sent(i, scheduled, went)
        const comes = (stage: NumberedStamp["stage"], later: number) => {
          if (lost && !reliable) return
          const timestamp = BigInt(owner.size)
          owner.set(timestamp, i)
          coming.push({ at: reliable ? i : i + later, id: i, stamp: { number, stage, timestamp } })
          expected++
        }
        // As on Linux: immediately, within the call.
        if (take && scheduled) comes("scheduled", 0)
        if (went) comes("sent", delay)
        deliver(i)
      })
      deliver(Infinity)
      for (const [id, timestamp] of told) expect(owner.get(timestamp)).toBe(id)
      expect(new Set(told.map(([, timestamp]) => timestamp)).size).toBe(told.length)
      // Each timestamp follows its send, so at any time only one send is possible.
      if (reliable) expect(told.length + stamps.lost).toBe(expected)
      if (reliable) expect(stamps.lost).toBe(0)
    }),
    { seed: 1969, numRuns: 2000 }
  )
})
