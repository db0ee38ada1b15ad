/** Messages to the service manager (`sd_notify`). */
import type { Driver } from "@ancillary/engine/driver/Driver"
import { OpenSocket, openClient, SendQueue } from "@ancillary/engine/socket"
import { withRights } from "@ancillary/engine/spec/combinators/unix"
import { orUndefined } from "@ancillary/engine/spec/Maybe"
import { make } from "@ancillary/engine/spec/Spec"
import type { NamedDescriptor } from "./passedSockets.ts"

const spec = make("unix").pipe(withRights({ only: "send" }))

/**
 * Stores sockets in the descriptor store of systemd, and reports that this process is ready and the main process of its service. Returns the reason
 * if a message was not sent. Does nothing if no service manager waits for messages (`NOTIFY_SOCKET`).
 *
 * @see sd_notify(3): FDSTORE, FDNAME, FDPOLL, READY, MAINPID
 * @category activation
 * @since 0.1.0
 */
export const notifyReady = (
  driver: Driver,
  stored: ReadonlyArray<NamedDescriptor>,
  { NOTIFY_SOCKET: path }: NodeJS.ProcessEnv = process.env
): string | undefined => {
  if (path === undefined || !/^[/@]/.test(path)) return undefined
  const socket = openClient({ driver, maybe: orUndefined }, spec)
  if (!(socket instanceof OpenSocket)) return socket.message
  // An abstract name begins with a NUL, which a variable cannot have.
  const to = { path: path.replace(/^@/, "\0") }
  const send = (text: string, rights: ReadonlyArray<number>): string | undefined => {
    const sent = socket.trySend({ data: Buffer.from(text), to, control: rights.length === 0 ? {} : { rights } })
    if (!(sent instanceof SendQueue)) return sent?.message
    while (sent.run() !== undefined) sent.failBlocked()
    return sent.failed[0]?.error.message
  }
  try {
    for (const { descriptor, name } of stored) {
      // systemd removes a stored descriptor that polls as failed, such as a socket with an unread error report, unless it does not poll.
      const why = send(`FDSTORE=1\nFDNAME=${name}\nFDPOLL=0`, [descriptor])
      if (why !== undefined) return why
    }
    return send(`READY=1\nMAINPID=${process.pid}`, [])
  } finally {
    socket.close()
  }
}
