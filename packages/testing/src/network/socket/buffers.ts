/** Room of a datagram in a receive buffer. */

/** Linux: `struct sk_buff`, and what stands behind its data. */
const head = 256
const tail = 320
/** Room for headers of links and of IP. */
const headers = 64 + 28

/** Linux charges a buffer by the blocks of the allocator: powers of two up to a page, then pages. */
export const chargedBytes = (bytes: number): number => {
  const data = bytes + headers + tail
  if (data > 4096) return head + Math.ceil(data / 4096) * 4096
  let block = 512
  while (block < data) block *= 2
  return head + block
}
