/** A value in one line: bytes as hexadecimal digits. */
export const shown = (value: unknown): string =>
  JSON.stringify(value, (_, each: unknown) =>
    typeof each === "bigint" ? String(each) : each instanceof Uint8Array ? Buffer.from(each).toString("hex") : each
  )
