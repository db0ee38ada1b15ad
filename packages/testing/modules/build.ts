/**
 * `npm run build`, after the declarations: writes the JavaScript of the public packages, or of those that are named.
 *
 * Node takes half a millisecond for each module of a start, however small it is. So each export is one file, and the modules behind the
 * exports share a few. docs/performance.md has the gain.
 */
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs"
import { join, relative } from "node:path"
import { fileURLToPath } from "node:url"
import { build, type Plugin, type Rollup } from "vite"

const packages = fileURLToPath(new URL("../..", import.meta.url))

/** Packages that import nothing from outside, so their modules are one file. A program loads only the modules of Effect that it uses. */
const single = ["control", "engine", "native", "posix", "winsock"]

interface Manifest {
  readonly private?: boolean
  readonly exports?: { readonly [path: string]: string | { readonly "@ancillary/source": string } }
}

const manifestOf = (name: string): Manifest =>
  JSON.parse(readFileSync(join(packages, name, "package.json"), "utf8")) as Manifest

/** Returns the exported sources of a package, by their path below `src` without its ending. */
const entriesOf = (name: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.values(manifestOf(name).exports ?? {}).flatMap((target) => {
      if (typeof target === "string") return []
      const source = target["@ancillary/source"]
      return [[source.slice("./src/".length, -".ts".length), join(packages, name, source)]]
    })
  )

/** `tsc -b` writes its record if a source has changed. */
const isCurrent = (name: string, files: ReadonlyArray<string>): boolean => {
  const record = join(packages, name, "tsconfig.tsbuildinfo")
  const changed = Math.max(
    ...[record, fileURLToPath(import.meta.url), join(packages, name, "package.json")].map(timeOf)
  )
  return files.length > 0 && files.every((file) => timeOf(file) > changed)
}
const timeOf = (file: string): number => (existsSync(file) ? statSync(file).mtimeMs : 0)

/** An empty module before all others of a package. Rollup names a file with several exports after the first of them, which would be any. */
const first = (name: string): Plugin => {
  const path = join(packages, name, name)
  return {
    name: "first",
    resolveId: (id) => (id === path ? `\0${path}` : undefined),
    load: (id) => (id === `\0${path}` ? "export {}" : undefined)
  }
}

/**
 * A module whose name is the message of an error: it stays alone, under its name. Rollup would import in each place what it only passes on, so
 * that another file would fail first.
 */
const isMessage = (path: string): boolean => path.includes("requires effect ")

/** Builds modules into the folder `dist` of a package, and returns the written files. */
const write = async (
  name: string,
  { entry, plugins, rollup }: { entry: Record<string, string>; plugins?: Array<Plugin>; rollup: Rollup.OutputOptions }
): Promise<Array<string>> => {
  const source = join(packages, name, "src")
  const entries = new Set(Object.values(entry))
  const written = (await build({
    root: join(packages, name),
    configFile: false,
    logLevel: "error",
    plugins: plugins ?? [],
    build: {
      outDir: "dist",
      // The declarations are there.
      emptyOutDir: false,
      target: "es2022",
      minify: false,
      sourcemap: true,
      lib: { entry, formats: ["es"] },
      rollupOptions: {
        external: (id) => /^[\w@]/.test(id) || (isMessage(id) && !entries.has(id)),
        treeshake: false,
        preserveEntrySignatures: "strict",
        output: {
          entryFileNames: "[name].js",
          chunkFileNames: "shared/[name].js",
          paths: (id) => (isMessage(id) ? relative(source, id).replace(/ts$/, "js") : id),
          // The sources are in the package.
          sourcemapExcludeSources: true,
          hoistTransitiveImports: false,
          minifyInternalExports: false,
          ...rollup
        }
      }
    }
  })) as ReadonlyArray<Rollup.RollupOutput>
  return written.flatMap(({ output }) => output.map(({ fileName }) => fileName))
}

const writeModules = async (name: string): Promise<void> => {
  const [source, folder] = [join(packages, name, "src"), join(packages, name, "dist")]
  const entry = entriesOf(name)
  if (
    isCurrent(
      name,
      Object.keys(entry).map((path) => join(folder, `${path}.js`))
    )
  )
    return
  const files = single.includes(name)
    ? await write(name, {
        entry: { [`shared/${name}`]: join(packages, name, name), ...entry },
        plugins: [first(name)],
        rollup: { manualChunks: () => name }
      })
    : await write(name, { entry, rollup: {} })
  const messages = readdirSync(source, { recursive: true, encoding: "utf8" }).filter(
    (path) => isMessage(path) && path.endsWith(".ts")
  )
  for (const path of messages)
    files.push(...(await write(name, { entry: { [path.slice(0, -3)]: join(source, path) }, rollup: {} })))
  for (const file of readdirSync(folder, { recursive: true, encoding: "utf8" }))
    if (/\.js(\.map)?$/.test(file) && !files.includes(file)) rmSync(join(folder, file))
}

const chosen = process.argv.slice(2)
const published = readdirSync(packages).filter(
  (name) => existsSync(join(packages, name, "package.json")) && manifestOf(name).private !== true
)
for (const name of chosen.length > 0 ? chosen : published) await writeModules(name)
