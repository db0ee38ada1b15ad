/** Orders to the worker of the tests, in the first byte of a datagram. */
export const orders = { answer: 0, hold: 1, answerLate: 2, exit: 3, crash: 4, spin: 5 } as const
