import type { Request } from "../ControlMessage.ts"

/** Asks by an option whose value is the C `int` 1. */
export const on = (level: number, option: number): ReadonlyArray<Request> => [{ level, option, value: 1 }]
