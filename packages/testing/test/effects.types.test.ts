/** The check of Effect's language service finds problems. */
import { fileURLToPath } from "node:url"
import { expect, it } from "vitest"
import { diagnosticsOf } from "../effects/check.ts"

it("an effect that nothing runs is a problem of its file", () => {
  const wrong = fileURLToPath(new URL("../../effect3/src/wrong.ts", import.meta.url))
  const text = 'import { Effect } from "effect"\nexport const wrong = (): void => {\n  Effect.succeed(1)\n}\n'
  const found = diagnosticsOf([wrong], new Map([[wrong, text]]))
  expect(found.map(({ file, messageText }) => [file?.fileName, messageText])).toEqual([
    [wrong, expect.stringContaining("effect(floatingEffect)")]
  ])
})
