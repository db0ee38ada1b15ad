/**
 * Starts Node and binds no socket: the floor of the others.
 */
import { report } from "./report.ts"

report()
