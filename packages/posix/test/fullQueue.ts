import { Datagram } from "@ancillary/effect3"
import { Effect, Exit } from "effect"

/**
 * Fills the queue of a Unix socket, and returns the number of its datagrams. Several senders fill it, because systemd lets 512 datagrams wait
 * (`net.unix.max_dgram_qlen`), which is more than the send buffer of one socket holds.
 */
export const fillQueue = (to: { readonly path: string | undefined }) =>
  Effect.scoped(
    Effect.gen(function* () {
      for (let all = 0; ;) {
        const client = yield* Datagram.client(Datagram.unix)
        let sent = 0
        const send = Effect.suspend(() => client.trySend({ data: Uint8Array.of(0), to: { path: to.path ?? "" } }))
        while (Exit.isSuccess(yield* Effect.exit(send))) sent++
        if (sent === 0) return all
        all += sent
      }
    })
  )
