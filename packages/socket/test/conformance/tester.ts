/** The functions that register a case, without the exceptions of this face: `replacing` gives them to the suite. */
import { it as all } from "@effect/vitest"
import { without } from "./exceptions.ts"

export * from "@effect/vitest"
export const it: typeof all = without(all)
