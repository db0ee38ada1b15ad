/**
 * The system calls of an echo server with one datagram in flight at a time, as strace counts them.
 */
import { Effect } from "effect"
import type { Candidate } from "../rounds.ts"
import { canCount, counting, sum } from "../strace.ts"
import { callsOf, type Workload } from "../workload.ts"

const bytes = 100
/** Low enough for a process that strace slows. */
const rate = 200

const groups = [
  ["waits", ["epoll_wait", "epoll_pwait", "epoll_pwait2", "poll", "ppoll"]],
  ["epoll_ctl", ["epoll_ctl"]],
  ["receives", ["recvmmsg", "recvmsg", "recvfrom"]],
  ["sends", ["sendmmsg", "sendmsg", "sendto"]]
] as const

/** Each round counts from an attached strace until it is detached. */
const counted = ({ name, round }: Candidate, pid: number, milliseconds: number): Candidate => ({
  name,
  round: async () => {
    // The load has greeted the server before it answers its first round.
    await round()
    const stop = await counting(pid)
    const lost = (await round()).at(-1) ?? Number.NaN
    const calls = await stop()
    const echoes = ((rate * milliseconds) / 1000) * (1 - lost / 100)
    return [sum(calls), ...groups.map(([, names]) => sum(calls, names))].map((count) => count / echoes)
  }
})

export const echoCalls: Workload = {
  name: "echo-calls",
  title: "System calls of an echo server, 200 datagrams a second, 100 bytes",
  readings: [callsOf("all calls of an echo"), ...groups.map(([name]) => callsOf(name))],
  rounds: 2,
  warm: false,
  candidates: ({ peers, servers, times }) =>
    peers.hasC && canCount()
      ? Effect.gen(function* () {
          const milliseconds = times(1000)
          const each = yield* Effect.forEach(yield* servers, ({ name, pid, port }) =>
            Effect.map(peers.c(name, "load", "rate", port, pid, bytes, rate, milliseconds), (loads) =>
              loads.map((load) => counted(load, pid, milliseconds))
            )
          )
          return each.flat()
        })
      : Effect.succeed([])
}
