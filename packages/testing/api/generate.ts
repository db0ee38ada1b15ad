/** `npm run api`: writes the reports of the public surfaces. */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { root } from "../catalogue/sources.ts"
import { pathOf, render, reported } from "./report.ts"

for (const name of reported) writeFileSync(join(root, pathOf(name)), await render(name))
