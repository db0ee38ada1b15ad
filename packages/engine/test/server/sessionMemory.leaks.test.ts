/** The memory of sessions, beside their programs. */
import { InternetEndpoint, Ipv4Address } from "@ancillary/control"
import {
  readSessionSettings,
  SessionCounters,
  type SessionPath,
  Sessions,
  type SessionState
} from "@ancillary/engine/server"
import { expect, it } from "vitest"
import { collect } from "../../../posix/test/process.ts"

const count = 100_000

it("each of 100,000 sessions takes at most 1 KiB, and nothing after its end", async () => {
  const settings = readSessionSettings({ maximum: count })
  if ("message" in settings) throw new Error(settings.message)
  const begun = new Set<SessionState<SessionPath>>()
  const counts = new SessionCounters()
  const sessions = new Sessions<SessionPath>({
    counts,
    settings,
    idle: 1000,
    begin: (state) => {
      begun.add(state)
      // Its program has read the first datagram, and waits for the next one.
      state.take()
      state.onDatagram(() => undefined)
    }
  })
  const held = async () => {
    await collect()
    return process.memoryUsage().heapUsed
  }
  const before = await held()
  for (let n = 0; n < count; n++) {
    const from = new InternetEndpoint("ipv4", new Ipv4Address(0x0a00_0000 + n), 5000)
    sessions.take({ control: {}, delivery: "unicast", from }, 0)
  }
  expect([counts.started, begun.size]).toEqual([count, count])
  const bytes = ((await held()) - before) / count
  // Memory of each session was measured, and not of none.
  expect(bytes).toBeGreaterThan(100)
  expect(bytes).toBeLessThan(1024)
  sessions.sweep(2000)
  for (const state of begun) sessions.settle(state, "interrupted", false)
  begun.clear()
  expect([counts.idle, sessions.all().length]).toEqual([count, 0])
  expect(((await held()) - before) / count).toBeLessThan(50)
})
