import { availableParallelism } from "node:os"
import { defineConfig } from "vitest/config"
import projects from "./vitest.workspace.ts"

/** Tests of the other tiers wait for processes more than they compute. */
const waits = process.argv.some((word) => /^--project=[^!]*\//.test(word))

export default defineConfig({
  ssr: { resolve: { conditions: ["@ancillary/source"] } },
  test: {
    projects,
    passWithNoTests: false,
    pool: "forks",
    // vitest itself takes one core less.
    poolOptions: { forks: { minForks: 1, maxForks: availableParallelism() * (waits ? 2 : 1) } },
    // A limit finds a test that hangs. It is no measure of a busy machine, so it is far away.
    testTimeout: 600_000,
    hookTimeout: 600_000
  }
})
