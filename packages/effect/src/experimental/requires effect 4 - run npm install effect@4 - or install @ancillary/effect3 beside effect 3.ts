/** The modules that the experimental part needs and Effect 3 lacks. The file of the same name in the folder above has the reason for its name. */
export * as Latch from "effect/Latch"
export * as NetAddress from "effect/net/NetAddress"
export * as Semaphore from "effect/Semaphore"
export * as Effects from "effect/socket/DatagramSocket"
