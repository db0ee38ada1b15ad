import type { Endpoint, Family } from "@ancillary/control"

/** The peer of a socket. All parts of the socket share one, because it changes while the socket is open. */
export class Connection {
  /** Peer as the program wrote it. Absent if the socket is not connected. */
  peer: Endpoint<Family> | undefined
  /** The peer's address as received datagrams have it. A program may write a path or an address differently. */
  sender: Endpoint<Family> | undefined

  constructor(peer: Endpoint<Family> | undefined, sender: Endpoint<Family> | undefined) {
    this.peer = peer
    this.sender = sender
  }
}
