/** The layout of one walk is tried first on the next buffer, which may differ in any header, in length, or in its messages. */
import { Abi, ControlBuffer } from "@ancillary/control"
import { Datagram, Plan, withDropCount, withHopLimit, withPktInfo } from "@ancillary/effect3"
import { Option } from "effect"
import { expect, it } from "vitest"
import { option } from "../src/OptionKind.ts"
import { ControlFault, decoder } from "@ancillary/engine/receive/decoder"

const abi = Abi.linuxGlibc64
const spec = Datagram.ipv4.pipe(withPktInfo(), withHopLimit(), withDropCount())
const info = { level: 0, type: 8, payload: Uint8Array.of(2, 0, 0, 0, 127, 0, 0, 1, 127, 0, 0, 1) }
const hops = (count: number) => ({ level: 0, type: 2, payload: Uint8Array.of(count, 0, 0, 0) })
const drops = { level: 1, type: 40, payload: Uint8Array.of(7, 0, 0, 0) }

const read = (
  decode: ReturnType<typeof decoder>,
  messages: Parameters<typeof ControlBuffer.fromMessages>[1],
  change: (view: DataView) => void = () => {}
) => {
  const bytes = ControlBuffer.fromMessages(abi, messages)
  const view = new DataView(bytes.buffer)
  change(view)
  const control = decode(view, 0, bytes.length, "ipv4", false)
  return control instanceof ControlFault
    ? [control.reason, control.key]
    : [String(control["pktInfo"] !== undefined), control["hopLimit"], control["dropCount"]]
}

it("each buffer is decoded correctly, whatever the previous one contained", () => {
  const decode = decoder(Plan.compile(spec, abi, option))
  const usual = [info, hops(64)]
  expect(read(decode, usual)).toEqual(["true", 64, Option.none()])
  expect(read(decode, [info, hops(9)])).toEqual(["true", 9, Option.none()])
  // Buffers of equal length with another order, type, level or message length, in either half.
  expect(read(decode, [hops(3), info])).toEqual(["true", 3, Option.none()])
  expect(read(decode, usual)).toEqual(["true", 64, Option.none()])
  const second = ControlBuffer.space(abi, info.payload.length)
  const { length, level, type } = abi.cmsghdr
  const missing = ["ControlMissing", "hopLimit"]
  expect(read(decode, usual, (view) => view.setInt32(second + type, 77, true))).toEqual(missing)
  expect(read(decode, usual, (view) => view.setInt32(second + level, 77, true))).toEqual(missing)
  const malformed = ["ControlMalformed", undefined]
  expect(read(decode, usual, (view) => view.setUint32(second + length.at + 4, 1, true))).toEqual(malformed)
  expect(read(decode, usual, (view) => view.setUint32(second + length.at, 18, true))).toEqual([
    "ControlMalformed",
    "hopLimit"
  ])
  // More, and less again.
  expect(read(decode, [...usual, drops])).toEqual(["true", 64, Option.some(7)])
  expect(read(decode, usual)).toEqual(["true", 64, Option.none()])
  expect(read(decode, [info])).toEqual(missing)
})
