import { Abi, ControlBuffer, type Field } from "@ancillary/control"
import { describe, expect, it } from "@effect/vitest"
import { FastCheck as fc } from "effect"
import { type Capacity, Message } from "../src/internal/message.ts"

// Above 2^32 if a pointer has 8 bytes, so that both halves of it are tested.
const address = (abi: Abi) => (abi.pointerBytes === 8 ? 0x7ff6_1234_0000 : 0x1234_0000)
const abis = [Abi.winsockX64, Abi.winsockArm64, Abi.winsockIa32]

const layOut = (abi: Abi, capacity: Capacity) => {
  let memory = new Uint8Array()
  const message = new Message(abi, capacity, (size) => {
    const bytes = new Uint8Array(size)
    memory = bytes
    return { bytes, address: address(abi) }
  })
  return { message, memory, view: new DataView(memory.buffer) }
}

/** Every pointer of a WSAMSG with its length, as the kernel reads them. */
const pointers = (abi: Abi, view: DataView) => {
  const { iovec, msghdr } = abi
  const read = (at: number, field: Field) => ControlBuffer.readField(view, at, field)
  const pointer: Field = { at: 0, bytes: abi.pointerBytes }
  const vectors = read(msghdr.buffers, pointer) - address(abi)
  const count = read(0, msghdr.bufferCount)
  return {
    count,
    vectors,
    name: { pointer: read(msghdr.name, pointer), length: read(0, msghdr.nameLength) },
    control: { pointer: read(msghdr.control, pointer), length: read(0, msghdr.controlLength) },
    buffers: Array.from({ length: count }, (_, index) => ({
      pointer: read(vectors + index * iovec.size + iovec.base, pointer),
      length: read(vectors + index * iovec.size, iovec.length)
    }))
  }
}

const room = fc.integer({ min: 0, max: 200 })
const capacities = fc.record({ name: room, buffers: fc.array(room, { minLength: 1, maxLength: 6 }), control: room })

describe.each(abis)("the memory of a WSAMSG, $name", (abi) => {
  it.prop("NULL has no length, no parts overlap, and all are inside and aligned", [capacities], ([capacity]) => {
    const { memory, message, view } = layOut(abi, capacity)
    message.prepare(0)
    const { buffers, control, count, name, vectors } = pointers(abi, view)
    expect(count).toBe(capacity.buffers.length)
    expect([name.length, control.length, ...buffers.map(({ length }) => length)]).toEqual([
      capacity.name,
      capacity.control,
      ...capacity.buffers
    ])
    expect(vectors).toBeGreaterThanOrEqual(abi.msghdr.size)
    let end = vectors + count * abi.iovec.size
    for (const { length, pointer } of [name, control, ...buffers]) {
      if (length === 0) continue
      expect(pointer).not.toBe(0)
      expect(pointer % 16).toBe(0)
      expect(pointer - address(abi)).toBeGreaterThanOrEqual(end)
      end = pointer - address(abi) + length
    }
    expect(end).toBeLessThanOrEqual(memory.length)
    for (const each of [name, control]) expect(each.pointer === 0).toBe(each.length === 0)
    for (const { pointer } of buffers) expect(pointer).not.toBe(0)
  })

  it("nothing of an earlier message is left in the result", () => {
    const { memory, message, view } = layOut(abi, { name: 16, buffers: [4], control: 32 })
    message.setName(new Uint8Array(16).fill(1))
    message.setControl(new Uint8Array(32).fill(1))
    message.prepare(2)
    const { control, name } = pointers(abi, view)
    for (const { length, pointer } of [name, control]) {
      const at = pointer - address(abi)
      expect([...memory.subarray(at, at + length)]).toEqual(Array.from({ length }, () => 0))
    }
    expect(message.dwFlags).toBe(2)
  })

  it("the kernel reads exactly the values that are set", () => {
    const { memory, message, view } = layOut(abi, { name: 16, buffers: [4, 4, 4], control: 32 })
    message.setName(Uint8Array.of(2, 0))
    message.setControl(Uint8Array.of(9, 9, 9))
    message.setBuffers([Uint8Array.of(1, 2, 3), Uint8Array.of(4)])
    const { buffers, control, count, name } = pointers(abi, view)
    const at = ({ length, pointer }: { readonly length: number; readonly pointer: number }) => [
      ...memory.subarray(pointer - address(abi), pointer - address(abi) + length)
    ]
    expect([at(name), at(control), count, buffers.map(at)]).toEqual([[2, 0], [9, 9, 9], 2, [[1, 2, 3], [4]]])
    message.setBuffers([])
    expect(pointers(abi, view).buffers.map(({ length }) => length)).toEqual([0])
  })
})
