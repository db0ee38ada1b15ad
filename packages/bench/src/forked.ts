/**
 * Programs of this package in processes of their own, which answer with numbers and may collect their garbage.
 */
import { fork } from "node:child_process"
import { fileURLToPath } from "node:url"

// The bench runs as it was built. A loader of TypeScript gives each function a name of its own, which takes 10 KB per socket.
const pathOf = (program: string): string => fileURLToPath(new URL(`${program}.js`, import.meta.url))

export const forked = (program: string, ...args: ReadonlyArray<string | number>): Promise<ReadonlyArray<number>> =>
  new Promise((resolve, reject) => {
    const child = fork(pathOf(program), args.map(String), { execArgv: [...process.execArgv, "--expose-gc"] })
    child.once("message", (read) => resolve(Array.isArray(read) ? read.map(Number) : []))
    child.once("exit", (code) => reject(new Error(`${program} ended with ${code} before it answered`)))
  })
