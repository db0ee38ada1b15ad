/** The build of the packages, for tests of what is published. */
import { ended } from "./program.ts"

/** Builds what has changed. A run that has built everything sets ANCILLARY_BUILT, and saves a compiler for each caller. */
export const build = async (): Promise<void> => {
  if (process.env["ANCILLARY_BUILT"] !== undefined) return
  const { status, stderr, stdout } = await ended(["npm", "run", "--silent", "build"])
  if (status !== 0) throw new Error(`npm run build failed: ${stdout}${stderr}`)
}
