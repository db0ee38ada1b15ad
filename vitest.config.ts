import { defineConfig } from "vitest/config"
import projects from "./vitest.workspace.ts"

export default defineConfig({
  ssr: { resolve: { conditions: ["@ancillary/source"] } },
  test: { projects, passWithNoTests: false }
})
