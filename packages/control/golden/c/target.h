// The real headers of the target, one spelling for what POSIX and Winsock name differently.
//
// Nothing here or in the files that include this calls a C library: a Windows target is run inside a Linux process (see image.h), where it has
// none. So the text of a document is written by hand (text.c), and only run.c prints.

#ifdef _WIN32
#define _WIN32_WINNT 0x0A00 // Windows 10: without it the newer options are hidden
#define NTDDI_VERSION 0x0A00000A // … of 2021, without which those of mstcpip.h are
#include <winsock2.h>
#include <ws2tcpip.h>
#include <mstcpip.h>
#include <mswsock.h>
#include <afunix.h>
#define EITHER(posix, winsock) winsock
#define LENGTH WSA_CMSG_LEN
#define SPACE WSA_CMSG_SPACE
#define FIRST WSA_CMSG_FIRSTHDR
#define NEXT WSA_CMSG_NXTHDR
#define DATA WSA_CMSG_DATA
typedef WSACMSGHDR Header;
typedef WSAMSG Message;
typedef WSABUF Buffer;
typedef IN_PKTINFO PktInfo4;
typedef IN6_PKTINFO PktInfo6;
#else
#define _GNU_SOURCE // in6_pktinfo, mmsghdr
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#ifdef __GLIBC__ // musl has none of the kernel's own headers
#include <linux/errqueue.h>
#include <linux/in6.h>
#include <linux/net_tstamp.h>
#include <linux/time_types.h>
#endif
#define EITHER(posix, winsock) posix
#define LENGTH CMSG_LEN
#define SPACE CMSG_SPACE
#define FIRST CMSG_FIRSTHDR
#define NEXT CMSG_NXTHDR
#define DATA CMSG_DATA
typedef struct cmsghdr Header;
typedef struct msghdr Message;
typedef struct iovec Buffer;
typedef struct in_pktinfo PktInfo4;
typedef struct in6_pktinfo PktInfo6;
#endif
#include <errno.h>
#include <stddef.h>

// In network order, on little-endian machines.
#define IPV4(a, b, c, d) ((unsigned)(a) | (b) << 8 | (c) << 16 | (unsigned)(d) << 24)

#define COUNT(array) (sizeof(array) / sizeof *(array))

// A message of no destination and no data around a control buffer: what the macros want to see.
#define AROUND(bytes, size) \
  ((Message){EITHER(.msg_control = (bytes), .Control.buf = (char *)(bytes)), EITHER(.msg_controllen, .Control.len) = (size)})
