/** Sockets that a service manager passes to a program when it starts it. */

/**
 * An open descriptor with its name.
 *
 * @category models
 * @since 0.1.0
 */
export interface NamedDescriptor {
  readonly name: string
  readonly descriptor: number
}

/** The first descriptor that is passed (`SD_LISTEN_FDS_START`). */
const first = 3

/**
 * Takes the descriptors that systemd passed to this process: those of a socket unit, and those of its descriptor store. Removes the variables, so
 * that neither a second call nor a child process takes them again. Returns an empty array if the variables are for another process.
 *
 * @see sd_listen_fds(3): LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES
 * @category activation
 * @since 0.1.0
 */
export const passedSockets = (
  environment: NodeJS.ProcessEnv = process.env,
  pid: number = process.pid
): ReadonlyArray<NamedDescriptor> => {
  const { LISTEN_FDNAMES, LISTEN_FDS, LISTEN_PID } = environment
  if (LISTEN_PID !== String(pid) || LISTEN_FDS === undefined || !/^[0-9]{1,4}$/.test(LISTEN_FDS)) return []
  for (const name of ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "LISTEN_PIDFDID"]) delete environment[name]
  const names = (LISTEN_FDNAMES ?? "").split(":")
  return Array.from({ length: Number(LISTEN_FDS) }, (_, i) => {
    const name = names[i]
    return { name: name === undefined || name === "" ? "unknown" : name, descriptor: first + i }
  })
}
