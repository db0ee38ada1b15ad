/**
 * Calls out to those who wait for a socket. None runs while the engine holds a batch or lent memory, of whatever socket: sockets share memory.
 *
 * A callee may read, send, close or cancel another one's wait. So who is called is chosen when the call is made, and not when it is due.
 */

/** In every host of JavaScript, and in the types of none that this package compiles with. */
declare const queueMicrotask: (task: () => void) => void

/** Sections of the engine that hold a batch or lent memory. */
let sections = 0
const due: Array<() => void> = []

/** Begins a section that holds a batch or lent memory. `release` ends it. */
export const hold = (): void => void sections++

/** Ends a section. */
export const release = (): void => void sections--

/** Calls out at once, or after the engine has handed over what it holds. */
export const callOut = (call: () => void): void => {
  if (sections === 0) call()
  else callOutLater(call)
}

/** Calls out after the caller of the engine has got its batch: no stack of the engine is left then. */
export const callOutLater = (call: () => void): void => {
  due.push(call)
  if (due.length === 1) queueMicrotask(flush)
}

const flush = (): void => {
  for (const call of due.splice(0)) {
    try {
      call()
    } catch (defect) {
      // The other calls are other programs' own.
      queueMicrotask(() => {
        throw defect
      })
    }
  }
}
