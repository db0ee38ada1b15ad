/** Our package and the programs of child processes as plain JavaScript: a process that compiles TypeScript first takes seconds to start. */
import { bundled } from "../../testing/program.ts"

/** Path of a compiled module. */
export const built = (source: "children/cluster.ts" | "../src/index.ts"): string =>
  bundled(new URL(source, import.meta.url))
