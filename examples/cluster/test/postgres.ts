/** A PostgreSQL server of the test, in a temporary folder and on a Unix socket. */
import { spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { onTestFinished } from "vitest"
import { requirement } from "../../../packages/testing/machine.ts"

const versions = "/usr/lib/postgresql"
const [version = ""] = existsSync(versions) ? readdirSync(versions).toSorted((a, b) => Number(b) - Number(a)) : []
const bin = join(versions, version, "bin")

export const hasPostgres = (): boolean =>
  requirement(
    "the cluster on PostgreSQL",
    existsSync(join(bin, "initdb")),
    "Install it: apt-get install postgresql (--no-install-recommends)"
  )

/** PostgreSQL refuses to run as root. The package has a user for it. */
const owner = (): { readonly uid?: number; readonly gid?: number } => {
  if (process.getuid?.() !== 0) return {}
  const [uid = 0, gid = 0] = ["-u", "-g"].map((word) => Number(spawnSync("id", [word, "postgres"]).stdout.toString()))
  return { uid, gid }
}

/** Starts the server, and returns the URL of its database. The server ends with the test. */
export const startPostgres = async (): Promise<string> => {
  const folder = mkdtempSync(join(tmpdir(), "ancillary-postgres-"))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const { gid, uid } = owner()
  if (uid !== undefined && gid !== undefined) chownSync(folder, uid, gid)
  const run = (program: string, words: ReadonlyArray<string>) =>
    spawn(join(bin, program), ["-D", join(folder, "data"), ...words], { uid, gid, cwd: folder })
  const made = run("initdb", ["--auth=trust", "--username=ancillary", "--no-sync", "--no-locale", "--encoding=UTF8"])
  const [code] = (await once(
    made.on("error", () => {}),
    "exit"
  )) as [number]
  if (code !== 0) throw new Error(`initdb: ${String(made.stderr.read())}`)
  const server = run("postgres", ["-k", folder, "-c", "listen_addresses=", "-c", "fsync=off"])
  onTestFinished(async () => {
    // SIGQUIT ends it at once. The folder is then removed.
    if (server.exitCode === null && server.kill("SIGQUIT")) await once(server, "exit")
  })
  let log = ""
  server.stderr.on("data", (part) => (log += String(part)))
  while (!log.includes("ready to accept connections")) {
    if (server.exitCode !== null) throw new Error(log)
    await Promise.race([once(server.stderr, "data"), once(server, "exit")])
  }
  return `postgresql://ancillary@/postgres?host=${encodeURIComponent(folder)}`
}
