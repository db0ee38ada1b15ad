/** Runs one package of npm over `dgram`, and prints its answers as JSON. */
const dgram = require("dgram")
const { once } = require("node:events")

const bound = async () => {
  const socket = dgram.createSocket("udp4")
  socket.bind(0, "127.0.0.1")
  await once(socket, "listening")
  return socket
}

const free = async () => {
  const socket = await bound()
  const { port } = socket.address()
  socket.close()
  await once(socket, "close")
  return port
}

const called = (f) =>
  new Promise((resolve, reject) => f((error, ...results) => (error ? reject(error) : resolve(results))))

const programs = {
  "net-snmp": async () => {
    const snmp = require("net-snmp")
    const port = await free()
    const agent = snmp.createAgent(
      { port, address: "127.0.0.1", disableAuthorization: true, dgramModule: dgram },
      (error) => {
        if (error) throw error
      }
    )
    agent.getMib().registerProvider({
      name: "sysDescr",
      type: snmp.MibProviderType.Scalar,
      oid: "1.3.6.1.2.1.1.1",
      scalarType: snmp.ObjectType.OctetString,
      maxAccess: snmp.MaxAccess["read-only"]
    })
    agent.getMib().setScalarValue("sysDescr", "a printer")
    const session = snmp.createSession("127.0.0.1", "public", { port, dgramModule: dgram })
    const [found] = await called((done) => session.get(["1.3.6.1.2.1.1.1.0"], done))
    const walked = []
    await called((done) =>
      session.subtree(
        "1.3.6.1.2.1.1",
        5,
        (all) => walked.push(...all.map(({ oid, value }) => [oid, String(value)])),
        done
      )
    )
    session.close()
    agent.close()
    return [found.map(({ oid, value }) => [oid, String(value)]), walked]
  },
  coap: async () => {
    const coap = require("coap")
    const port = await free()
    const server = coap.createServer((request, response) => {
      response.setOption("Content-Format", "text/plain")
      const text = `${request.method} ${request.url} ${request.payload} from ${request.rsinfo.address}`
      response.end(request.url === "/large" ? text.repeat(100) : text)
    })
    await called((done) => server.listen(port, "127.0.0.1", done))
    const answers = []
    // The last answer is larger than a block of the protocol, so it comes in several datagrams.
    for (const [method, pathname, payload] of [
      ["GET", "/lamp", ""],
      ["POST", "/lamp", "on"],
      ["GET", "/large", ""]
    ]) {
      const request = coap.request({ hostname: "127.0.0.1", port, method, pathname })
      request.end(payload)
      const [response] = await once(request, "response")
      answers.push([response.code, String(response.payload)])
    }
    await called((done) => server.close(done))
    coap.globalAgent.close()
    return answers
  },
  "k-rpc-socket": async () => {
    const rpc = require("k-rpc-socket")
    const server = rpc({ socket: dgram.createSocket("udp4") })
    server.on("query", (query, peer) => server.response(peer, query, { echo: query.a.value }))
    await new Promise((resolve) => server.bind(0, resolve))
    const client = rpc({ socket: dgram.createSocket("udp4") })
    const ask = (port) =>
      new Promise((resolve) =>
        client.query({ port, host: "127.0.0.1" }, { q: "echo", a: { value: 42 } }, (error, response) =>
          resolve(error ? error.code : response.r.echo)
        )
      )
    const answers = [await ask(server.address().port)]
    await new Promise((resolve) => client.destroy(resolve))
    await new Promise((resolve) => server.destroy(resolve))
    return answers
  },
  osc: async () => {
    const osc = require("osc")
    const port = await free()
    const receiver = new osc.UDPPort({ localAddress: "127.0.0.1", localPort: port, metadata: true })
    receiver.open()
    await once(receiver, "ready")
    const sender = new osc.UDPPort({
      localAddress: "127.0.0.1",
      localPort: 0,
      remoteAddress: "127.0.0.1",
      remotePort: port
    })
    sender.open()
    await once(sender, "ready")
    const arrived = once(receiver, "message")
    sender.send({
      address: "/note",
      args: [
        { type: "i", value: 64 },
        { type: "s", value: "on" }
      ]
    })
    const [message] = await arrived
    sender.close()
    receiver.close()
    return [message]
  },
  "multicast-dns": async () => {
    const mdns = require("multicast-dns")
    const port = await free()
    const options = { port, ip: "127.0.0.1", multicast: false }
    const responder = mdns(options)
    responder.on("query", ({ questions }, { address }) =>
      responder.respond(questions.map(({ name }) => ({ name, type: "A", ttl: 120, data: address })))
    )
    await once(responder, "ready")
    const answered = once(responder, "response")
    responder.query("printer.local", "A")
    const [response] = await answered
    await new Promise((resolve) => responder.destroy(resolve))
    return response.answers
  },
  "bonjour-service": async () => {
    const { Bonjour } = require("bonjour-service")
    const bonjour = new Bonjour()
    const service = bonjour.publish({ name: "a printer", type: "ipp", port: 631, host: "printer.local", probe: false })
    await once(service, "up")
    const browser = bonjour.find({ type: "ipp" })
    const [found] = await once(browser, "up")
    await new Promise((resolve) => bonjour.unpublishAll(resolve))
    await new Promise((resolve) => bonjour.destroy(resolve))
    return [found.name, found.port, found.host, found.type]
  }
}

programs[process.argv[2]]().then(
  (answers) => process.stdout.write(JSON.stringify(answers)),
  (error) => {
    console.error(error)
    process.exit(1)
  }
)
