/** The promise face of `@ancillary/socket`, as a program imports it, on Windows. */
import { Datagram, DatagramBindError, serve, withHopLimit, withPktInfo } from "@ancillary/socket"
import { expect, it } from "vitest"

const spec = Datagram.ipv4.pipe(withPktInfo(), withHopLimit())
const here = { address: "127.0.0.1", port: 0 }

it("a server answers a client, by the driver of this system", async () => {
  const server = await serve(spec, here, (asked, socket) => Datagram.reply(socket, asked, asked.data))
  const client = await Datagram.client(spec)
  await client.send({ data: Uint8Array.of(7), to: { address: "127.0.0.1", port: server.localAddress.port } })
  const { control, data } = await client.receive()
  expect([data[0], control.hopLimit > 0, String(control.pktInfo.destination)]).toEqual([7, true, "127.0.0.1"])
  client.close()
  await server.close()
})

it("for await gets each datagram, and an aborted read takes none", async () => {
  const socket = await Datagram.bind(spec, here)
  const controller = new AbortController()
  const aborted = socket.receive({ signal: controller.signal })
  controller.abort()
  await expect(aborted).rejects.toMatchObject({ name: "AbortError" })
  for (const n of [1, 2, 3]) await socket.send({ data: Uint8Array.of(n), to: socket.localAddress })
  const got: Array<number | undefined> = []
  for await (const { data } of socket) {
    got.push(data[0])
    if (got.length === 3) break
  }
  expect(got).toEqual([1, 2, 3])
  socket.close()
})

it("errors have the codes of Node, without the prefix of Winsock", async () => {
  const socket = await Datagram.bind(Datagram.ipv4, here)
  const again = Datagram.bind(Datagram.ipv4, { address: "127.0.0.1", port: socket.localAddress.port })
  const error: unknown = await again.catch((error: unknown) => error)
  expect(error).toBeInstanceOf(DatagramBindError)
  expect(error).toMatchObject({ reason: "AddressInUse", code: "EADDRINUSE", syscall: "bind" })
  expect(String(error)).toContain("WSAEADDRINUSE")
  socket.close()
})
