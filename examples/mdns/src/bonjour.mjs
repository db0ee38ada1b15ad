// bonjour-service, unmodified, over a socket of @ancillary/dgram. It answers on each link with the address of that link. Over node:dgram it
// answers on one link.
import { hostname } from "node:os"
import { createSocket } from "@ancillary/dgram"
import { Bonjour } from "bonjour-service"

const [name = hostname().split(".")[0]] = process.argv.slice(2)

const socket = createSocket({ type: "udp4", reuseAddr: true })
const bonjour = new Bonjour({ socket })
const service = bonjour.publish({ name: `A page of ${name}`, type: "http", port: 8080, host: `${name}.local` })
service.once("up", () => console.log("announced"))
