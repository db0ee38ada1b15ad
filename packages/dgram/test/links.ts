/** Two sockets: one that receives on the loopback address, and one that sends to it. */
import { bound, called, type Kit, open } from "./kit.ts"

export const link = async (kit: Kit, type: "udp4" | "udp6" = "udp4") => {
  const [receiver, sender] = [await bound(kit, type), open(kit, type)]
  return { receiver, sender, port: receiver.address().port }
}

export const connection = async (kit: Kit) => {
  const pair = await link(kit)
  await called<[]>((done) => pair.sender.connect(pair.port, done))
  return pair
}
