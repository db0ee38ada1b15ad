/** Iterates over the changes of interfaces, after each notice of the system or once in each interval. */
import type { Driver, NetworkInterface } from "@ancillary/engine/driver/Driver"
import { type InterfaceChange, interfaceChanges } from "@ancillary/engine/driver/interfaceChanges"
import { type Follower, Notices } from "@ancillary/engine/driver/interfaceNotices"
import { abortable } from "./waiting.ts"

interface Options {
  /** In milliseconds. */
  readonly interval: number
  readonly signal: AbortSignal | undefined
}

export async function* changesOf(
  driver: Driver,
  list: () => ReadonlyArray<NetworkInterface>,
  { interval, signal }: Options
): AsyncGenerator<InterfaceChange, never, undefined> {
  let wake: (() => void) | undefined
  let isNew = true
  let removed = new Set<number>()
  const follower: Follower = ({ ended }) => {
    for (const { family, index } of ended) if (family === undefined) removed.add(index)
    isNew = true
    wake?.()
    return undefined
  }
  const notices = Notices.of(driver)
  const isNotified = notices.begin(follower)
  const begin = (f: () => void) => {
    wake = f
    const timer = isNotified ? undefined : setTimeout(f, interval)
    return () => clearTimeout(timer)
  }
  try {
    let before: ReadonlyArray<NetworkInterface> = []
    for (;;) {
      signal?.throwIfAborted()
      isNew = false
      // Taken before the interfaces are listed, so an interface that ends in between is in the next burst.
      if (isNotified) notices.take()
      const ended = removed
      removed = new Set()
      const after = list()
      yield* interfaceChanges(before, { list: after, removed: ended })
      before = after
      // The loop of the program may have aborted it.
      signal?.throwIfAborted()
      if (!isNew)
        await new Promise<void>((resolve, reject) => {
          abortable(signal, begin, resolve, () => reject(signal?.reason))
        })
      wake = undefined
    }
  } finally {
    if (isNotified) notices.end(follower)
  }
}
