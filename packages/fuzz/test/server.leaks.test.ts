/** A short soak of servers, and proofs that a lost datagram, a memory or a descriptor would be found. */
import { openSync } from "node:fs"
import { Effect } from "effect"
import { expect, it } from "vitest"
import { requirement } from "../../testing/machine.ts"
import { soak } from "../src/server/soak.ts"

const linux = requirement("the soak of servers", process.platform === "linux", "The sockets of Linux are asked.")

it.runIf(linux)("10,000 datagrams through servers: each has one end, and nothing is held", async () => {
  const { account, problems } = await Effect.runPromise(soak({ count: 10_000, seed: 1, perServer: 2000 }))
  expect(problems).toEqual([])
  expect(account.sent).toBeGreaterThanOrEqual(10_000)
  expect(account.ended).toBe(account.sent)
  for (const end of ["succeeded", "failed", "interrupted", "dropped by the kernel"])
    expect([end, (account.ends.get(end) ?? 0) > 0]).toEqual([end, true])
})

it.runIf(linux)("a datagram without an end is found", async () => {
  const { problems } = await Effect.runPromise(soak({ count: 100, seed: 1, forget: 1 }))
  expect(problems.join()).toContain("delivered datagrams, and those of the server")
})

it.runIf(linux)("memory that is kept after each server is found", async () => {
  const kept: Array<Uint8Array> = []
  const progress = () => void kept.push(new Uint8Array(2_000_000))
  const { account, problems } = await Effect.runPromise(soak({ count: 1000, seed: 2, perServer: 100, progress }))
  expect(account.servers).toBeGreaterThan(3)
  expect(problems.join()).toMatch(/^\d+ bytes more are held$/)
})

it.runIf(linux)("a descriptor that stays open is found", async () => {
  let servers = 0
  const progress = () => void (++servers > 2 && openSync("/dev/null", "r"))
  const { problems } = await Effect.runPromise(soak({ count: 1000, seed: 2, perServer: 100, progress }))
  expect(problems.join()).toMatch(/descriptors became/)
})
