/** Errors that cases expect. */
import { differing } from "./differences.ts"
import type { Kit } from "./kit.ts"

export const failure = (call: string, code: string, errno: number) => ({
  name: "Error",
  code,
  errno,
  syscall: call,
  message: `${call} ${code}`
})

/** The error of a call on a closed socket. */
export const gone = (kit: Kit) =>
  differing(kit, "calls on a closed socket", {
    node: { name: "TypeError" },
    ours: { name: "Error", code: "ERR_SOCKET_DGRAM_NOT_RUNNING", message: "Not running" } as { name: string }
  })
