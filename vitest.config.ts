import { availableParallelism } from "node:os"
import { defineConfig } from "vitest/config"
import { Order } from "./packages/testing/order.ts"
import projects from "./vitest.workspace.ts"

/** Tests of the other tiers wait for processes more than they compute. */
const waits = process.argv.some((word) => /^--project=[^!]*\//.test(word))

const reports = process.env["ANCILLARY_REPORTS"]

export default defineConfig({
  ssr: { resolve: { conditions: ["@ancillary/source"] } },
  test: {
    projects,
    exclude: ["**/node_modules/**"],
    sequence: { sequencer: Order },
    passWithNoTests: false,
    // A folder for reports of each run, which `npm run test:names` reads.
    reporters:
      reports === undefined ? ["default"] : ["default", ["json", { outputFile: `${reports}/${process.pid}.json` }]],
    pool: "forks",
    // vitest itself takes one core less.
    maxWorkers: availableParallelism() * (waits ? 2 : 1),
    // A limit finds a test that hangs. It is no measure of a busy machine, so it is far away.
    testTimeout: 600_000,
    hookTimeout: 600_000
  }
})
