import { existsSync, readdirSync, readFileSync } from "node:fs"
import { availableParallelism } from "node:os"
import { fileURLToPath } from "node:url"
import { defineConfig, type Plugin } from "vitest/config"
import { Order } from "./packages/testing/order.ts"
import projects from "./vitest.workspace.ts"

/** Tests of the other tiers wait for processes more than they compute, except those of the compiler. */
const waits = process.argv.some((word) => /^--project=[^!]*\/(?!types)/.test(word))

/** Compiled modules are kept on disk. A module is found by the manifests, so they are part of its key. */
const keptWithManifests = (): Plugin => {
  const manifests = ["packages", "examples"].flatMap((parent) =>
    readdirSync(fileURLToPath(new URL(parent, import.meta.url)))
      .map((name) => new URL(`${parent}/${name}/package.json`, import.meta.url))
      .filter((file) => existsSync(file))
      .map((file) => readFileSync(file, "utf8"))
  )
  const key = manifests.join("")
  return {
    name: "kept with the manifests",
    configureVitest: ({ experimental_defineCacheKeyGenerator }) => experimental_defineCacheKeyGenerator(() => key)
  }
}

const reports = process.env["ANCILLARY_REPORTS"]

export default defineConfig({
  plugins: [keptWithManifests()],
  ssr: { resolve: { conditions: ["@ancillary/source"] } },
  test: {
    projects,
    exclude: ["**/node_modules/**"],
    sequence: { sequencer: Order },
    experimental: { fsModuleCache: true },
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
