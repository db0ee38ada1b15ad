/**
 * How a platform lays out what `recvmsg` and `WSARecvMsg` touch: plain data, one row an ABI.
 *
 * A control buffer is a sequence of objects. Each begins with a header (`cmsghdr`, `WSACMSGHDR`), then comes the payload, then padding up to
 * where the next header may start. On a 64-bit Linux or Windows, an object with 4 bytes of payload is
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
 * Every number here is compared with what a C compiler prints for the real headers (`packages/control/golden`), except where `proof` says
 * `"documentation"`. All these ABIs are little-endian.
 *
 * @since 0.1.0
 */

/**
 * The operating systems that differ in what a control message is called and how it is laid out.
 *
 * @category models
 * @since 0.1.0
 */
export type Platform = "winsock" | "linux" | "darwin"

/**
 * The ABIs that control buffers are laid out for: platform, C library where it matters, width of a pointer.
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
 * An integer inside a structure: where it starts and how many bytes wide it is.
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
   * What shows that the numbers are right: `"run"`, used by a process of this ABI in our tests; `"headers"`, equal to what a compiler prints
   * for the real headers; `"documentation"`, nothing but documents.
   */
  readonly proof: "run" | "headers" | "documentation"
  readonly pointerBytes: 4 | 8
  /** Bytes of control data beyond which the C library refuses a send before the kernel sees it. */
  readonly controlLimit?: number | undefined
  /** `cmsghdr`, `WSACMSGHDR`. `align` is what headers and payloads start at a multiple of. */
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
  /** `mmsghdr`, the element of what `recvmmsg` takes: a `msghdr`, then the bytes received. Linux only. */
  readonly mmsghdr: { readonly size: number; readonly length: number } | undefined
  /** `iovec`, `WSABUF`. */
  readonly iovec: { readonly size: number; readonly base: number; readonly length: Field }
  /** `sockaddr_*`. `lengthByte`: the BSD shape, whose first byte is the structure's length and whose family is one byte wide. */
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

// A sockaddr_storage is aligned as the widest integer of the ABI is: to 8 bytes, but for the i386 of Linux and where Darwin packs to 4.
const aligned8 = { groupReq: { size: 136, group: 8 }, groupSourceReq: { size: 264, source: 136 } } as const
const aligned4 = { groupReq: { size: 132, group: 4 }, groupSourceReq: { size: 260, source: 132 } } as const

const winsock64 = {
  platform: "winsock",
  pointerBytes: 8,
  // The header wins over the page that describes it: cmsg_len is a SIZE_T, 8 bytes here, not a UINT.
  cmsghdr: { size: 16, align: 8, length: { at: 0, bytes: 8 }, level: 8, type: 12 },
  msghdr: {
    size: 56,
    name: 0,
    nameLength: { at: 8, bytes: 4 },
    buffers: 16,
    bufferCount: { at: 24, bytes: 4 },
    // Control is a WSABUF: the length comes before the pointer.
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
  // musl declares the three lengths as 4 bytes and a pad of 4. The kernel reads 8: the pad is written as zero.
  linuxMusl64: {
    name: "linux-musl-64",
    proof: "headers",
    ...linuxGlibc64,
    // musl: sendmsg copies control data onto its stack to clear those pads, 1024 bytes of it at most, else ENOMEM.
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
 * Every ABI, for tables and for properties that must hold on all of them.
 *
 * @category constants
 * @since 0.1.0
 */
export const abis: ReadonlyArray<Abi> = Object.values(Abi)
