import { start } from "./server.ts"

const server = await start(Number(process.env["PORT"] ?? 5300))
console.log(`listening on ${server.localAddress}`)

// Handlers finish before the socket is closed.
process.once("SIGINT", () => void server.close())
process.once("SIGTERM", () => void server.close())
