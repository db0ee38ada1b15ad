/**
 * `npm run demo:winsock`: the demo's own source, in a Windows Node under Wine.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { bundle } from "./bundle.mjs"
import { prepare, run, wineAvailable } from "./prepare.mjs"

if (!wineAvailable()) {
  console.error("There is no Wine here: apt-get install -y --no-install-recommends wine wine64, then again.")
  process.exit(1)
}
const folder = mkdtempSync(join(prepare().folder, "demo-"))
try {
  const outfile = join(folder, "bundle.mjs")
  await bundle(fileURLToPath(new URL("../../../examples/demo/src/main.ts", import.meta.url)), outfile)
  const { status, stderr, stdout } = await run(outfile)
  process.stdout.write(stdout)
  process.stderr.write(stderr)
  process.exitCode = status ?? 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
