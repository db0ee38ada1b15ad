import type { Request } from "../ControlMessage.ts"

/** Requests a message with an option whose value is the C `int` 1. */
export const on = (level: number, option: number): ReadonlyArray<Request> => [{ level, option, value: 1 }]
