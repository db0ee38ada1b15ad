/** docs/errors.md is the table of causes. */
import { type Cause, causes, unknownCause } from "@ancillary/engine/errors/causes"
import { expect, it } from "vitest"
import { textOf } from "../catalogue/sources.ts"
import { render } from "../errors/document.ts"

it("docs/errors.md is the output of `npm run errors`", () => {
  expect(textOf("docs/errors.md")).toBe(render())
})

it("each cause and each remedy is a sentence without its full stop", () => {
  const all = [unknownCause, ...Object.values(causes).flatMap((table) => Object.values<Cause<string>>(table))]
  expect(all.length).toBeGreaterThan(90)
  for (const [reason, ...texts] of all)
    for (const text of texts)
      expect([reason, text]).toEqual([reason, expect.stringMatching(/^(?:[A-Z]|\{)(?:.*[^.\s])$/)])
})
