/** Sockets on loopback for the tests of this face. */
import { LinuxSockets } from "@ancillary/posix"
import { Datagram, DatagramSockets } from "@ancillary/socket"
import { onTestFinished } from "vitest"

/** The driver is guarded, so it finds a view that is read too late. */
export const sockets = DatagramSockets.make(() => LinuxSockets.driver({ guarded: true }))

export const here = { address: "127.0.0.1", port: 0 }

/** Closes a value at the end of the test. */
export const closing = <A extends { readonly close: () => unknown }>(value: A): A => {
  onTestFinished(async () => void (await value.close()))
  return value
}

export const bind: typeof sockets.bind = async (spec, at) => closing(await sockets.bind(spec, at))
export const open = () => bind(Datagram.ipv4, here)

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
export const text = (data: Uint8Array): string => new TextDecoder().decode(data)
export const first = ({ data }: { readonly data: Uint8Array }): number | undefined => data[0]

/** One turn of the event loop. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Lets the event loop turn until a condition is true. The limit of the test ends it otherwise. */
export const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await turn()
}

/** A socket, and a function that sends it one datagram for each number, at once. */
export const pairOf = async () => {
  const socket = await open()
  const sender = await open()
  const send = (...numbers: ReadonlyArray<number>): void => {
    for (const n of numbers) {
      const failed = sender.trySend({ data: Uint8Array.of(n), to: socket.localAddress })
      if (failed !== undefined) throw failed
    }
  }
  return { socket, sender, send }
}

/** Resolves with the reason of a rejection. Fails if the promise resolves. */
export const rejection = async (promise: Promise<unknown>): Promise<unknown> => {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new Error("It resolved")
}

/** Taken = delivered + faults + dropped + put back. */
export const balance = (socket: Pick<Awaited<ReturnType<typeof open>>, "stats">): bigint => {
  const { delivered, dequeued, dropped, faults, putBack } = socket.stats()
  return dequeued - delivered - dropped - putBack - Object.values(faults).reduce((sum, count) => sum + count, 0n)
}
