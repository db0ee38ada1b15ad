import { Ipv4Address, InternetEndpoint } from "@ancillary/control"
import { isUnavailable } from "@ancillary/engine/driver/Driver"
import { compile } from "@ancillary/engine/plan/Plan"
import * as Engine from "@ancillary/engine/socket"
import { withHopLimit, withPktInfo } from "@ancillary/engine/spec/combinators/messages"
import type { UndefinedKind } from "@ancillary/engine/spec/Maybe"
import { make, type Spec } from "@ancillary/engine/spec/Spec"
import { DarwinSockets, LinuxSockets } from "@ancillary/posix"

const spec = make("ipv4").pipe(withPktInfo(), withHopLimit())
type Control = Spec.Received<typeof spec, UndefinedKind>

const driver = (process.platform === "darwin" ? DarwinSockets : LinuxSockets).driver()
if (isUnavailable(driver)) throw new Error(`${driver.feature}: ${driver.why}. ${driver.remedy}.`)

const local = new InternetEndpoint("ipv4", Ipv4Address.of(0, 0, 0, 0), 5303)
const socket = Engine.open(driver, compile(spec, driver.abi), { native: Engine.openNew, local, peer: undefined })
if (!(socket instanceof Engine.OpenSocket)) throw new Error(socket.message)

/** Sends the payload back from the address of the request. Returns the error record if it was not sent. */
const echo = (asked: Engine.ReceivedDatagram) => {
  const forged = Engine.validateSource(socket, socket.localAddress, asked.from)
  if (forged !== undefined) return forged
  const answer = Engine.answerTo(socket, asked)
  if ("syscall" in answer) return answer
  const { fallback, pktInfo, to } = answer
  const sent = socket.trySend({ data: asked.data, to, control: { pktInfo }, [Engine.withoutSource]: fallback })
  if (!(sent instanceof Engine.SendQueue)) return sent
  // One call was not enough. An echo does not wait for room in the send buffer.
  while (sent.run() !== undefined) sent.failBlocked()
  return sent.failed[0]?.error
}

/** Answers the datagrams of one call, then waits for the next ones. */
const read = (closed: boolean): void => {
  if (closed) return console.log("closed")
  const due = socket.due()
  if (due !== undefined) return void socket.wait(due, read)
  const taken = socket.tryReceive()
  if ("syscall" in taken) throw new Error(taken.message)
  for (const outcome of taken) {
    if (!(outcome instanceof Engine.ReceivedDatagram)) continue // A fault is counted, and ends nothing.
    // The spec determines the type of the record. The engine itself has no static type for it.
    const { hopLimit, pktInfo } = outcome.control as Control
    console.log(`${String(outcome.from)} asked ${String(pktInfo.destination)}, ${hopLimit} hops left`)
    const error = echo(outcome)
    if (error !== undefined) console.log(`not answered: ${error.message}`)
  }
  socket.onReadable(read)
}

process.once("SIGINT", () => socket.close())
console.log(`listening on ${String(socket.localAddress)}`)
read(false)
