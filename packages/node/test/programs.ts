/** The programs in this folder as plain JavaScript, because a process that first compiles TypeScript takes seconds to start. */
import { pathToFileURL } from "node:url"
import { bundled } from "../../testing/program.ts"

export const built = (name: string): URL => pathToFileURL(bundled(new URL(`children/${name}.ts`, import.meta.url)))
