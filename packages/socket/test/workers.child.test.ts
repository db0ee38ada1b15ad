/** One server in several processes. The suite of Effect 3 has the cases of the processes themselves. */
import { setTimeout } from "node:timers/promises"
import { Datagram, DatagramWorkers, withPktInfo } from "@ancillary/socket"
import { expect, it, onTestFinished } from "vitest"
import { bundled, ended } from "../../testing/program.ts"

const spec = Datagram.ipv4.pipe(withPktInfo())
const program = bundled(new URL("children/worker.ts", import.meta.url))

const served = async (options?: Partial<DatagramWorkers.Options>) => {
  const server = await DatagramWorkers.serve(
    spec,
    { address: "127.0.0.1", port: 0 },
    { program, onReport: () => undefined, ...options }
  )
  onTestFinished(() => server.close())
  return server
}

type Server = Awaited<ReturnType<typeof served>>

/** Asks from a new port, and returns the id of the process that answers. A question to a dead worker waits for its successor. */
const answerer = async (server: Server, order = 0): Promise<number> => {
  const peer = await Datagram.connect(Datagram.ipv4, server.localAddress)
  try {
    await peer.send({ data: Uint8Array.of(order) })
    return Number(new TextDecoder().decode((await peer.receive()).data))
  } finally {
    peer.close()
  }
}

const pidsOf = (server: Server) => server.workers().flatMap(({ pid }) => (pid === undefined ? [] : [pid]))

const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await setTimeout(20)
}

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

it("workers share a port, a killed one is replaced, and close ends them", async () => {
  const server = await served({ workers: 2 })
  const [first = 0, second = 0] = pidsOf(server)
  const seen = new Set<number>()
  while (seen.size < 2) seen.add(await answerer(server))
  expect(seen).toEqual(new Set([first, second]))
  const { delivered } = await server.stats()
  expect(delivered).toBeGreaterThanOrEqual(2n)

  process.kill(first, "SIGKILL")
  await until(() => server.workers()[0]?.restarts === 1 && pidsOf(server).length === 2)
  expect((await server.stats()).delivered).toBeGreaterThanOrEqual(delivered - 1n)

  // The answer that has begun is finished.
  const late = answerer(server, 1)
  while ((await server.stats()).handlers.running === 0n) await setTimeout(10)
  const successors = pidsOf(server)
  await server.close()
  expect(successors).toContain(await late)
  expect(successors.map(isAlive)).toEqual([false, false])
  expect(await server.failure).toBeUndefined()
})

it("a worker that dies is given up if restart resolves to false", async () => {
  const restarts: Array<number> = []
  const server = await served({
    workers: 1,
    restart: async (fault) => restarts.push(fault.restarts) < 2
  })
  for (const times of [0, 1]) {
    await until(() => server.workers()[0]?.restarts === times && pidsOf(server).length === 1)
    process.kill(pidsOf(server)[0] ?? 0, "SIGKILL")
  }
  const error = await server.failure
  expect(error).toBeInstanceOf(DatagramWorkers.DatagramWorkerError)
  expect(error).toMatchObject({
    name: "DatagramWorkerError",
    reason: "Ended",
    restarts: 1,
    worker: 0,
    signal: "SIGKILL"
  })
  expect(restarts).toEqual([0, 1])
})

it("a program that never serves is a typed error, and its port is free again", async () => {
  const at = { address: "127.0.0.1", port: 0 }
  const socket = await Datagram.bind(Datagram.ipv4, at)
  const { port } = socket.localAddress
  socket.close()
  const serving = DatagramWorkers.serve(
    spec,
    { ...at, port },
    { program: new URL("nowhere.mjs", import.meta.url), workers: 2 }
  )
  await expect(serving).rejects.toMatchObject({ name: "DatagramWorkerError", reason: "NotStarted", exitCode: 1 })
  ;(await Datagram.bind(Datagram.ipv4, { ...at, port })).close()
})

it.each([
  [{ workers: 0 }, "workers: 0 is not an integer from 1 to 1024. Leave it out for one a core."],
  [{ heartbeat: -1 }, "heartbeat: -1 is not a number of milliseconds above 0. Leave it out for 1000."],
  [{ concurrency: 0.5 }, "concurrency: 0.5 is not an integer from 1 to 1048576. Leave it out for 64."],
  [{ program: 42 as unknown as string }, "program: 42 is not a path or a URL. Give the program that runs work."],
  [
    { restart: 42 as unknown as DatagramWorkers.Restart },
    "restart: 42 is not a function. Leave it out for the default."
  ]
])("%o is refused", async (options, message) => {
  await expect(served(options)).rejects.toMatchObject({ name: "DatagramBindError", reason: "InvalidArgument", message })
})

it("a worker without a parent process rejects with a typed error", async () => {
  const { stderr } = await ended([process.execPath, program])
  expect(stderr).toContain(
    "DatagramWorkers.runWorker: no parent process started this program. Start it with DatagramWorkers.serve, which passes it a socket."
  )
})
