import type { Part } from "@ancillary/testing/conformance"

/** Cases of the suite that do not hold for promises, each with its reason. */
export const exceptions: ReadonlyMap<string, string> = new Map([
  [
    "a stream that stops early loses the rest of its chunk, and receive nothing",
    "An iterator that is left early gives up nothing. receiving.test.ts has the case."
  ],
  [
    "a reader interrupted where its fiber yields loses no datagram",
    "A promise has no yields. aborting.test.ts aborts at each turn and microtask."
  ],
  [
    "a callback that uses other sockets keeps its datagram, and they keep theirs",
    "The callback reads synchronously, and each read of this face is a promise."
  ],
  [
    "a reader by peek and receive that the one it wakes with interrupts loses nothing",
    "A promise that is fulfilled cannot be aborted. aborting.test.ts aborts at each turn and microtask."
  ],
  ["passes with TestClock", "Promises use the clock of the system."],
  ["rejects an invalid duration with an error that names it", "A duration is a number of milliseconds."]
])

/**
 * True for the parts of the suite that hold for promises. Handlers of effects differ from those of promises, which serving.test.ts has. The reply
 * of a promise is sent at once, so replies of a batch do not leave together. Effects are interrupted where they yield, and promises have no yields:
 * aborting.test.ts aborts at each turn and microtask.
 */
export const hasPart = (part: Part): boolean => part !== "servers" && part !== "together" && part !== "interruptions"

/** The exceptions that the suite had. */
export const left = new Set<string>()

/** Registers no case of the exceptions. */
export const without = <F extends object>(register: F): F =>
  new Proxy(register, {
    apply: (target, self, args: ReadonlyArray<unknown>) =>
      exceptions.has(String(args[0])) ? void left.add(String(args[0])) : Reflect.apply(target as never, self, args),
    get: (target, key) => {
      const value: unknown = Reflect.get(target, key)
      return typeof value === "function" ? without(value) : value
    }
  })
