/**
 * Runs systemd as the first process of a PID namespace. It has its own mounts, its own part of the cgroups, and only the units of the test. It shares the
 * network.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { onPath } from "../../../testing/machine.ts"

const systemd = "/lib/systemd/systemd"

/** Makes the process a part of its own control group, before it sees that group as the root. */
const entering = `set -e
mount --make-rprivate /
mount -t cgroup2 none "$1/cgroup"
mkdir "$1/cgroup/$2"
echo $$ > "$1/cgroup/$2/cgroup.procs"
exec unshare --cgroup sh -c "$3" sh "$1"`

/**
 * Mounts the process's view, and becomes systemd. It must not change settings of the kernel: with `/proc/sys` writable it would let 512 datagrams
 * wait at each Unix socket of the machine, and other tests fill such queues.
 */
const becoming = `set -e
umount "$1/cgroup"
if mountpoint -q /sys/fs/cgroup; then umount -R /sys/fs/cgroup; fi
mount -t cgroup2 none /sys/fs/cgroup
mount -t proc proc /proc
mount --bind /proc/sys /proc/sys
mount -o remount,bind,ro /proc/sys
mount -t tmpfs none /run
exec env -i container=other PATH="$PATH" SYSTEMD_UNIT_PATH="$1/units" ${systemd} --system --unit=basic.target --log-target=null`

export interface Manager {
  /** A folder for the output of services. */
  readonly folder: string
  /** Runs systemctl, and resolves with its output when it has succeeded. */
  readonly systemctl: (...words: ReadonlyArray<string>) => Promise<string>
  /** Ends all services and the manager. */
  readonly close: () => Promise<void>
}

/** Starts a manager with units, by their names. */
export const startManager = async (
  unitsIn: (folder: string) => { readonly [name: string]: string }
): Promise<Manager> => {
  const folder = mkdtempSync(join(tmpdir(), "ancillary-systemd-"))
  const group = `ancillary-${process.pid}-${Math.floor(Math.random() * 2 ** 32)}`
  mkdirSync(join(folder, "cgroup"))
  mkdirSync(join(folder, "units"))
  const units = {
    ...unitsIn(folder),
    "basic.target": "[Unit]\n",
    "sysinit.target": "[Unit]\n",
    "shutdown.target": "[Unit]\n"
  }
  for (const [name, text] of Object.entries(units)) writeFileSync(join(folder, "units", name), text)
  const namespaces = ["--pid", "--fork", "--mount", "--uts", "--ipc", "--kill-child"]
  const child = spawn("unshare", [...namespaces, "sh", "-c", entering, "sh", folder, group, becoming], {
    stdio: ["ignore", "inherit", "inherit"]
  })
  const close = async () => {
    // Its first process ends with it, and takes all services along.
    if (child.exitCode === null && child.signalCode === null) {
      child.kill("SIGKILL")
      await once(child, "exit")
    }
    removeGroup(folder, group)
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    const first = await firstProcess(child)
    const systemctl = async (...words: ReadonlyArray<string>) => inside(first, ["systemctl", ...words])
    await running(child, systemctl)
    return { folder, systemctl, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** The id of the first process of the namespace, as this process sees it. */
const firstProcess = async (parent: ChildProcess): Promise<string> => {
  for (;;) {
    const [id] = readFileSync(`/proc/${parent.pid}/task/${parent.pid}/children`, "utf8").split(" ")
    if (id !== undefined && id !== "") return id
    await alive(parent)
  }
}

/** Runs words in the namespaces of the manager. */
const inside = async (first: string, words: ReadonlyArray<string>): Promise<string> => {
  const child = spawn("nsenter", ["-t", first, "-m", "-p", "-i", "-u", "-C", ...words])
  let output = ""
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data: Buffer) => (output += String(data)))
  const [status] = (await once(child, "close")) as [number | null]
  if (status !== 0) throw new Error(`${words.join(" ")} ended with ${status}: ${output}`)
  return output.trim()
}

/** Waits until systemd has started. */
const running = async (child: ChildProcess, systemctl: Manager["systemctl"]): Promise<void> => {
  for (;;) {
    if ((await systemctl("is-system-running").catch(() => "")) === "running") return
    await alive(child)
  }
}

const alive = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) throw new Error("systemd has ended")
  await new Promise((resolve) => setTimeout(resolve, 10))
}

/** Removes a control group and those below it, which hold no process any more. */
const removeGroup = (folder: string, group: string): void => {
  const remove = `set -e
mount --make-rprivate /
mount -t cgroup2 none "$1/cgroup"
until find "$1/cgroup/$2" -depth -type d -exec rmdir {} + 2>/dev/null; do [ -d "$1/cgroup/$2" ] || break; sleep 0.01; done`
  spawnSync("unshare", ["--mount", "sh", "-c", remove, "sh", folder, group], { timeout: 10_000 })
}

/** True if the machine lets systemd be the first process of a namespace. */
export const canManage = async (): Promise<boolean> => {
  if (process.getuid?.() !== 0 || !["unshare", "nsenter", systemd].every(onPath)) return false
  if (!readdirSync("/proc/self/ns").includes("cgroup")) return false
  try {
    await (await startManager(() => ({}))).close()
    return true
  } catch {
    return false
  }
}
