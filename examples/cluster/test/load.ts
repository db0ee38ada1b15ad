/** Clients that send to sessions without a pause. */
import { Datagram, DatagramClient } from "@ancillary/effect3"
import { Effect, Option, Schedule } from "effect"

const [reader, writer] = [new TextDecoder(), new TextEncoder()]
const sessions = 6

/** The session and the number of a request, and of its answer. */
const keyOf = (text: string): string => text.split(" ", 2).join(" ")

interface Answer {
  readonly session: string
  readonly text: string
  /** True if the sum is that of all amounts of the session so far. */
  readonly right: boolean
  /** The process that ran the session. */
  readonly process: number
}

/** Each session sends one amount after another, each to one front after another until one answers. Returns the answers so far. */
export const load = (fronts: ReadonlyArray<number>) =>
  Effect.gen(function* () {
    const client = yield* DatagramClient.make(Datagram.ipv4, {
      key: ({ data }) => keyOf(reader.decode(data)),
      retransmit: Schedule.stop,
      timeout: "1 second"
    })
    const answers: Array<Answer> = []
    const send = (session: string) =>
      Effect.gen(function* () {
        for (let number = 1, turn = 0; ; turn++) {
          const port = fronts[turn % fronts.length] ?? 0
          const key = `${session} ${number}`
          const request = { key, data: writer.encode(`${key} 5`), to: { address: "127.0.0.1", port } }
          const answer = yield* Effect.option(client.request(request))
          if (Option.isNone(answer)) continue
          const text = reader.decode(answer.value.data)
          const [, , sum, process = 0] = text.split(" ").map(Number)
          answers.push({ session, text, process, right: sum === 5 * number })
          number++
        }
      })
    for (let index = 0; index < sessions; index++) yield* Effect.forkScoped(send(`session${index}`))
    return answers
  })

/** Waits until every session has two more answers, and each of the processes runs a session. */
export const served = (answers: ReadonlyArray<Answer>, processes: ReadonlyArray<number | undefined>) => {
  const before = answers.length
  return Effect.suspend(() => {
    const since = answers.slice(before)
    const counts = new Map<string, number>()
    for (const { session } of since) counts.set(session, (counts.get(session) ?? 0) + 1)
    const isServed = [...counts.values()].filter((count) => count >= 2).length === sessions
    const areAll = processes.every((pid) => since.some(({ process }) => process === pid))
    return isServed && areAll ? Effect.void : Effect.fail("waiting")
  }).pipe(Effect.retry(Schedule.spaced("50 millis")))
}
