/** The parts of metrics: sums, distributions, and the table of the documents. */
import { readFileSync } from "node:fs"
import {
  batchSize,
  Distribution,
  handlerSeconds,
  type Metric,
  MetricSums,
  requestMetrics,
  socketMetrics
} from "@ancillary/engine/metrics"
import { describe, expect, it } from "vitest"

const all = [...socketMetrics, ...requestMetrics]
const names = [...new Set(all.map(({ name }) => name))]

describe("a distribution", () => {
  it("counts a value at a limit in the bucket of that limit", () => {
    const sizes = new Distribution([1, 2, 4])
    for (const size of [1, 2, 2, 3, 4, 5, 100]) sizes.add(size)
    expect(sizes.cumulative()).toEqual([
      [1, 1],
      [2, 3],
      [4, 5]
    ])
    expect([sizes.count, sizes.sum, sizes.minimum, sizes.maximum]).toEqual([7, 117, 1, 100])
  })
})

describe("sums", () => {
  const metrics: ReadonlyArray<Metric<{ readonly value: number | undefined }>> = (["counter", "gauge"] as const).map(
    (kind) => ({ name: kind, kind, unit: "", description: "", attributes: {}, from: "", read: ({ value }) => value })
  )
  const read = (sums: MetricSums<{ readonly value: number | undefined }>) => [sums.sum(0), sums.sum(1), sums.sum(2)]

  it("keep the counters of sources that ended, and forget their gauges", () => {
    const sums = new MetricSums(metrics)
    const [one, other] = [{ value: 3 }, { value: 4 }]
    const endOne = sums.add(one)
    const endOther = sums.add(other)
    expect(read(sums)).toEqual([7, 7, undefined])
    one.value = 5
    endOne()
    endOne()
    one.value = 100
    expect(read(sums)).toEqual([9, 4, undefined])
    endOther()
    expect(read(sums)).toEqual([9, 0, undefined])
  })

  it("have no value if the system has none", () => {
    const sums = new MetricSums(metrics)
    const end = sums.add({ value: undefined })
    expect(read(sums)).toEqual([undefined, undefined, undefined])
    end()
    expect(read(sums)).toEqual([undefined, 0, undefined])
  })
})

describe("the metrics", () => {
  it("have names, units and labels that Prometheus and OpenTelemetry accept", () => {
    for (const { attributes, description, name, unit } of all) {
      expect(name).toMatch(/^datagram_[a-z_]+$/)
      expect(unit).toMatch(/^[a-z]+$/)
      expect(description).toMatch(/^[A-Z].*\.$/)
      for (const [key, value] of Object.entries(attributes)) expect(`${key}=${value}`).toMatch(/^[a-z_]+=[a-z_]+$/)
    }
  })

  it("of one name have one kind, unit, description and label", () => {
    for (const name of names) {
      const same = all.filter((each) => each.name === name)
      const forms = same.map(({ attributes, description, kind, unit }) =>
        JSON.stringify([kind, unit, description, Object.keys(attributes)])
      )
      expect([name, new Set(forms).size]).toEqual([name, 1])
      expect([name, new Set(same.map(({ attributes }) => JSON.stringify(attributes))).size]).toEqual([
        name,
        same.length
      ])
    }
  })

  it("are the table of docs/observability.md", () => {
    const document = readFileSync(new URL("../../../../docs/observability.md", import.meta.url), "utf8")
    const row = (cells: ReadonlyArray<string>) => cells.join(" | ")
    const expected = [
      ...all.map(({ attributes, from, kind, name, unit }) => {
        const [label] = Object.entries(attributes).map(([key, value]) => `{${key}="${value}"}`)
        return row([`\`${name}${label ?? ""}\``, kind, unit, /^[a-z.]+$/i.test(from) ? `\`${from}\`` : from])
      }),
      ...[batchSize, handlerSeconds].map(({ name, unit }) => row([`\`${name}\``, "histogram", unit]))
    ]
    const rows = Array.from(document.matchAll(/^\| (`datagram_.*) \|$/gm), ([, cells = ""]) =>
      row(cells.split("|").map((cell) => cell.trim()))
    )
    expect(rows.map((each, i) => (each.startsWith(expected[i] ?? "-") ? expected[i] : each))).toEqual(expected)
  })
})
