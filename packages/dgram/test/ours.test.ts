/** The cases against our sockets. */
import { describe } from "vitest"
import { allCases } from "./cases/all.ts"
import { closeAfterEach, ourKit } from "./kit.ts"

closeAfterEach()
describe(ourKit.name, () => {
  for (const cases of allCases) cases(ourKit)
})
