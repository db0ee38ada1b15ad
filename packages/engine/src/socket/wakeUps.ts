/**
 * Calls the functions that wait for a socket. None runs while the engine holds a batch or lent memory of any socket, because sockets share
 * memory.
 *
 * A callee may read, send, close or cancel another wait. Therefore the callee is chosen when the call is made, and not when it becomes due.
 */

/** Every JavaScript host has it, but none of the types that this package compiles with declares it. */
declare const queueMicrotask: (task: () => void) => void

/** Number of open sections of the engine that hold a batch or lent memory. */
let sections = 0
const due: Array<() => void> = []

/** Begins a section that holds a batch or lent memory. `release` ends it. */
export const hold = (): void => void sections++

/** Ends a section. */
export const release = (): void => void sections--

/** True while the engine holds a batch or lent memory. */
export const isHolding = (): boolean => sections > 0

/** Calls out immediately, or after the engine has delivered the datagrams that it holds. */
export const callOut = (call: () => void): void => {
  if (sections === 0) call()
  else callOutLater(call)
}

/** Calls out after the caller of the engine has received its batch, so no function of the engine is on the stack. */
export const callOutLater = (call: () => void): void => {
  due.push(call)
  if (due.length === 1) queueMicrotask(flush)
}

const flush = (): void => {
  for (const call of due.splice(0)) {
    try {
      call()
    } catch (defect) {
      // The other calls belong to other programs.
      queueMicrotask(() => {
        throw defect
      })
    }
  }
}
