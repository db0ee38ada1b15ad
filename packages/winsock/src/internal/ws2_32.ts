/** Typed declarations of every foreign call of this driver. */
import { koffi } from "@ancillary/native/koffi"

/** A memory address as a number. It is below 2^47 on every 64-bit system that koffi supports. */
export type Address = number

/** A SOCKET: a handle, not a file descriptor. */
export type Handle = number

/** `int WSARecvMsg(SOCKET s, LPWSAMSG lpMsg, LPDWORD received, LPWSAOVERLAPPED overlapped, LPWSAOVERLAPPED_COMPLETION_ROUTINE done)` */
export type WSARecvMsg = (s: Handle, message: Address, received: Address, overlapped: 0, done: 0) => number

/**
 * Arguments are those of the C declarations. A pointer is the address of memory that was prepared before, or bytes for the duration of the
 * call.
 */
export interface Ws2 {
  /** int WSAStartup(WORD wVersionRequested, LPWSADATA lpWSAData). Returns the error itself. */
  readonly WSAStartup: (version: number, data: Uint8Array) => number
  /** int WSACleanup() */
  readonly WSACleanup: () => number
  /** int WSAGetLastError(). koffi keeps it between calls. Read it before any other call is made. */
  readonly WSAGetLastError: () => number
  /** SOCKET WSASocketW(int af, int type, int protocol, LPWSAPROTOCOL_INFOW lpProtocolInfo, GROUP g, DWORD dwFlags). INVALID_SOCKET is -1. */
  readonly WSASocketW: (
    family: number,
    type: number,
    protocol: number,
    info: Address,
    group: number,
    flags: number
  ) => Handle
  /** int closesocket(SOCKET s) */
  readonly closesocket: (s: Handle) => number
  /** int bind(SOCKET s, const struct sockaddr *name, int namelen) */
  readonly bind: (s: Handle, name: Uint8Array, length: number) => number
  /** int connect(SOCKET s, const struct sockaddr *name, int namelen) */
  readonly connect: (s: Handle, name: Uint8Array, length: number) => number
  /** int getsockname(SOCKET s, struct sockaddr *name, int *namelen) */
  readonly getsockname: (s: Handle, name: Uint8Array, length: Uint8Array) => number
  /** int getpeername(SOCKET s, struct sockaddr *name, int *namelen) */
  readonly getpeername: (s: Handle, name: Uint8Array, length: Uint8Array) => number
  /** int setsockopt(SOCKET s, int level, int optname, const char *optval, int optlen) */
  readonly setsockopt: (s: Handle, level: number, option: number, value: Uint8Array, length: number) => number
  /** int getsockopt(SOCKET s, int level, int optname, char *optval, int *optlen) */
  readonly getsockopt: (s: Handle, level: number, option: number, value: Uint8Array, length: Uint8Array) => number
  /**
   * int WSAIoctl(SOCKET s, DWORD code, LPVOID in, DWORD inBytes, LPVOID out, DWORD outBytes, LPDWORD returned, LPWSAOVERLAPPED overlapped,
   * LPWSAOVERLAPPED_COMPLETION_ROUTINE done)
   */
  readonly WSAIoctl: (
    s: Handle,
    code: number,
    input: Uint8Array | null,
    inputBytes: number,
    output: Uint8Array | null,
    outputBytes: number,
    returned: Uint8Array,
    overlapped: 0,
    done: 0
  ) => number
  /**
   * int WSASendMsg(SOCKET s, LPWSAMSG lpMsg, DWORD dwFlags, LPDWORD sent, LPWSAOVERLAPPED overlapped,
   * LPWSAOVERLAPPED_COMPLETION_ROUTINE done)
   */
  readonly WSASendMsg: (s: Handle, message: Address, flags: number, sent: Address, overlapped: 0, done: 0) => number
  /** No library exports WSARecvMsg. It is the function at the address that WSAIoctl returned. */
  readonly receiver: (pointer: bigint) => WSARecvMsg
  /** The DWORD in which WSARecvMsg and WSASendMsg count bytes. All calls share it, and it is read directly after each. */
  readonly moved: { readonly bytes: Uint32Array; readonly address: Address }
}

const find = (): Ws2 => {
  const library = koffi().load("ws2_32.dll")
  const handle = "uintptr_t"
  const address = "uintptr_t"
  const memory = "void *"
  // Winsock: __stdcall matters on 32-bit x86, where the callee clears the stack. koffi ignores it elsewhere.
  const call = (name: string, result: string, parameters: Array<string>) =>
    library.func("__stdcall", name, result, parameters)
  const recvMsg = koffi().proto("__stdcall", "int", [handle, address, address, address, address])
  const receivers = new Map<bigint, WSARecvMsg>()
  const bytes = new Uint32Array(1)

  return {
    WSAStartup: call("WSAStartup", "int", ["uint16_t", memory]),
    WSACleanup: call("WSACleanup", "int", []),
    WSAGetLastError: call("WSAGetLastError", "int", []),
    WSASocketW: call("WSASocketW", "intptr_t", ["int", "int", "int", address, "uint32_t", "uint32_t"]),
    closesocket: call("closesocket", "int", [handle]),
    bind: call("bind", "int", [handle, memory, "int"]),
    connect: call("connect", "int", [handle, memory, "int"]),
    getsockname: call("getsockname", "int", [handle, memory, memory]),
    getpeername: call("getpeername", "int", [handle, memory, memory]),
    setsockopt: call("setsockopt", "int", [handle, "int", "int", memory, "int"]),
    getsockopt: call("getsockopt", "int", [handle, "int", "int", memory, memory]),
    WSAIoctl: call("WSAIoctl", "int", [
      handle,
      "uint32_t",
      memory,
      "uint32_t",
      memory,
      "uint32_t",
      memory,
      address,
      address
    ]),
    WSASendMsg: call("WSASendMsg", "int", [handle, address, "uint32_t", address, address, address]),
    receiver: (pointer) => {
      const known = receivers.get(pointer)
      if (known !== undefined) return known
      // koffi decodes without types; the result gets its type here.
      const found = koffi().decode(pointer, recvMsg) as WSARecvMsg
      receivers.set(pointer, found)
      return found
    },
    moved: { bytes, address: Number(koffi().address(bytes)) }
  }
}

let found: Ws2 | undefined

/** Returns the calls of `ws2_32.dll`, looked up once for each process. */
export const load = (): Ws2 => (found ??= find())
