/** `npm run test:node`: runs the tests that depend on the version of Node. */
import { spawnSync } from "node:child_process"
import { availableParallelism } from "node:os"
import { fileURLToPath } from "node:url"
import { dependent, groupsOf, testFiles } from "./files.ts"

const vitest = fileURLToPath(new URL("../../../node_modules/vitest/vitest.mjs", import.meta.url))
const files = testFiles().filter((file) => groupsOf(dependent, file).length > 0)
// Most of these files wait for processes.
const words = ["run", `--maxWorkers=${availableParallelism() * 2}`, ...process.argv.slice(2), ...files]
const { status } = spawnSync(process.execPath, [vitest, ...words], {
  cwd: fileURLToPath(new URL("../../..", import.meta.url)),
  stdio: "inherit"
})
process.exitCode = status ?? 1
