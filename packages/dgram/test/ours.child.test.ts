/** The cases that start processes, against our sockets. */
import { describe } from "vitest"
import { clusters, processes } from "./cases/process.ts"
import { closeAfterEach, ourKit } from "./kit.ts"

closeAfterEach()
describe(ourKit.name, () => {
  processes(ourKit)
  clusters(ourKit)
})
