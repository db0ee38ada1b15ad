/** A service of a real systemd is restarted under load: its socket stays, and no datagram is lost. */
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { Datagram, withReceiveBufferSize } from "@ancillary/socket"
import { describe, expect, it, onTestFinished } from "vitest"
import { requirement } from "../../testing/machine.ts"
import { bundled } from "../../testing/program.ts"
import { canManage, startManager } from "./systemd/manager.ts"

const program = bundled(new URL("systemd/service.ts", import.meta.url))
const unreadProgram = bundled(new URL("systemd/unreadService.ts", import.meta.url))

/** The unit of a service that runs a program with its arguments. `more` are lines of its own. */
const unit = (folder: string, words = program, more = "") => `[Service]
Type=notify
NotifyAccess=all
Restart=always
RestartSec=0
FileDescriptorStoreMax=8
Environment=PATH=${process.env["PATH"] ?? ""}
ExecStart=${process.execPath} ${words}
StandardOutput=append:${folder}/output
StandardError=append:${folder}/output
${more}
`

const started = async (unitsIn: Parameters<typeof startManager>[0]) => {
  const manager = await startManager(unitsIn)
  onTestFinished(() => manager.close())
  const output = join(manager.folder, "output")
  /** A line for each program that began: its port, and the names of the sockets that systemd passed. */
  const reports = () =>
    (existsSync(output) ? readFileSync(output, "utf8") : "")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as { readonly port: number; readonly passed: ReadonlyArray<string> })
  const property = async (name: string) => manager.systemctl("show", "--value", "-p", name, "echo.service")
  return { ...manager, reports, property }
}

/** Datagrams on their way at one time, fewer than a receive buffer holds. */
const window = 100

/** A client that sends without a pause. Each answer makes room for the next datagram. */
const load = async (port: number) => {
  const client = await Datagram.client(Datagram.ipv4.pipe(withReceiveBufferSize(1 << 20)))
  onTestFinished(() => client.close())
  const to = { address: "127.0.0.1", port }
  const answers = new Map<number, number>()
  const processes = new Set<number>()
  let sent = 0
  let isSending = true
  const ask = (): void => {
    while (isSending && sent - answers.size < window) {
      const data = new Uint8Array(4)
      new DataView(data.buffer).setUint32(0, sent)
      if (client.trySend({ data, to }) !== undefined) return
      sent++
    }
  }
  let wake: () => void = () => {}
  void client.forEach(({ data }) => {
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
    const n = view.getUint32(0)
    answers.set(n, (answers.get(n) ?? 0) + 1)
    processes.add(view.getUint32(4))
    ask()
    wake()
  })
  ask()
  const until = (condition: () => boolean) =>
    new Promise<void>((resolve) => {
      wake = () => {
        if (condition()) resolve()
      }
      wake()
    })
  return {
    processes,
    /** Waits for answers to the next datagrams. */
    more: (count: number) => {
      const most = answers.size + count
      return until(() => answers.size >= most)
    },
    /** Stops sending, and waits for an answer to each datagram. Returns the numbers of datagrams and of second answers. */
    end: async () => {
      isSending = false
      await until(() => answers.size === sent)
      return { sent, twice: [...answers.values()].filter((times) => times !== 1).length }
    }
  }
}

const able = await canManage()

describe.runIf(requirement("a service manager", able, "apt-get install systemd, and run as root with cgroup2"))(
  "a service of systemd",
  () => {
    it("restarts under load from the descriptor store: each datagram is answered once", async () => {
      const { property, reports, systemctl } = await started((folder) => ({ "echo.service": unit(folder) }))
      await systemctl("start", "echo.service")
      expect(await property("NFileDescriptorStore")).toBe("1")
      const port = reports()[0]?.port ?? 0
      const { end, more, processes } = await load(port)
      for (let restart = 0; restart < 3; restart++) {
        await more(2000)
        await systemctl("restart", "echo.service")
      }
      await more(2000)
      const { sent, twice } = await end()
      expect(sent).toBeGreaterThan(8000)
      expect([twice, processes.size]).toEqual([0, 4])
      const [first, ...later] = reports()
      expect(first?.passed).toEqual([])
      expect(later).toEqual(Array.from({ length: 3 }, () => ({ port, passed: ["echo"] })))
    })

    it("gets its socket again after it was killed", async () => {
      const { property, reports, systemctl } = await started((folder) => ({ "echo.service": unit(folder) }))
      await systemctl("start", "echo.service")
      const port = reports()[0]?.port ?? 0
      const before = await property("MainPID")
      await systemctl("kill", "--signal=SIGKILL", "echo.service")
      // The next program answers the datagrams that the kernel queued meanwhile.
      const { end, processes } = await load(port)
      const { twice } = await end()
      expect([twice, processes.size]).toEqual([0, 1])
      expect(await property("MainPID")).not.toBe(before)
      expect(reports()[1]).toEqual({ port, passed: ["echo"] })
    })

    it("keeps a stored socket that has an unread error report", async () => {
      const { property, reports, systemctl } = await started((folder) => ({
        "echo.service": unit(folder, unreadProgram)
      }))
      await systemctl("start", "echo.service")
      while (reports().length === 0) await systemctl("is-active", "echo.service")
      await systemctl("restart", "echo.service")
      while (reports().length === 1) await systemctl("is-active", "echo.service")
      expect(reports()[1]).toEqual({ port: reports()[0]?.port, passed: ["echo"] })
      expect(await property("NFileDescriptorStore")).toBe("1")
    })

    it("restarts under load with the socket of a socket unit", async () => {
      const free = await Datagram.client(Datagram.ipv4)
      free.close()
      const listens = `127.0.0.1:${free.localAddress.port}`
      const { reports, systemctl } = await started((folder) => ({
        "echo.service": unit(folder),
        "echo.socket": `[Socket]\nListenDatagram=${listens}\nFileDescriptorName=echo\nReceiveBuffer=1M\n`
      }))
      await systemctl("start", "echo.socket")
      await systemctl("start", "echo.service")
      const port = reports()[0]?.port ?? 0
      const { end, more, processes } = await load(port)
      await more(2000)
      await systemctl("restart", "echo.service")
      await more(2000)
      const { twice } = await end()
      expect([twice, processes.size]).toEqual([0, 2])
      expect(reports()).toEqual([0, 1].map(() => ({ port, passed: ["echo"] })))
    })

    it("is replaced without a stop by a successor that becomes its main process", async () => {
      const { property, reports, systemctl } = await started((folder) => {
        const path = join(folder, "echo.sock")
        const successor = `ExecReload=/bin/sh -c '${process.execPath} ${program} ${path} &'`
        return { "echo.service": unit(folder, `${program} ${path}`, successor) }
      })
      await systemctl("start", "echo.service")
      const port = reports()[0]?.port ?? 0
      const before = await property("MainPID")
      const { end, more, processes } = await load(port)
      await more(2000)
      await systemctl("reload", "echo.service")
      while (processes.size < 2) await more(100)
      await more(2000)
      const { twice } = await end()
      expect([twice, processes.size]).toEqual([0, 2])
      expect(await property("MainPID")).not.toBe(before)
      expect([await property("ActiveState"), await property("NRestarts")]).toEqual(["active", "0"])
      expect(reports().map(({ passed }) => passed)).toEqual([[], ["echo"]])
    })
  }
)
