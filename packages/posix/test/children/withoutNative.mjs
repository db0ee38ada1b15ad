/** Preloaded: `koffi` is a copy of itself that finds no native part, as after `npm install --omit=optional`. */
import { cpSync, mkdtempSync, rmSync } from "node:fs"
import Module, { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { basename, dirname, join } from "node:path"

const folder = mkdtempSync(join(tmpdir(), "ancillary-koffi-"))
const source = createRequire(import.meta.url).resolve("koffi")
const copy = join(folder, "node_modules/koffi")
cpSync(dirname(source), copy, { recursive: true, filter: (path) => !path.endsWith(".node") })
process.on("exit", () => rmSync(folder, { recursive: true }))

const resolve = Module._resolveFilename
Module._resolveFilename = function (name, ...rest) {
  return name === "koffi" ? join(copy, basename(source)) : Reflect.apply(resolve, this, [name, ...rest])
}
