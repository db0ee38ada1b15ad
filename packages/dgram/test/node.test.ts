/** The cases against `node:dgram`, which shows that they are true of it. */
import { describe } from "vitest"
import { allCases } from "./cases/all.ts"
import { closeAfterEach, nodeKit } from "./kit.ts"

closeAfterEach()
describe(nodeKit.name, () => {
  for (const cases of allCases) cases(nodeKit)
})
