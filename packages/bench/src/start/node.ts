/**
 * Binds one socket of `node:dgram`.
 */
import { createSocket } from "node:dgram"
import { report } from "./report.ts"

createSocket("udp4").bind(0, "127.0.0.1", report)
