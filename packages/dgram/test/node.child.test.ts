/** The cases that start processes, against `node:dgram`. */
import { describe } from "vitest"
import { clusters, processes } from "./cases/process.ts"
import { closeAfterEach, nodeKit } from "./kit.ts"

closeAfterEach()
describe(nodeKit.name, () => {
  processes(nodeKit)
  clusters(nodeKit)
})
