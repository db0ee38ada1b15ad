/** Converts seconds and nanoseconds, which Linux delivers in two sizes, to nanoseconds. */

/** `struct __kernel_timespec`: 64 bits each. */
export const timespec64 = (view: DataView, at: number): bigint =>
  view.getBigInt64(at, true) * 1_000_000_000n + view.getBigInt64(at + 8, true)

/** `struct timespec` of a system whose `long` has 32 bits: 32 bits each. */
export const timespec32 = (view: DataView, at: number): bigint =>
  BigInt(view.getInt32(at, true)) * 1_000_000_000n + BigInt(view.getInt32(at + 4, true))
