/** The build of the packages, for tests of what is published. */
import { fileURLToPath } from "node:url"
import { ended } from "./program.ts"

const compiler = fileURLToPath(new URL("../../node_modules/typescript/bin/tsc", import.meta.url))

/** Builds what has changed. A run that has built everything sets ANCILLARY_BUILT, and saves a compiler for each caller. */
export const build = async (): Promise<void> => {
  if (process.env["ANCILLARY_BUILT"] !== undefined) return
  const { status, stderr, stdout } = await ended([process.execPath, compiler, "-b"])
  if (status !== 0) throw new Error(`npm run build failed: ${stdout}${stderr}`)
}
