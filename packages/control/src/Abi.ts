/**
 * Layout of the structures of `recvmsg` and `WSARecvMsg` on each platform: plain data, one row for each ABI.
 *
 * A control buffer is a sequence of objects. Each is a header (`cmsghdr`, `WSACMSGHDR`), a payload, and padding up to the
 * next possible header. On a 64-bit Linux or Windows, an object with 4 bytes of payload is
 *
 * ```text
 *  0               8       12      16      20      24
 *  +---------------+-------+-------+-------+-------+------
 *  | cmsg_len = 20 | level | type  | data  |  pad  | next …
 *  +---------------+-------+-------+-------+-------+------
 *  |<----------- length(4) = 20 ---------->|
 *  |<--------------- space(4) = 24 --------------->|
 * ```
 *
 * **Details**
 *
 * A test compares every number with the output of a C compiler for the real headers (`packages/control/golden`). The
 * exceptions are rows whose `proof` is `"documentation"`. All these ABIs are little-endian.
 *
 * @since 0.1.0
 */

/**
 * The operating systems whose control messages differ in number and layout.
 *
 * @category models
 * @since 0.1.0
 */
export type Platform = "winsock" | "linux" | "darwin"

/**
 * Names of the ABIs of control buffers: platform, C library if it matters, and width of a pointer.
 *
 * @category models
 * @since 0.1.0
 */
export type AbiName =
  | "winsock-x64"
  | "winsock-ia32"
  | "winsock-arm64"
  | "linux-glibc-64"
  | "linux-glibc-32"
  | "linux-musl-64"
  | "linux-musl-32"
  | "darwin-64"

/**
 * Position of an integer in a structure: its offset and its width, in bytes.
 *
 * @category models
 * @since 0.1.0
 */
export interface Field {
  readonly at: number
  readonly bytes: number
}

/**
 * Sizes and offsets, in bytes, of one platform's structures.
 *
 * @category models
 * @since 0.1.0
 */
export interface Abi {
  readonly name: AbiName
  readonly platform: Platform
  /**
   * Evidence for the numbers. `"run"`: a process of this ABI uses them in our tests. `"headers"`: they are equal to the
   * output of a compiler for the real headers. `"documentation"`: only documents support them.
   */
  readonly proof: "run" | "headers" | "documentation"
  readonly pointerBytes: 4 | 8
  /**
   * Maximum bytes of control data in a send. If there are more, the C library refuses the send before the kernel sees
   * it.
   */
  readonly controlLimit?: number | undefined
  /** `cmsghdr`, `WSACMSGHDR`. Headers and payloads start at a multiple of `align` bytes. */
  readonly cmsghdr: {
    readonly size: number
    readonly align: number
    readonly length: Field
    readonly level: number
    readonly type: number
  }
  /** `msghdr`, `WSAMSG`. */
  readonly msghdr: {
    readonly size: number
    readonly name: number
    readonly nameLength: Field
    readonly buffers: number
    readonly bufferCount: Field
    readonly control: number
    readonly controlLength: Field
    readonly flags: Field
  }
  /** `mmsghdr`, the element of the array of `recvmmsg`: a `msghdr`, then the number of received bytes. Linux only. */
  readonly mmsghdr: { readonly size: number; readonly length: number } | undefined
  /** `iovec`, `WSABUF`. */
  readonly iovec: { readonly size: number; readonly base: number; readonly length: Field }
  /**
   * `sockaddr_*`. If `lengthByte` is true, it has the BSD layout: the structure's length and the family, one byte each.
   */
  readonly sockaddr: {
    readonly lengthByte: boolean
    readonly ipv4: number
    readonly ipv6: number
    readonly unix: number
  }
  /** `group_req`: an interface index, then the group as a `sockaddr_storage`. */
  readonly groupReq: { readonly size: number; readonly group: number }
  /** `group_source_req`: a `group_req`, then the source as a `sockaddr_storage`. */
  readonly groupSourceReq: { readonly size: number; readonly source: number }
  /** Address family numbers: `AF_INET`, `AF_INET6`, `AF_UNIX`. */
  readonly family: { readonly ipv4: number; readonly ipv6: number; readonly unix: number }
}

// A sockaddr_storage is aligned like the widest integer of the ABI: to 8 bytes. The exceptions are i386 on Linux and
// the packing of Darwin, which align to 4.
const aligned8 = { groupReq: { size: 136, group: 8 }, groupSourceReq: { size: 264, source: 136 } } as const
const aligned4 = { groupReq: { size: 132, group: 4 }, groupSourceReq: { size: 260, source: 132 } } as const

const winsock64 = {
  platform: "winsock",
  pointerBytes: 8,
  // The header has precedence over its documentation: cmsg_len is a SIZE_T, 8 bytes here, not a UINT.
  cmsghdr: { size: 16, align: 8, length: { at: 0, bytes: 8 }, level: 8, type: 12 },
  msghdr: {
    size: 56,
    name: 0,
    nameLength: { at: 8, bytes: 4 },
    buffers: 16,
    bufferCount: { at: 24, bytes: 4 },
    // Control is a WSABUF: the length precedes the pointer.
    control: 40,
    controlLength: { at: 32, bytes: 4 },
    flags: { at: 48, bytes: 4 }
  },
  mmsghdr: undefined,
  iovec: { size: 16, base: 8, length: { at: 0, bytes: 4 } },
  sockaddr: { lengthByte: false, ipv4: 16, ipv6: 28, unix: 110 },
  ...aligned8,
  family: { ipv4: 2, ipv6: 23, unix: 1 }
} as const

const winsock32 = {
  platform: "winsock",
  pointerBytes: 4,
  cmsghdr: { size: 12, align: 4, length: { at: 0, bytes: 4 }, level: 4, type: 8 },
  msghdr: {
    size: 28,
    name: 0,
    nameLength: { at: 4, bytes: 4 },
    buffers: 8,
    bufferCount: { at: 12, bytes: 4 },
    control: 20,
    controlLength: { at: 16, bytes: 4 },
    flags: { at: 24, bytes: 4 }
  },
  mmsghdr: undefined,
  iovec: { size: 8, base: 4, length: { at: 0, bytes: 4 } },
  sockaddr: winsock64.sockaddr,
  ...aligned8,
  family: winsock64.family
} as const

const linuxFamilies = {
  sockaddr: { lengthByte: false, ipv4: 16, ipv6: 28, unix: 110 },
  family: { ipv4: 2, ipv6: 10, unix: 1 }
} as const

const linuxGlibc64 = {
  platform: "linux",
  pointerBytes: 8,
  cmsghdr: { size: 16, align: 8, length: { at: 0, bytes: 8 }, level: 8, type: 12 },
  msghdr: {
    size: 56,
    name: 0,
    nameLength: { at: 8, bytes: 4 },
    buffers: 16,
    bufferCount: { at: 24, bytes: 8 },
    control: 32,
    controlLength: { at: 40, bytes: 8 },
    flags: { at: 48, bytes: 4 }
  },
  mmsghdr: { size: 64, length: 56 },
  iovec: { size: 16, base: 0, length: { at: 8, bytes: 8 } },
  ...aligned8,
  ...linuxFamilies
} as const

const linux32 = {
  platform: "linux",
  pointerBytes: 4,
  cmsghdr: { size: 12, align: 4, length: { at: 0, bytes: 4 }, level: 4, type: 8 },
  msghdr: {
    size: 28,
    name: 0,
    nameLength: { at: 4, bytes: 4 },
    buffers: 8,
    bufferCount: { at: 12, bytes: 4 },
    control: 16,
    controlLength: { at: 20, bytes: 4 },
    flags: { at: 24, bytes: 4 }
  },
  mmsghdr: { size: 32, length: 28 },
  iovec: { size: 8, base: 0, length: { at: 4, bytes: 4 } },
  ...aligned4,
  ...linuxFamilies
} as const

/**
 * The known ABIs, by name.
 *
 * @category constants
 * @since 0.1.0
 */
export const Abi = {
  winsockX64: { name: "winsock-x64", proof: "run", ...winsock64 },
  winsockIa32: { name: "winsock-ia32", proof: "headers", ...winsock32 },
  winsockArm64: { name: "winsock-arm64", proof: "headers", ...winsock64 },
  linuxGlibc64: { name: "linux-glibc-64", proof: "run", ...linuxGlibc64 },
  linuxGlibc32: { name: "linux-glibc-32", proof: "headers", ...linux32 },
  // musl declares the three lengths as 4 bytes and 4 bytes of padding. The kernel reads 8 bytes, so the padding is
  // written as zero.
  linuxMusl64: {
    name: "linux-musl-64",
    proof: "headers",
    ...linuxGlibc64,
    // musl: sendmsg copies control data to its stack to clear that padding. It copies at most 1024 bytes, else it fails
    // with ENOMEM.
    controlLimit: 1024,
    cmsghdr: { ...linuxGlibc64.cmsghdr, length: { at: 0, bytes: 4 } },
    msghdr: { ...linuxGlibc64.msghdr, bufferCount: { at: 24, bytes: 4 }, controlLength: { at: 40, bytes: 4 } }
  },
  linuxMusl32: { name: "linux-musl-32", proof: "documentation", ...linux32, controlLimit: 1024 },
  // Darwin: socklen_t lengths and 4-byte alignment of control messages on a 64-bit system (sys/socket.h, __DARWIN_ALIGN32).
  darwin64: {
    name: "darwin-64",
    proof: "documentation",
    platform: "darwin",
    pointerBytes: 8,
    cmsghdr: { size: 12, align: 4, length: { at: 0, bytes: 4 }, level: 4, type: 8 },
    msghdr: {
      size: 48,
      name: 0,
      nameLength: { at: 8, bytes: 4 },
      buffers: 16,
      bufferCount: { at: 24, bytes: 4 },
      control: 32,
      controlLength: { at: 40, bytes: 4 },
      flags: { at: 44, bytes: 4 }
    },
    mmsghdr: undefined,
    iovec: { size: 16, base: 0, length: { at: 8, bytes: 8 } },
    sockaddr: { lengthByte: true, ipv4: 16, ipv6: 28, unix: 106 },
    ...aligned4,
    family: { ipv4: 2, ipv6: 30, unix: 1 }
  }
} as const satisfies Record<string, Abi>

/**
 * All ABIs, for tables and for properties that must hold on each of them.
 *
 * @category constants
 * @since 0.1.0
 */
export const abis: ReadonlyArray<Abi> = Object.values(Abi)
