import { defineConfig } from "vitest/config"
import projects from "./vitest.workspace.ts"

export default defineConfig({
  ssr: { resolve: { conditions: ["@ancillary/source"] } },
  // A limit finds a test that hangs. It is no measure of a busy machine, so it is far away.
  test: { projects, passWithNoTests: false, testTimeout: 120_000, hookTimeout: 120_000 }
})
