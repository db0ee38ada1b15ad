import { Datagram, HostName } from "@ancillary/socket"
import { pathMtu } from "./pathMtu.ts"
import { Probes, spec } from "./probes.ts"
import { lineOf, trace } from "./trace.ts"

const [host = "example.com", seconds = "1"] = process.argv.slice(2)
/** Milliseconds to wait for a router. */
const patience = 1000 * Number(seconds)

const [destination] = await HostName.resolve("dual", { host, port: 0 })
await using socket = await Datagram.client(spec)
const probes = new Probes(socket, destination)

console.log(`the way to ${host} (${destination.address})`)
for await (const hop of trace(probes, patience)) console.log(lineOf(hop))

const { confirmed, limits, mtu } = await pathMtu(probes, patience)
for (const { mtu, router } of limits) console.log(`MTU ${mtu} by ${router ?? "the link of this host"}`)
console.log(confirmed ? `path MTU ${mtu}` : `path MTU at most ${mtu}: the destination did not answer`)
