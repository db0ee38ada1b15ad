/** `npm run errors`: writes docs/errors.md. */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { root } from "../catalogue/sources.ts"
import { render } from "./document.ts"

writeFileSync(join(root, "docs/errors.md"), render())
