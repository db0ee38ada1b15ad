import assert from "node:assert/strict"
import { test } from "node:test"
import { Datagram, DatagramSockets } from "@ancillary/socket"
import { Network } from "@ancillary/testing"
import { start } from "./server.ts"

void test("a client that asks again gets its own address, with 30 % of datagrams lost", async () => {
  const network = Network.make({ seed: 1 })
  const server = network.host("server", { addresses: ["10.0.0.1/24"] })
  const client = network.host("client", { addresses: ["10.0.0.2/24"] })
  network.link(server, client, { loss: 0.3 })

  await using running = await start(5300, DatagramSockets.make(() => server.driver).serve)
  await using socket = await DatagramSockets.make(() => client.driver).client(Datagram.ipv4)
  const ask = async (): Promise<string> => {
    await socket.send({ data: Uint8Array.of(1), to: { address: "10.0.0.1", port: 5300 } })
    const answer = await socket.receiveWithin(50)
    return answer === undefined ? ask() : new TextDecoder().decode(answer.data)
  }
  for (let i = 0; i < 10; i++) assert.equal(await ask(), `10.0.0.2:${socket.localAddress.port}`)
  assert.ok(network.trace.some(({ why }) => why === "loss"))
  assert.equal(running.localAddress.port, 5300)
})
