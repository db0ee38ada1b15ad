/** Typed declarations of every foreign call of this driver. */
import { koffi } from "@ancillary/native/koffi"
import type { LibraryHandle } from "koffi"

/** A memory address as a number. It is below 2^47 on every 64-bit system that koffi supports. */
export type Address = number

/** Arguments are those of the C declarations. Every pointer is an address of memory that was prepared before. */
export interface Libc {
  /** `glibc`, `musl` or another C library of the process, as far as it can be detected. */
  readonly name: string
  /** int socket(int domain, int type, int protocol) */
  readonly socket: (domain: number, type: number, protocol: number) => number
  /** int socketpair(int domain, int type, int protocol, int sv[2]) */
  readonly socketpair: (domain: number, type: number, protocol: number, descriptors: Uint8Array) => number
  /** int close(int fd) */
  readonly close: (fd: number) => number
  /** Closes descriptors in threads of their own. Linux. */
  readonly closingThreads: ClosingThreads | undefined
  /** int ioctl(int fd, unsigned long request, ...) */
  readonly ioctl: (fd: number, request: number, argument: Uint8Array) => number
  /** int bind(int fd, const struct sockaddr *addr, socklen_t addrlen) */
  readonly bind: (fd: number, name: Uint8Array, length: number) => number
  /** int connect(int fd, const struct sockaddr *addr, socklen_t addrlen) */
  readonly connect: (fd: number, name: Uint8Array, length: number) => number
  /** int getsockname(int fd, struct sockaddr *addr, socklen_t *addrlen) */
  readonly getsockname: (fd: number, name: Uint8Array, length: Uint8Array) => number
  /** int setsockopt(int fd, int level, int optname, const void *optval, socklen_t optlen) */
  readonly setsockopt: (fd: number, level: number, option: number, value: Uint8Array, length: number) => number
  /** int getsockopt(int fd, int level, int optname, void *optval, socklen_t *optlen) */
  readonly getsockopt: (fd: number, level: number, option: number, value: Uint8Array, length: Uint8Array) => number
  /** ssize_t send(int fd, const void *buf, size_t len, int flags) */
  readonly send: (fd: number, data: Uint8Array, length: number, flags: number) => number
  /** ssize_t recv(int fd, void *buf, size_t len, int flags) */
  readonly recv: (fd: number, into: Uint8Array, length: number, flags: number) => number
  /** Calls on memory whose address is known. They cost a third as much. */
  readonly getsockoptAt: (fd: number, level: number, option: number, value: Address, length: Address) => number
  readonly setsockoptAt: (fd: number, level: number, option: number, value: Address, length: number) => number
  readonly bindAt: (fd: number, name: Address, length: number) => number
  readonly getsocknameAt: (fd: number, name: Address, length: Address) => number
  /** int getpeername(int fd, struct sockaddr *addr, socklen_t *addrlen) */
  readonly getpeernameAt: (fd: number, name: Address, length: Address) => number
  /** int getifaddrs(struct ifaddrs **ifap) */
  readonly getifaddrs: (first: Uint8Array) => number
  /** void freeifaddrs(struct ifaddrs *ifa) */
  readonly freeifaddrs: (first: Address) => void
  /** unsigned int if_nametoindex(const char *ifname). Returns 0 if there is no such interface. */
  readonly if_nametoindex: (name: string) => number
  /** ssize_t recvmsg(int fd, struct msghdr *msg, int flags) */
  readonly recvmsg: (fd: number, message: Address, flags: number) => number
  /** ssize_t sendmsg(int fd, const struct msghdr *msg, int flags) */
  readonly sendmsg: (fd: number, message: Address, flags: number) => number
  /** int recvmmsg(int fd, struct mmsghdr *msgvec, unsigned int vlen, int flags, struct timespec *timeout). Linux. */
  readonly recvmmsg:
    | ((fd: number, messages: Address, count: number, flags: number, timeout: Address) => number)
    | undefined
  /** int sendmmsg(int fd, struct mmsghdr *msgvec, unsigned int vlen, int flags). Linux. */
  readonly sendmmsg: ((fd: number, messages: Address, count: number, flags: number) => number) | undefined
  /** epoll(7). Linux. */
  readonly epoll: Epoll | undefined
}

/** The calls of epoll(7), whose events are laid out by `epoll.ts`. */
export interface Epoll {
  /** int epoll_create1(int flags) */
  readonly create: (flags: number) => number
  /** int epoll_ctl(int epfd, int op, int fd, struct epoll_event *event). `event` is an address. */
  readonly control: (epoll: number, operation: number, fd: number, event: Address) => number
  /** int epoll_wait(int epfd, struct epoll_event *events, int maxevents, int timeout). `events` is an address. */
  readonly wait: (epoll: number, events: Address, most: number, milliseconds: number) => number
  /** int dup3(int oldfd, int newfd, int flags) */
  readonly duplicate: (from: number, onto: number, flags: number) => number
}

/** Creates threads that close descriptors. Linux only, because Darwin cannot report whether a thread has ended. */
export interface ClosingThreads {
  /** Starts to close a descriptor. Returns the thread, or `undefined` if the system has no room for another. */
  readonly begin: (fd: number) => Address | undefined
  /** Returns true if a thread has ended. Its memory is then free. */
  readonly hasEnded: (thread: Address) => boolean
}

/** Finds the C library of the process: the glibc or musl that Node is linked to. */
export const load = (platform: "linux" | "darwin"): Libc => {
  // Linux: the symbols of the running process, so the name of the library file is not needed.
  const library = koffi().load(platform === "darwin" ? "/usr/lib/libSystem.B.dylib" : null)
  const linux = platform === "linux"
  // Darwin: on arm64, variadic arguments are passed differently from named ones, so ioctl is declared as variadic.
  const ioctl = library.func("int ioctl(int fd, unsigned long request, ...)")
  // koffi has no ssize_t, and its functions are untyped. They get their types here.
  return {
    name: nameOf(library),
    socket: library.func("socket", "int", ["int", "int", "int"]),
    socketpair: library.func("socketpair", "int", ["int", "int", "int", "void *"]),
    close: library.func("close", "int", ["int"]),
    closingThreads: linux ? closingThreads(library) : undefined,
    ioctl: (fd, request, argument) => Number(ioctl(fd, request, "void *", argument)),
    bind: library.func("bind", "int", ["int", "void *", "uint32_t"]),
    connect: library.func("connect", "int", ["int", "void *", "uint32_t"]),
    getsockname: library.func("getsockname", "int", ["int", "void *", "void *"]),
    setsockopt: library.func("setsockopt", "int", ["int", "int", "int", "void *", "uint32_t"]),
    getsockopt: library.func("getsockopt", "int", ["int", "int", "int", "void *", "void *"]),
    send: library.func("send", "int64_t", ["int", "void *", "size_t", "int"]),
    recv: library.func("recv", "int64_t", ["int", "void *", "size_t", "int"]),
    getsockoptAt: library.func("getsockopt", "int", ["int", "int", "int", "uintptr_t", "uintptr_t"]),
    setsockoptAt: library.func("setsockopt", "int", ["int", "int", "int", "uintptr_t", "uint32_t"]),
    bindAt: library.func("bind", "int", ["int", "uintptr_t", "uint32_t"]),
    getsocknameAt: library.func("getsockname", "int", ["int", "uintptr_t", "uintptr_t"]),
    getpeernameAt: library.func("getpeername", "int", ["int", "uintptr_t", "uintptr_t"]),
    getifaddrs: library.func("getifaddrs", "int", ["void *"]),
    freeifaddrs: library.func("freeifaddrs", "void", ["uintptr_t"]),
    if_nametoindex: library.func("if_nametoindex", "uint32_t", ["str"]),
    recvmsg: library.func("recvmsg", "int64_t", ["int", "uintptr_t", "int"]),
    sendmsg: library.func("sendmsg", "int64_t", ["int", "uintptr_t", "int"]),
    recvmmsg: linux ? library.func("recvmmsg", "int", ["int", "uintptr_t", "uint32_t", "int", "uintptr_t"]) : undefined,
    sendmmsg: linux ? library.func("sendmmsg", "int", ["int", "uintptr_t", "uint32_t", "int"]) : undefined,
    epoll: linux
      ? {
          create: library.func("epoll_create1", "int", ["int"]),
          control: library.func("epoll_ctl", "int", ["int", "int", "int", "uintptr_t"]),
          wait: library.func("epoll_wait", "int", ["int", "uintptr_t", "int", "int"]),
          duplicate: library.func("dup3", "int", ["int", "int", "int"])
        }
      : undefined
  }
}

/**
 * Runs `close` as the whole function of a thread. On every supported processor, its argument and its result have the same places as those
 * of a thread's function.
 */
const closingThreads = (library: LibraryHandle): ClosingThreads => {
  // int pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *), void *arg)
  const create = library.func("pthread_create", "int", ["void *", "void *", "uintptr_t", "uintptr_t"])
  // int pthread_tryjoin_np(pthread_t thread, void **retval). Returns 0 once the thread has ended.
  const tryJoin = library.func("pthread_tryjoin_np", "int", ["uintptr_t", "uintptr_t"])
  const start: Address = Number(library.func("dlsym", "uintptr_t", ["uintptr_t", "str"])(0, "close"))
  // The size is 56 or 64 bytes in glibc, and 56 in musl. The stack gets 64 KiB; the default is 8 MiB.
  const attributes = new Uint8Array(256)
  library.func("pthread_attr_init", "int", ["void *"])(attributes)
  library.func("pthread_attr_setstacksize", "int", ["void *", "size_t"])(attributes, 65_536)
  const made = new DataView(new ArrayBuffer(8))
  const thread = new Uint8Array(made.buffer)
  return {
    begin: (fd) => (create(thread, attributes, start, fd) === 0 ? Number(made.getBigUint64(0, true)) : undefined),
    hasEnded: (each) => tryJoin(each, 0) === 0
  }
}

/** glibc is detected by a symbol that only it has, musl by the name of its loader. */
const nameOf = (library: LibraryHandle): string => {
  try {
    library.func("gnu_get_libc_version", "str", [])
    return "glibc"
  } catch {
    const report: unknown = process.report.getReport()
    const objects: unknown =
      typeof report === "object" && report !== null && "sharedObjects" in report ? report.sharedObjects : undefined
    return Array.isArray(objects) && objects.some((path) => /ld-musl|libc\.musl/.test(String(path)))
      ? "musl"
      : "unknown"
  }
}
