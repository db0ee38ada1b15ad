/**
 * Gives the event loop a turn before each test. Without it, tests that never wait follow each other in microtasks. The process
 * then hears nothing from vitest, which takes a process that is silent for a minute for dead.
 */
import { beforeEach } from "vitest"

// Some tests replace the global one.
const turn = setImmediate

beforeEach(() => new Promise((next) => void turn(next)))
