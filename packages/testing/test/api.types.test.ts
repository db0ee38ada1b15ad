/** A change of a public surface shows in its report. */
import { beforeAll, expect, it } from "vitest"
import { pathOf, render, reported } from "../api/report.ts"
import { build } from "../built.ts"
import { textOf } from "../catalogue/sources.ts"

beforeAll(build)

it.each(reported)("the public surface of %s is its api.txt, the output of `npm run api`", async (name) => {
  expect(textOf(pathOf(name))).toBe(await render(name))
})
