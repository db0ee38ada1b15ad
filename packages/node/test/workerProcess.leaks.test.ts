/** A worker that lives long: the heartbeats of its parent leave nothing behind. */
import { expect, it, onTestFinished } from "vitest"
import { collect } from "../../posix/test/process.ts"
import { bundled } from "../../testing/program.ts"
import { late } from "../src/workers/limits.ts"
import { WorkerProcess } from "../src/workers/WorkerProcess.ts"

it("waiting for the end of a process 100,000 times keeps no memory", async () => {
  const silent = bundled(new URL("children/silent.ts", import.meta.url))
  const worker = new WorkerProcess(silent, {}, undefined)
  onTestFinished(() => worker.kill())
  const wait = async (times: number) => {
    for (let i = 0; i < times; i++) expect(await worker.endsWithin(0)).toBe(late)
    await collect()
    return process.memoryUsage().heapUsed
  }
  const before = await wait(1000)
  // A promise that stays pending would keep some 300 bytes for each.
  expect((await wait(100_000)) - before).toBeLessThan(5_000_000)
  worker.kill()
  expect(await worker.endsWithin(Infinity)).toMatchObject({ signal: "SIGKILL" })
})
