/**
 * The calls of a socket that receive and send, undisturbed by what the kernel has to say of others: a read does not fail with the error of
 * another peer, a send that does is made again, and what comes in place of a datagram is none.
 */
import type { Arena } from "../Arena.ts"
import { type Fault, isFault, type NativeSocket } from "../Driver.ts"
import type { Events, Sent } from "./events.ts"

/** What a peer or a router said of an earlier datagram: a socket's streams pass over it. */
const transient = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EMSGSIZE",
  "ENETRESET",
  "EHOSTDOWN",
  "ENETDOWN",
  // Linux: a protocol that is not spoken there, a header that is not understood, an administrator's prohibition (IPv6), and older ones.
  "ENOPROTOOPT",
  "EPROTO",
  "EACCES",
  "EOPNOTSUPP",
  "ENONET"
])
const isTransient = ({ code }: Fault): boolean => transient.has(code.replace(/^WSA/, ""))

/** Errors that one call passes over. More than that at once are not to be waited for: the event loop tells of the rest. */
const mostPassed = 64

export class Calls {
  /** Errors that were passed over, and sends that were made again and succeeded. */
  errors = 0n
  resent = 0n

  #native: NativeSocket
  #events: Events
  #connected: boolean
  #prohibited = 0

  constructor(native: NativeSocket, events: Events, connected: boolean) {
    this.#native = native
    this.#events = events
    this.#connected = connected
  }

  receive(arena: Arena, slots: number, peek: boolean): number | Fault {
    const pending = this.#events.takePending()
    if (pending !== undefined) return pending
    for (let passed = 0; passed < mostPassed; passed++) {
      const count = this.#native.receive(arena, slots, peek)
      if (!isFault(count)) {
        this.#prohibited = 0
        return count
      }
      if (!this.#isAnothers(count, this.#events.explain())) return count
      this.errors++
    }
    return 0
  }

  /**
   * Sends slots that were filled, from `first`: how many, 0 where that one would have to wait, or why that one was not. Fewer went where the next
   * failed: the call that begins with it says why.
   *
   * Linux: sendmmsg forgets the error of a datagram behind the first. One that was pending on the socket, another peer's, is gone with it, and the
   * datagram goes out with the next call.
   */
  send(arena: Arena, first: number, slots: number, sent: ReadonlyArray<Sent>): number | Fault {
    const pending = this.#events.takePending()
    // Linux: the error was found in the queue, and is what the call would have failed with.
    if (pending !== undefined) return { ...pending, syscall: "sendmsg" }
    for (let again = 0; ; again++) {
      const count = this.#native.send(arena, first, slots)
      this.#events.stamped(sent, first, slots, isFault(count) ? 0 : count)
      if (!isFault(count)) {
        if (again > 0 && count > 0) this.resent++
        return count
      }
      const whose = this.#events.explain(sent[first]?.to)
      if (this.#events.inPlaceOfDatagrams && count.code === "EMSGSIZE") this.#events.look()
      // What the queue says nothing of is tried once more: then it is the send's own.
      if (!this.#isAnothers(count, whose) || again >= (whose === undefined ? 1 : mostPassed)) return count
    }
  }

  /** Whether loops go on after a fault of `receive`: it was about an earlier datagram, and comes once. Counted then. */
  passesOver(fault: Fault): boolean {
    // Linux: a prohibition on the way has the code of a security module's here, which every read would meet.
    const passes = isTransient(fault) && (fault.code !== "EACCES" || ++this.#prohibited <= mostPassed)
    if (passes) this.errors++
    return passes
  }

  #isAnothers(fault: Fault, whose: "another's" | "its own" | undefined): boolean {
    if (whose !== undefined) return whose === "another's"
    // Linux: an error is pending a moment longer than its entry is in the queue, which another call may have taken meanwhile.
    return !this.#connected && this.#events.reports && isTransient(fault)
  }
}
