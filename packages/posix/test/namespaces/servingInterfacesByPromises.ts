/** Does as `servingInterfaces.ts`, with the face of promises. */
import { setTimeout as sleep } from "node:timers/promises"
import { Datagram, serveInterfaces, withPktInfo, withReuseAddress } from "@ancillary/socket"
import { groupOfTest, portOfTest } from "./servedPort.ts"

const spec = Datagram.ipv4.pipe(withPktInfo(), withReuseAddress())
const matches = ({ loopback, up }: { readonly loopback: boolean; readonly up: boolean }) => up && !loopback

const echo = await serveInterfaces(spec, { port: portOfTest, matches }, (asked, socket) =>
  Datagram.reply(socket, asked, asked.data)
)
const group = await serveInterfaces(spec, { port: portOfTest + 1, matches, groups: [groupOfTest] }, () => undefined)

const look = async (): Promise<string> => {
  const answers: Array<string> = []
  for (const { localAddress } of echo.sockets()) {
    await using client = await Datagram.client(Datagram.ipv4)
    await client.send({ data: Uint8Array.of(1), to: localAddress })
    if ((await client.receiveWithin(500)) !== undefined) answers.push(String(localAddress))
  }
  const { begun, ended, failed } = echo.stats()
  const joined = group.interfaces().map(({ name }) => name)
  return [answers.toSorted().join(" "), joined.toSorted().join(" "), `${begun} ${ended} ${failed}`].join("; ")
}

let last = ""
for (;;) {
  // An address may go between the look and the question.
  const seen = await look().catch(() => "")
  if (seen !== "" && seen !== last) console.log(seen)
  if (seen !== "") last = seen
  await sleep(10)
}
