import { abort, dispose } from "./abort.ts"
import { bind } from "./bind.ts"
import { addresses, connect, disconnect } from "./connect.ts"
import { create } from "./create.ts"
import { hooks } from "./hooks.ts"
import { close, message_ } from "./message.ts"
import { multicast } from "./multicast.ts"
import { order } from "./order.ts"
import { send, sendArguments } from "./send.ts"
import { queues, sendErrors } from "./sendErrors.ts"
import { broadcast, buffers, references, ttl } from "./settings.ts"
import { blockLists, lookup, sharing, synchronous } from "./sharing.ts"

export const allCases = [
  create,
  bind,
  connect,
  disconnect,
  addresses,
  send,
  sendArguments,
  sendErrors,
  queues,
  message_,
  close,
  abort,
  dispose,
  broadcast,
  ttl,
  buffers,
  references,
  multicast,
  order,
  sharing,
  blockLists,
  lookup,
  synchronous,
  hooks
]
