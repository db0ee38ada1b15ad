/** A change of a public surface shows in its report. */
import { execFile } from "node:child_process"
import { join } from "node:path"
import { promisify } from "node:util"
import { beforeAll, expect, it } from "vitest"
import { pathOf, render, reported } from "../api/report.ts"
import { root, textOf } from "../catalogue/sources.ts"

beforeAll(async () => {
  const compiler = join(root, "node_modules/typescript/bin/tsc")
  await promisify(execFile)(process.execPath, [compiler, "-b", ...reported.map((name) => `packages/${name}`)], {
    cwd: root
  })
})

it.each(reported)("the public surface of %s is its api.txt, the output of `npm run api`", async (name) => {
  expect(textOf(pathOf(name))).toBe(await render(name))
})
