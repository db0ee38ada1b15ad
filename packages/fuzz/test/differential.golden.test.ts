/**
 * A smaller run of the differential part, equal each time, and proofs that it can fail.
 */
import { type Abi, abis, ControlBuffer } from "@ancillary/control"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { requirement } from "../../testing/machine.ts"
import { beside, differential } from "../src/differential.ts"
import { describe as lines, Observer, type Subject } from "../src/observe.ts"
import { Program, targets } from "../src/program.ts"
import { firstOf } from "./firstOf.ts"

const seed = 1

const known = targets().map((target) => ({
  ...target,
  available: requirement(`our walk beside the macros of ${target.name}`, target.available, target.how)
}))

for (const { available, name } of known) {
  it.runIf(available)(`${name}: 20,000 cases are written and walked as by the macros`, async () => {
    expect(await firstOf(differential(name), 20_000)).toBe(undefined)
  })
}

it("the cases reach every end of a walk, and walks of several messages", () => {
  for (const abi of abis) {
    const observer = new Observer(abi, ControlBuffer)
    const seen = new Map<string, number>()
    const count = (what: string) => seen.set(what, (seen.get(what) ?? 0) + 1)
    for (let index = 0; index < 2000; index++) {
      const told = lines(observer.words(seed, index))
      count(told.at(-1)?.replace(/, at \d+$/, "") ?? "nothing")
      if (told.filter((line) => line.startsWith("message at")).length > 1) count("several messages")
    }
    expect([...seen.keys()].toSorted()).toEqual([
      "end: declares less than a header",
      "end: declares more than is left",
      "end: less than a header is left",
      "end: whole",
      "several messages"
    ])
    for (const [what, times] of seen) expect(times, `${abi.name}, ${what}`).toBeGreaterThan(50)
  }
})

/** A cursor with a wrong ABI. */
const believing = (belief: Partial<Abi["cmsghdr"]>): typeof ControlBuffer.Cursor =>
  class extends ControlBuffer.Cursor {
    constructor(abi: Abi) {
      super({ ...abi, cmsghdr: { ...abi.cmsghdr, ...belief } })
    }
  }

const wrong: ReadonlyArray<readonly [string, Partial<Subject>, string]> = [
  ["a cursor that aligns to 4", { Cursor: believing({ align: 4 }) }, "ours: end: "],
  ["a cursor that reads half of a length", { Cursor: believing({ length: { at: 0, bytes: 4 } }) }, "ours: message at"],
  [
    "a cursor that is always at a message",
    {
      Cursor: class extends ControlBuffer.Cursor {
        override next() {
          return true
        }
      }
    },
    "ours: end: without end"
  ],
  [
    "a cursor that throws",
    {
      Cursor: class extends ControlBuffer.Cursor {
        override next(): boolean {
          throw new RangeError("outside")
        }
      }
    },
    "ours throws: RangeError: outside"
  ],
  [
    "a walk that does not find a bare header at the end",
    {
      nextHeader: (abi, buffer, header) => {
        const next = ControlBuffer.nextHeader(abi, buffer, header)
        return next !== undefined && next + abi.cmsghdr.size === buffer?.byteLength ? undefined : next
      }
    },
    "ours: headers: "
  ],
  [
    "a first header where there is none",
    { firstHeader: (_, buffer) => ((buffer?.byteLength ?? 0) > 0 ? 0 : undefined) },
    "ours: headers: 0"
  ],
  [
    "writing without the padding at the end",
    {
      fromMessages: (abi, messages) => {
        const last = messages.at(-1)?.payload.length ?? 0
        const padding = ControlBuffer.space(abi, last) - ControlBuffer.length(abi, last)
        const bytes = ControlBuffer.fromMessages(abi, messages)
        return messages.length === 0 ? bytes : bytes.subarray(0, bytes.length - padding)
      }
    },
    "ours: written: "
  ],
  [
    "padding that is left as it is",
    {
      writeMessage: (abi, view, at, { level, payload, type }) => {
        const payloadAt = ControlBuffer.writeHeader(abi, view, at, level, type, payload.length)
        payload.forEach((byte, i) => view.setUint8(payloadAt + i, byte))
        return at + ControlBuffer.space(abi, payload.length)
      }
    },
    "ours: written: "
  ],
  [
    "a list that lacks what comes before a malformed end",
    {
      toMessages: (abi, buffer) => {
        const all = ControlBuffer.toMessages(abi, buffer)
        return all.malformed === undefined ? all : { ...all, messages: [] }
      }
    },
    "ours: end: without end, or toMessages and the cursor disagree"
  ]
]

const glibc = known.some(({ available, name }) => available && name === "linux-glibc-64")
describe.runIf(glibc)("is found and printed in full", () => {
  let program: Program
  beforeAll(() => {
    program = new Program("linux-glibc-64")
  })
  afterAll(() => program.remove())

  it.each(wrong)("%s", async (_, part, sentence) => {
    const difference = await firstOf(beside(program, { ...ControlBuffer, ...part }), 2000)
    const told = difference?.lines.join("\n")
    expect(told).toContain(sentence)
    for (const line of ["written: ", "walked: ", "headers: ", "end: "]) expect(told).toContain(line)
  })
})
