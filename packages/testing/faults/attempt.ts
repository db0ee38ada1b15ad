/**
 * One run of a program in memory while one call of its driver fails. The program goes on, or ends with a typed error. It
 * answers nothing twice, and leaves nothing open.
 */
import type { Driver } from "@ancillary/engine/driver/Driver"
import { Datagram, DatagramSockets, withMaximumDatagramSize } from "@ancillary/socket"
import { Network } from "@ancillary/testing"
import { mayEnd } from "./errors.ts"
import { type CallName, Injected, Thrown, type Verdict } from "./injected.ts"

/** Address and port at which every program answers. */
export const here = { address: "10.0.0.1", port: 7 }
export const group = "239.1.2.3"
/** Address and port of the client. */
export const peer = { address: "10.0.0.2", port: 4000 }

/** A program that was started. */
export interface Running {
  /** Settles if the program ends by itself, with its error or without one. */
  readonly ended: Promise<unknown>
  readonly stop: () => Promise<unknown>
  /** Taken from the kernel, less each announced end. Zero if the accounts balance. */
  readonly balance: () => bigint
}

/** A program that answers each datagram with its payload. */
export interface Program {
  /** Starts it. `signal` aborts if it has to stop before. Rejects with a typed error of the face. */
  readonly start: (driver: Driver, signal: AbortSignal) => Promise<Running>
  /** The address that the client sends to. `here` by default. */
  readonly to?: { readonly address: string; readonly port: number } | undefined
}

export interface Face {
  /** Returns true if the face's documentation lists errors of this class. */
  readonly isTyped: (error: unknown) => boolean
  readonly programs: { readonly [name in string]: Program }
}

export interface Attempt {
  readonly calls: ReadonlyArray<CallName>
  readonly problems: ReadonlyArray<string>
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 2))

/** Lets the event loop turn until a condition holds. Returns false if it never does. */
const until = async (condition: () => boolean): Promise<boolean> => {
  for (let turns = 0; turns < 2000; turns++) {
    if (condition()) return true
    await (turns < 100 ? turn() : pause())
  }
  return condition()
}

const settle = async (): Promise<void> => {
  for (let turns = 0; turns < 10; turns++) await turn()
}

const codeOf = (error: unknown): string =>
  typeof error === "object" && error !== null && "code" in error ? String(error.code) : String(error)

/** Runs a program. Call number `at` of its driver gives `verdict`, or every call is made. */
export const attempt = async (
  { isTyped }: Face,
  { start, to = here }: Program,
  at?: number,
  verdict?: Verdict | "stop"
): Promise<Attempt> => {
  const problems: Array<string> = []
  const network = Network.make({ seed: 1, clock: Network.manualClock(), trace: false })
  const host = network.host("server", { addresses: [`${here.address}/24`] })
  const other = network.host("client", { addresses: [`${peer.address}/24`] })
  network.link(host, other)
  const answers = new Map<number, number>()
  const client = await DatagramSockets.make(() => other.driver).bind(
    Datagram.ipv4.pipe(withMaximumDatagramSize(16)),
    peer
  )
  void client.forEach(({ data: [id = 0] }) => answers.set(id, (answers.get(id) ?? 0) + 1))
  const send = (id: number) => client.trySend({ data: Uint8Array.of(id), to })

  const controller = new AbortController()
  let running: Running | undefined
  const stop = () =>
    queueMicrotask(() => {
      controller.abort()
      void running?.stop()
    })
  const injected = new Injected(host.driver, at, verdict === "stop" ? stop : verdict)
  const typed = (error: unknown, where: string) => {
    if (verdict === "throw" && error instanceof Thrown) return
    if (verdict === "stop" && controller.signal.aborted) return
    if (!isTyped(error)) problems.push(`${where} with an error that is not typed: ${String(error)}`)
  }

  let outcome: { readonly error: unknown } | "started" | undefined
  start(injected.driver, controller.signal).then(
    (value) => {
      running = value
      return (outcome = "started")
    },
    (error: unknown) => {
      outcome = { error }
    }
  )
  if (!(await until(() => outcome !== undefined))) problems.push("the start never settled")
  if (typeof outcome === "object") {
    if (at === undefined) problems.push(`the start failed: ${String(outcome.error)}`)
    typed(outcome.error, "the start failed")
  } else if (running !== undefined) {
    let end: { readonly error: unknown } | undefined
    running.ended.then(
      () => (end = { error: undefined }),
      (error: unknown) => (end = { error })
    )
    for (const id of [1, 2]) {
      send(id)
      await settle()
    }
    for (const id of [3, 4, 5]) send(id)
    await settle()
    const isStopped = () => controller.signal.aborted
    let id = 5
    const isOver = () => end !== undefined || isStopped() || answers.has(id)
    for (let tries = 0; tries < 3 && !isOver(); tries++) {
      send(++id)
      await until(isOver)
    }
    const expected = at === undefined ? [1, 2, 3, 4, 5] : []
    const unanswered = expected.filter((each) => answers.get(each) !== 1)
    if (unanswered.length > 0) problems.push(`datagrams without an answer: ${unanswered.join()}`)
    if (!isOver()) problems.push("the program does not answer any longer")
    // A call that comes only when a program stops has not failed yet.
    if (end !== undefined && !isStopped()) {
      const { error } = end
      const name = at === undefined ? undefined : injected.calls[at]
      typed(error, "the program ended")
      const code = typeof verdict === "object" ? verdict.code : undefined
      if (
        name === undefined ||
        (code !== undefined && !mayEnd(name, code)) ||
        verdict === "short" ||
        verdict === "nothing"
      )
        problems.push(`the program ended: ${codeOf(error)} ${String(error)}`)
    }
    if (running.balance() !== 0n) problems.push(`the accounts differ by ${running.balance()}`)
    let isEnded = false
    running.stop().then(
      () => (isEnded = true),
      (error: unknown) => {
        isEnded = true
        typed(error, "the stop failed")
      }
    )
    if (!(await until(() => isEnded))) problems.push("the stop never settled")
  }
  client.close()
  const { live } = injected
  await until(() => Object.values(live).every((count) => count === 0))
  for (const [kind, count] of Object.entries(live)) if (count !== 0) problems.push(`${count} ${kind} left open`)
  for (const [id, count] of answers) if (count > 1) problems.push(`datagram ${id} was answered ${count} times`)
  return { calls: injected.calls, problems }
}
