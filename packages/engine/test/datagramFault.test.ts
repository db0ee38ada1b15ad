/** Faults of datagrams. A peer can cause many of them, so their texts are made only when they are read. */
import { Abi, ControlBuffer } from "@ancillary/control"
import { orUndefined } from "@ancillary/engine/spec/Maybe"
import { faultOf } from "@ancillary/engine/receive/DatagramFault"
import { inspect } from "node:util"
import { expect, it } from "vitest"

it("the text of a fault is made on its first read, and only once", () => {
  let made = 0
  const fault = faultOf(orUndefined, "ControlMissing", "hopLimit", undefined, () => `made ${++made} times`)
  expect(made).toBe(0)
  expect(fault.message).toBe("A datagram: made 1 times")
  expect(fault.message).toBe("A datagram: made 1 times")
})

it("a fault that is printed or stored has its text", () => {
  const fault = faultOf(orUndefined, "ControlMissing", "hopLimit", undefined, () => "it did not arrive")
  expect(String(fault)).toBe("DatagramFault: A datagram: it did not arrive")
  expect(inspect(fault)).toBe("DatagramFault: A datagram: it did not arrive")
  expect(JSON.parse(JSON.stringify(fault))).toEqual({
    _tag: "DatagramFault",
    reason: "ControlMissing",
    key: "hopLimit",
    message: "A datagram: it did not arrive"
  })
})

it("a malformed tail keeps its numbers after the buffer is overwritten", () => {
  const bytes = new Uint8Array(24)
  const view = new DataView(bytes.buffer)
  ControlBuffer.writeMessage(Abi.linuxGlibc64, view, 0, { level: 0, type: 2, payload: Uint8Array.of(64, 0, 0, 0) })
  view.setUint32(0, 3000, true)
  const cursor = new ControlBuffer.Cursor(Abi.linuxGlibc64)
  cursor.reset(view, 0, 24)
  expect(cursor.next()).toBe(false)
  const { malformed, tail } = cursor
  bytes.fill(0)
  cursor.reset(view, 0, 0)
  expect(malformed).toEqual({ malformed: "a message declares 3000 bytes, 24 are left", offset: 0 })
  expect([tail?.malformed, tail?.offset]).toEqual([malformed?.malformed, 0])
})
