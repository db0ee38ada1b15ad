/** The requests of a client, compared with a plain list. */
import { InternetEndpoint, Ipv4Address } from "@ancillary/control"
import { RequestTable } from "@ancillary/engine/server"
import { expect, it } from "vitest"
import { randomOf } from "./random.ts"

const at = (last: number) => new InternetEndpoint("ipv4", Ipv4Address.of(192, 0, 2, last), 53)

for (let seed = 1; seed <= 20; seed++)
  it(`requests and datagrams count once, in random order of operations (seed ${seed})`, () => {
    const random = randomOf(seed)
    const table = new RequestTable<{ readonly from: InternetEndpoint<"ipv4"> }>(() => false)
    const waiting = new Map<number, { readonly to: InternetEndpoint<"ipv4">; readonly onAnswer: () => void }>()
    const ended = new Map<number, "answered" | "unanswered">()
    const expected = { answered: 0, late: 0, duplicate: 0, foreign: 0, unknown: 0, cancelled: 0, received: 0 }
    let answers = 0
    for (let step = 0; step < 1000; step++) {
      const key = random(12)
      const known = waiting.get(key)
      const kind = random(4)
      if (kind === 0) {
        const request = { to: at(random(2)), onAnswer: () => void answers++ }
        expect(table.add(key, request)).toBe(known === undefined)
        if (known === undefined) {
          waiting.set(key, request)
          ended.delete(key)
        }
      } else if (kind === 1 && known !== undefined) {
        expect(table.end(key, known, "cancelled")).toBe(true)
        expect(table.end(key, known, "cancelled")).toBe(false)
        waiting.delete(key)
        ended.set(key, "unanswered")
        expected.cancelled++
      } else if (kind > 1) {
        const from = at(random(2))
        expected.received++
        table.receive(key, { from })
        if (known?.to.equals(from) === true) {
          waiting.delete(key)
          ended.set(key, "answered")
          expected.answered++
        } else if (known !== undefined) expected.foreign++
        else if (ended.has(key)) expected[ended.get(key) === "answered" ? "duplicate" : "late"]++
        else expected.unknown++
      }
    }
    expect(table.counters).toMatchObject({ ...expected, waiting: waiting.size })
    expect(answers).toBe(expected.answered)
  })

it("ended requests are remembered up to a bound", () => {
  const table = new RequestTable<{ readonly from: InternetEndpoint<"ipv4"> }>(() => false)
  for (let key = 0; key < 5000; key++) {
    table.add(key, { to: at(1), onAnswer: () => {} })
    table.receive(key, { from: at(1) })
  }
  for (const key of [0, 5000 - 1024, 4999]) table.receive(key, { from: at(1) })
  expect(table.counters).toMatchObject({ answered: 5000, duplicate: 2, unknown: 1, waiting: 0 })
})
