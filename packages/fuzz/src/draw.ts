/** Random results that a kernel could return, plausible at first. */
import { Codec, type ControlBuffer, InternetEndpoint, Ipv4Address, Ipv6Address, UnixEndpoint } from "@ancillary/control"
import type { Plan, ReceiveEntry } from "@ancillary/engine/plan/Plan"
import type { Random } from "./random.ts"
import type { RowFamily } from "./specs.ts"

export const drawEndpoint = (
  random: Random,
  family: RowFamily
): InternetEndpoint<"ipv4"> | InternetEndpoint<"ipv6"> | UnixEndpoint => {
  if (family === "unix") return new UnixEndpoint(random.pick([undefined, "/run/peer", "\0peer", "/ü"]))
  const port = random.below(65_536)
  if (family === "ipv4") return new InternetEndpoint("ipv4", new Ipv4Address(random.draw()), port)
  const words = [random.draw(), random.draw(), random.draw(), random.draw()] as const
  return new InternetEndpoint("ipv6", new Ipv6Address(...words, random.below(4)), port)
}

/** Random messages of a plan, in the order of the plan, mostly with all required ones. */
export const drawMessages = (random: Random, plan: Plan, peer: RowFamily): ReadonlyArray<ControlBuffer.RawMessage> => {
  const messages: Array<ControlBuffer.RawMessage> = []
  const marks = new Set<string>()
  for (const planned of plan.receiveEntries) {
    const { level, type } = planned.format
    const mark = `${level}/${type}`
    // Views of one message share it.
    if (planned.family !== peer || marks.has(mark)) continue
    marks.add(mark)
    const { presence } = planned.declaration.message
    const times = presence === "repeated" ? random.below(3) : Number(!random.oneIn(presence === "required" ? 50 : 2))
    for (let i = 0; i < times; i++) messages.push({ level, type, payload: drawPayload(random, planned) })
  }
  return messages
}

/** A payload that its message can decode, if a few attempts find one. */
const drawPayload = (random: Random, { format, declaration: { maximumBytes } }: ReceiveEntry): Uint8Array => {
  const { read, size } = format.payload
  const least = typeof size === "number" ? size : (size.minimum ?? 0)
  const most = typeof size === "number" ? size : Math.min(size.maximum, maximumBytes ?? size.maximum, least + 64)
  let payload = new Uint8Array(0)
  for (let attempt = 0; attempt < 4; attempt++) {
    payload = new Uint8Array(least + random.below(Math.max(0, most - least) + 1))
    // A small number, a header with its length in units of 8 bytes, anything.
    if (attempt % 3 === 2) payload.forEach((_, i) => (payload[i] = random.draw()))
    else payload[0] = random.draw()
    if (attempt % 3 === 1) payload[1] = payload.length / 8 - 1
    if (!Codec.isMalformed(read(new DataView(payload.buffer), 0, payload.length))) break
  }
  return payload
}
