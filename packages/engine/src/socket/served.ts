/**
 * The accounts of one socket's handlers: how many began and how each ended.
 *
 * @category sockets
 * @since 0.1.0
 */
export class Served {
  started = 0
  succeeded = 0
  failed = 0
  interrupted = 0
  /** Datagrams passed over, and replies refused, because their source is the socket's own address. */
  fromItself = 0

  get running(): number {
    return this.started - this.succeeded - this.failed - this.interrupted
  }
}
