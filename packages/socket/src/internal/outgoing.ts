/**
 * What one open socket sends: the memory that it is sent from, what is counted of it. Plain and synchronous; `sending.ts` makes effects of it.
 */
import { type Endpoint, type Family, SocketAddress } from "@ancillary/control"
import type { Arena } from "../Arena.ts"
import { type Driver, type Fault, isFault, type NativeSocket } from "../Driver.ts"
import * as Plan from "../Plan.ts"
import type { Calls } from "./calls.ts"
import { type Encode, encoder, type Refusal } from "./encoder.ts"
import type { Events } from "./events.ts"
import { foreignSource } from "./foreignSource.ts"
import type { Live } from "./live.ts"
import { nameOf } from "./names.ts"

export class Outgoing {
  sent = 0n
  sourceRefused = 0n

  #driver: Driver
  #plan: Plan.Plan
  #peer: Endpoint<Family> | undefined
  #calls: Calls
  #events: Events
  #arena: Arena
  #encode: Encode

  constructor(options: {
    readonly driver: Driver
    readonly plan: Plan.Plan
    readonly peer: Endpoint<Family> | undefined
    readonly calls: Calls
    readonly events: Events
    readonly live: Live
  }) {
    const { calls, driver, events, live, peer, plan } = options
    this.#driver = driver
    this.#plan = plan
    this.#peer = peer
    this.#calls = calls
    this.#events = events
    this.#arena = driver.arena(Plan.sendArena(plan, 1))
    this.#encode = encoder(plan, (level, option) => live.own(level, option))
  }

  /** Bytes of the largest payload to a peer of that family. */
  largest(peer: "ipv4" | "ipv6" | "unix" | undefined): number {
    const { kind, sendBytes } = this.#plan
    return peer === undefined || kind.protocol === "icmp" ? sendBytes : Math.min(sendBytes, Plan.largest[peer])
  }

  /** Sends one datagram: the number sent (0 where the buffer is full), or why not. */
  send(
    to: Endpoint<Family> | undefined,
    control: object | undefined,
    pieces: ReadonlyArray<Uint8Array>
  ): number | Fault | Refusal {
    const arena = this.#arena
    const { abi, family } = this.#plan
    let nameBytes = 0
    if (to !== undefined) nameBytes = SocketAddress.write(abi, to, arena.view, arena.nameAt(0), family === "dual")
    let controlBytes = 0
    const peer = (to ?? this.#peer)?.family
    if (control !== undefined && peer !== undefined) {
      const written = this.#encode(control, peer, arena.view, arena.controlAt(0))
      if (typeof written !== "number") return written
      controlBytes = written
    }
    arena.fill(0, nameBytes, controlBytes, pieces)
    const count = this.#calls.send(arena, to, this.#events.stampOf(control))
    if (count === 1) this.sent++
    return count
  }

  /** The source that a send failed by, where it is no address of this host. */
  foreignSource(control: object | undefined, failed: Fault): string | undefined {
    return foreignSource(this.#driver, this.#plan.family, control, failed)
  }

  /** Another socket, connected to a receiver of this one's datagrams; nothing where that is refused. */
  connected(to: Endpoint<Family>): NativeSocket | Fault | undefined {
    const socket = this.#driver.open(this.#plan.kind)
    if (isFault(socket) || socket.connect(nameOf(this.#plan, to)) === undefined) return socket
    socket.close()
    return undefined
  }

  close(): void {
    this.#arena.free()
  }
}
