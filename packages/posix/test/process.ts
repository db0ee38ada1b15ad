/** Resources of this process: descriptors, event loop handles, memory. They are read from the system and not from our counters. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { Effect } from "effect"

setFlagsFromString("--expose-gc")
const gc: () => void = runInNewContext("gc")

/** A turn of the event loop. After it, closed handles are gone and the kernel's reports have arrived. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Collects garbage, and runs finalizers of native objects. */
export const collect = async (): Promise<void> => {
  for (let i = 0; i < 3; i++) {
    gc()
    await turn()
  }
}

const linkOf = (descriptor: string): string => {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`)
  } catch {
    return ""
  }
}

const descriptors = (): ReadonlyArray<readonly [string, string]> =>
  readdirSync("/proc/self/fd").map((name) => [name, linkOf(name)] as const)

/** Sockets among the open descriptors, and all of them. */
export const sockets = (): number => descriptors().filter(([, link]) => link.startsWith("socket:")).length
export const openDescriptors = (): number => descriptors().filter(([, link]) => link !== "").length

/** Waits until so many are open, because descriptors that were not taken are closed on another thread. */
export const openDescriptorsAre = (count: number): Effect.Effect<void> =>
  Effect.asVoid(Effect.promise(turn).pipe(Effect.repeat({ until: () => openDescriptors() === count })))

/** Waits until so many sockets are open. */
export const socketsAre = (count: number): Effect.Effect<void> =>
  Effect.asVoid(Effect.promise(turn).pipe(Effect.repeat({ until: () => sockets() === count })))

/** Waits until no file is opened or closed for a while: the loader of TypeScript still writes its cache when a program begins. */
export const settledDescriptors: Effect.Effect<void> = Effect.gen(function* () {
  let last = -1
  for (let same = 0; same < 20; same++) {
    yield* Effect.sleep("5 millis")
    const now = openDescriptors()
    if (now !== last) same = 0
    last = now
  }
})

/** The events that the kernel reports of a descriptor: EPOLLIN 1, EPOLLOUT 4 (sys/epoll.h). 0 if no epoll has it. */
export const reportedEvents = (descriptor: number): number => {
  const line = new RegExp(String.raw`^tfd:\s*${descriptor} events:\s*([0-9a-f]+)`, "m")
  return descriptors()
    .filter(([, link]) => link.includes("eventpoll"))
    .reduce((events, [name]) => {
      const found = line.exec(readFileSync(`/proc/self/fdinfo/${name}`, "utf8"))
      return events | Number.parseInt(found?.[1] ?? "0", 16)
    }, 0)
}

/** Descriptors that the event loop has asked the kernel about: the `tfd:` lines of the epoll descriptors' fdinfo. */
export const epollRegistrations = (): number =>
  descriptors()
    .filter(([, link]) => link.includes("eventpoll"))
    .reduce((sum, [name]) => sum + (readFileSync(`/proc/self/fdinfo/${name}`, "utf8").match(/^tfd:/gm)?.length ?? 0), 0)

interface Report {
  readonly libuv: ReadonlyArray<{
    readonly type: string
    readonly is_active: boolean
    readonly is_referenced: boolean
  }>
}

/** Only libuv has koffi's handles. They are not in `getActiveResourcesInfo` or `_getActiveHandles`, but in the diagnostic report. */
export const pollHandles = (): { readonly all: number; readonly active: number } => {
  const report = process.report.getReport() as unknown as Report
  const polls = report.libuv.filter(({ type }) => type === "poll")
  return { all: polls.length, active: polls.filter(({ is_active }) => is_active).length }
}

/** Handles of polls that keep the event loop alive. */
export const referencedPolls = (): number =>
  (process.report.getReport() as unknown as Report).libuv.filter(
    ({ is_referenced, type }) => type === "poll" && is_referenced
  ).length

/** The events that the process's epolls report of a descriptor, as the bits of `epoll_ctl(2)`. */
export const polledEvents = (descriptor: number): ReadonlyArray<number> =>
  readdirSync("/proc/self/fdinfo").flatMap((name) => {
    try {
      const lines = readFileSync(`/proc/self/fdinfo/${name}`, "utf8").matchAll(/^tfd:\s*(\d+) events:\s*([0-9a-f]+)/gm)
      return [...lines].filter(([, fd]) => Number(fd) === descriptor).map(([, , events = ""]) => parseInt(events, 16))
    } catch {
      // It was closed after it was listed.
      return []
    }
  })
