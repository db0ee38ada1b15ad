/** Probes to one destination, and the ICMP messages that the kernel reports about them. */
import {
  Datagram,
  type DatagramSocket,
  type Endpoint,
  type ErrorReport,
  type Spec,
  withErrorReports,
  withHopLimit,
  withPathMtuDiscovery,
  withTimestamp,
  withTransmitTimestamps
} from "@ancillary/socket"

/** Reports have the time at which they arrived, because `withTimestamp` is declared. Nothing is fragmented. */
export const spec = Datagram.dual.pipe(
  withErrorReports(),
  withHopLimit({ only: "send" }),
  withTimestamp(),
  withTransmitTimestamps(),
  withPathMtuDiscovery("probe")
)

type Socket = DatagramSocket<"dual", Spec.Declared<typeof spec>>

export interface Probe {
  /** Nanoseconds since 1970, by the kernel. Absent until it has left. */
  readonly sentAt?: bigint
  /** Absent until it has arrived. */
  readonly report?: ErrorReport
}

/** The first port of traceroute. No program uses these ports, so the destination answers that they are unreachable. */
const firstPort = 33_434
const lastPort = 65_535

export class Probes {
  readonly destination: Endpoint<"dual">
  readonly #socket: Socket
  /** A report repeats the destination port of its probe, so each probe has its own port. */
  readonly #byPort = new Map<number, Probe>()
  #port = firstPort

  constructor(socket: Socket, destination: Endpoint<"dual">) {
    this.#socket = socket
    this.destination = destination
  }

  /** Sends probes with payloads of these sizes in bytes, and returns what is known of each when all are reported, or after the time. */
  async send(
    sizes: ReadonlyArray<number>,
    { hopLimit = 64, patience }: { readonly hopLimit?: number; readonly patience: number }
  ): Promise<ReadonlyArray<Probe>> {
    const ports = sizes.map((size) => {
      const port = this.#port++
      if (port > lastPort) throw new Error("no ports are left for probes")
      const to = { address: this.destination.address, port }
      this.#byPort.set(port, {})
      const error = this.#socket.trySend({
        data: new Uint8Array(size),
        to,
        control: { hopLimit, transmitTimestamp: port }
      })
      // This host reports a probe that is too large for its own link in the error queue, too.
      if (error !== undefined && error.reason !== "MessageTooLarge") throw error
      return port
    })
    const probes = () => ports.map((port) => this.#byPort.get(port) ?? {})
    const signal = AbortSignal.timeout(patience)
    try {
      for await (const event of this.#socket.events({ signal })) {
        if (event._tag === "TransmitTimestamp") this.#note(event.id, { sentAt: event.timestamp })
        if (event._tag === "ErrorReport") this.#note(event.destination?.port, { report: event })
        if (probes().every(({ report }) => report !== undefined)) break
      }
    } catch (error) {
      if (!signal.aborted) throw error
    }
    return probes()
  }

  /** Reports of other datagrams are forged, and a second report of one probe is ignored. */
  #note(port: number | undefined, news: Probe): void {
    if (port === undefined) return
    const known = this.#byPort.get(port)
    if (known !== undefined) this.#byPort.set(port, { ...news, ...known })
  }
}
