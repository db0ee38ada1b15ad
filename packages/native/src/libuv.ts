/**
 * Registrations of descriptors with the event loop: libuv's `uv_poll` (kqueue, AFD; on Linux an epoll of the driver).
 *
 * koffi's poll makes an object with three names for each report, which takes more time than the rest of the report. Node exports the functions
 * of libuv, so they are called directly. Other runtimes with Node's modules may have another loop, or functions that only abort; they keep
 * koffi's poll.
 *
 * @since 0.1.0
 */
import { isMainThread } from "node:worker_threads"
import { koffi } from "./koffi.ts"
import { allocate } from "./memory.ts"

/**
 * Events that a poll can report.
 *
 * @category models
 * @since 0.1.0
 */
export interface Interest {
  readonly readable: boolean
  readonly writable: boolean
  /** The peer hung up, which does not happen to datagram sockets. Set it alone to get only errors, which every interest reports. */
  readonly disconnect: boolean
}

/**
 * Callback of the event loop. A negative status is an error number.
 *
 * @category models
 * @since 0.1.0
 */
export type PollCallback = (status: number, events: Interest) => void

/**
 * One registration with the event loop, with the hazards of `readiness.ts`.
 *
 * @category models
 * @since 0.1.0
 */
export interface PollHandle {
  readonly start: (interest: Interest, callback: PollCallback) => void
  readonly stop: () => void
  /** Keeps the event loop running, which is the initial state. */
  readonly ref: () => void
  readonly unref: () => void
  readonly close: () => void
}

/**
 * Makes a registration.
 *
 * @category models
 * @since 0.1.0
 */
export type StartPoll = (descriptor: number, interest: Interest, callback: PollCallback) => PollHandle

/**
 * Registers a descriptor, and reports its events from the next turn of the event loop on. Throws if libuv refuses the descriptor.
 *
 * @category constructors
 * @since 0.1.0
 */
export const startPoll: StartPoll = (descriptor, interest, callback) =>
  (start ??= direct() ?? byKoffi)(descriptor, interest, callback)

let start: StartPoll | undefined

/** koffi's declarations leave out the status. */
const byKoffi: StartPoll = (descriptor, interest, callback) =>
  (koffi().node.poll as unknown as StartPoll)(descriptor, interest, callback)

/** uv.h: the kind of handle, and the bits of events. */
const UV_POLL = 8
const [UV_READABLE, UV_WRITABLE, UV_DISCONNECT] = [1, 2, 4]

/** Reports by their bits. */
const reported: ReadonlyArray<Interest> = Array.from({ length: 8 }, (_, bits) => ({
  readable: (bits & UV_READABLE) !== 0,
  writable: (bits & UV_WRITABLE) !== 0,
  disconnect: (bits & UV_DISCONNECT) !== 0
}))

const bitsOf = ({ disconnect, readable, writable }: Interest): number =>
  (readable ? UV_READABLE : 0) | (writable ? UV_WRITABLE : 0) | (disconnect ? UV_DISCONNECT : 0)

/** Runtimes whose event loop is not libuv's default loop, or may not be. */
const others = ["bun", "deno", "electron", "nw"]

/** Returns `undefined` if this is not the main thread of Node, or if Node does not export libuv. */
const direct = (): StartPoll | undefined => {
  if (!isMainThread || others.some((name) => name in process.versions)) return undefined
  try {
    return load()
  } catch {
    return undefined
  }
}

const load = (): StartPoll => {
  const { load: open, pointer, proto, register } = koffi()
  const library = open(null)
  const size = Number(library.func("uv_handle_size", "size_t", ["int"])(UV_POLL))
  const loop = Number(library.func("uv_default_loop", "uintptr_t", [])())
  // koffi's functions are untyped. They get their types here.
  const initialize: (loop: number, handle: number, descriptor: number) => number = library.func(
    "uv_poll_init_socket",
    "int",
    ["uintptr_t", "uintptr_t", "uintptr_t"]
  )
  const poll: (handle: number, events: number, callback: bigint) => number = library.func("uv_poll_start", "int", [
    "uintptr_t",
    "int",
    "uintptr_t"
  ])
  const stop: (handle: number) => number = library.func("uv_poll_stop", "int", ["uintptr_t"])
  const ref: (handle: number) => void = library.func("uv_ref", "void", ["uintptr_t"])
  const unref: (handle: number) => void = library.func("uv_unref", "void", ["uintptr_t"])
  const close: (handle: number, closed: bigint) => void = library.func("uv_close", "void", ["uintptr_t", "uintptr_t"])
  const nameOf: (code: number) => string = library.func("uv_strerror", "str", ["int"])

  /** By the address of the handle. libuv uses its memory until it calls back after the close: on Windows, when the system has ended the poll. */
  const handles = new Map<number, { readonly memory: Uint8Array; callback: PollCallback | undefined }>()
  const onPoll = (address: number, status: number, events: number): void =>
    handles.get(address)?.callback?.(status, reported[events & 7] as Interest)
  const report = register(onPoll, pointer(proto("void", ["uintptr_t", "int", "int"])))
  const forget = register((address: number) => void handles.delete(address), pointer(proto("void", ["uintptr_t"])))

  return (descriptor, interest, callback) => {
    const { address, bytes } = allocate(size)
    const require = (result: number, call: string) => {
      if (result < 0) throw new Error(`${call} of descriptor ${descriptor} failed: ${nameOf(result)}.`)
    }
    const begin = (events: Interest, onReady: PollCallback) => {
      handles.set(address, { memory: bytes, callback: onReady })
      require(poll(address, bitsOf(events), report), "uv_poll_start")
    }
    require(initialize(loop, address, descriptor), "uv_poll_init_socket")
    begin(interest, callback)
    return {
      start: begin,
      stop: () => void stop(address),
      ref: () => ref(address),
      unref: () => unref(address),
      close: () => {
        handles.set(address, { memory: bytes, callback: undefined })
        close(address, forget)
      }
    }
  }
}
