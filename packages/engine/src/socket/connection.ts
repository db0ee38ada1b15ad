import type { Endpoint, Family } from "@ancillary/control"

/** The peer of a socket. All parts of the socket share one, because it changes while the socket is open. */
export class Connection {
  /** Peer as the program wrote it. Absent if the socket is not connected. */
  peer: Endpoint<Family> | undefined
  /** The same peer as the kernel names it in datagrams: a program may write a path or an address in another way. */
  sender: Endpoint<Family> | undefined

  constructor(peer: Endpoint<Family> | undefined, sender: Endpoint<Family> | undefined) {
    this.peer = peer
    this.sender = sender
  }
}
