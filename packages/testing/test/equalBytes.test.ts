/** The setup file of every suite changes how fast bytes are compared, and no verdict. */
import { describe, expect, it } from "vitest"

describe("toEqual of bytes", () => {
  it("holds for equal bytes, also within other values", () => {
    expect(new Uint8Array([1, 2])).toEqual(new Uint8Array([1, 2]))
    expect({ data: [new Uint8Array([1, 2])] }).toEqual({ data: [new Uint8Array([1, 2])] })
    expect(new Uint8Array([0, 1, 2]).subarray(1)).toEqual(new Uint8Array([1, 2]))
  })

  it("fails for another byte, another length, and within other values", () => {
    expect(new Uint8Array([1, 2])).not.toEqual(new Uint8Array([1, 3]))
    expect(new Uint8Array([1, 2])).not.toEqual(new Uint8Array([1]))
    expect({ data: [new Uint8Array([1, 2])] }).not.toEqual({ data: [new Uint8Array([1, 3])] })
    expect(() => expect(new Uint8Array([1, 2])).toEqual(new Uint8Array([1, 3]))).toThrow("to deeply equal")
  })

  it("treats another class as the runner does", () => {
    expect(Buffer.from([1, 2])).toEqual(Buffer.from([1, 2]))
    expect(Buffer.from([1, 2])).not.toEqual(new Uint8Array([1, 2]))
    expect([1, 2]).not.toEqual(new Uint8Array([1, 2]))
  })
})
