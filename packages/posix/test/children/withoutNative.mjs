/** Preloaded: `koffi` is a copy of itself that finds no native part, as after `npm install --omit=optional`. */
import { cpSync, mkdtempSync, rmSync } from "node:fs"
import { createRequire, register } from "node:module"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { pathToFileURL } from "node:url"

const folder = mkdtempSync(join(tmpdir(), "ancillary-koffi-"))
const source = dirname(createRequire(import.meta.url).resolve("koffi"))
const copy = join(folder, "node_modules/koffi")
cpSync(source, copy, { recursive: true, filter: (path) => !path.endsWith(".node") })
process.on("exit", () => rmSync(folder, { recursive: true }))
const target = pathToFileURL(join(copy, "index.js")).href
const hook = `export const resolve = (name, context, next) =>
  name === "koffi" ? { url: ${JSON.stringify(target)}, shortCircuit: true } : next(name, context)`
register(`data:text/javascript,${encodeURIComponent(hook)}`)
