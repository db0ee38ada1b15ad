/** Iterates over the changes of interfaces, after each notice of the system or once in each interval. */
import type { Driver, NetworkInterface } from "@ancillary/engine/driver/Driver"
import { type InterfaceChange, InterfaceWatch, type IntervalReader } from "@ancillary/engine/driver/interfaceChanges"
import { abortable } from "./waiting.ts"

interface Options {
  /** In milliseconds. */
  readonly interval: number
  readonly signal: AbortSignal | undefined
}

export const intervals: IntervalReader<number> = {
  standard: 1000,
  read: (given) => (typeof given === "number" && given > 0 && given < Infinity ? given : undefined),
  range: "a number of milliseconds above 0"
}

export async function* changesOf(
  driver: Driver,
  list: () => ReadonlyArray<NetworkInterface>,
  { interval, signal }: Options
): AsyncGenerator<InterfaceChange, never, undefined> {
  let wake: (() => void) | undefined
  let isNew = true
  const watch = new InterfaceWatch(driver, () => {
    isNew = true
    wake?.()
  })
  const begin = (f: () => void) => {
    wake = f
    const timer = watch.isNotified ? undefined : setTimeout(f, interval)
    return () => clearTimeout(timer)
  }
  try {
    for (;;) {
      signal?.throwIfAborted()
      isNew = false
      const changes = watch.look()
      yield* changes(list())
      // The loop of the program may have aborted it.
      signal?.throwIfAborted()
      if (!isNew)
        await new Promise<void>((resolve, reject) => {
          abortable(signal, begin, resolve, () => reject(signal?.reason))
        })
      wake = undefined
    }
  } finally {
    watch.end()
  }
}
