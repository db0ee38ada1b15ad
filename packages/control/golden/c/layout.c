// Sizes and offsets. `layout` has the keys of the interface Abi (src/Abi.ts), field by field, without name, platform and proof.

#include "golden.h"

// What headers and payloads start at a multiple of, in the words of the macros and not of _Alignof(Header): that is 4 with musl on 64 bits,
// whose cmsg_len is an int and a pad, while its macros round up to 8.
#define ALIGN (SPACE(1) - SPACE(0))

// Winsock rounds headers and payloads up by macros of their own, and Abi has one number for both.
#ifdef _WIN32
_Static_assert(WSA_CMSGHDR_ALIGN(1) == ALIGN && WSA_CMSGDATA_ALIGN(1) == ALIGN, "headers and payloads are aligned alike");
#else
_Static_assert(CMSG_ALIGN(1) == ALIGN, "headers and payloads are aligned alike");
#endif

#define SIZE(type) put_number("size", sizeof(type))
#define AT(key, type, member) put_number(key, offsetof(type, member))
#define FIELD(key, type, member) \
  (put_open(key, '{'), AT("at", type, member), put_number("bytes", sizeof(((type *)0)->member)), put_close('}'))

void layout(void) {
  put_open("layout", '{');
  put_number("pointerBytes", sizeof(void *));

  put_open("cmsghdr", '{');
  SIZE(Header), put_number("align", ALIGN);
  FIELD("length", Header, cmsg_len), AT("level", Header, cmsg_level), AT("type", Header, cmsg_type);
  put_close('}');

  put_open("msghdr", '{');
  SIZE(Message);
  AT("name", Message, EITHER(msg_name, name)), FIELD("nameLength", Message, EITHER(msg_namelen, namelen));
  AT("buffers", Message, EITHER(msg_iov, lpBuffers)), FIELD("bufferCount", Message, EITHER(msg_iovlen, dwBufferCount));
  AT("control", Message, EITHER(msg_control, Control.buf)), FIELD("controlLength", Message, EITHER(msg_controllen, Control.len));
  FIELD("flags", Message, EITHER(msg_flags, dwFlags));
  put_close('}');

#ifdef _WIN32
  put_null("mmsghdr");
#else
  put_open("mmsghdr", '{');
  SIZE(struct mmsghdr), AT("length", struct mmsghdr, msg_len);
  put_close('}');
#endif

  put_open("iovec", '{');
  SIZE(Buffer), AT("base", Buffer, EITHER(iov_base, buf)), FIELD("length", Buffer, EITHER(iov_len, len));
  put_close('}');

  put_open("sockaddr", '{');
  // The BSD shape has a byte of length before the family; none of these targets has it.
  put_boolean("lengthByte", offsetof(struct sockaddr, sa_family) != 0);
  put_number("ipv4", sizeof(struct sockaddr_in)), put_number("ipv6", sizeof(struct sockaddr_in6));
  put_number("unix", sizeof(struct sockaddr_un));
  put_close('}');

  put_open("groupReq", '{');
  SIZE(struct group_req), AT("group", struct group_req, gr_group);
  put_close('}');

  put_open("groupSourceReq", '{');
  SIZE(struct group_source_req), AT("source", struct group_source_req, gsr_source);
  put_close('}');

  put_open("family", '{');
  put_number("ipv4", AF_INET), put_number("ipv6", AF_INET6), put_number("unix", AF_UNIX);
  put_close('}');
  put_close('}');
}

void structs(void) {
  put_open("structs", '{');

  put_open("in_pktinfo", '{');
  SIZE(PktInfo4), AT("ifindex", PktInfo4, ipi_ifindex);
  EITHER(AT("spec_dst", PktInfo4, ipi_spec_dst), put_null("spec_dst")), AT("addr", PktInfo4, ipi_addr);
  put_close('}');

  put_open("in6_pktinfo", '{');
  SIZE(PktInfo6), AT("ifindex", PktInfo6, ipi6_ifindex), AT("addr", PktInfo6, ipi6_addr);
  put_close('}');

  put_open("sockaddr_in", '{');
  SIZE(struct sockaddr_in), AT("family", struct sockaddr_in, sin_family);
  AT("port", struct sockaddr_in, sin_port), AT("addr", struct sockaddr_in, sin_addr);
  put_close('}');

  put_open("sockaddr_in6", '{');
  SIZE(struct sockaddr_in6), AT("family", struct sockaddr_in6, sin6_family);
  AT("port", struct sockaddr_in6, sin6_port), AT("flowinfo", struct sockaddr_in6, sin6_flowinfo);
  AT("addr", struct sockaddr_in6, sin6_addr), AT("scope", struct sockaddr_in6, sin6_scope_id);
  put_close('}');

#ifdef _WIN32
  put_open("TIMESTAMPING_CONFIG", '{');
  SIZE(TIMESTAMPING_CONFIG), AT("flags", TIMESTAMPING_CONFIG, Flags);
  AT("buffered", TIMESTAMPING_CONFIG, TxTimestampsBuffered);
  put_close('}');

  put_null("timespec");
#else
  put_open("timespec", '{');
  SIZE(struct timespec), AT("seconds", struct timespec, tv_sec), AT("nanoseconds", struct timespec, tv_nsec);
  put_close('}');
#endif
  put_close('}');
}

#ifdef __GLIBC__
// Enumerators, which an #ifdef does not see.
#define SOF_TIMESTAMPING_TX_SOFTWARE SOF_TIMESTAMPING_TX_SOFTWARE
#define SOF_TIMESTAMPING_TX_SCHED SOF_TIMESTAMPING_TX_SCHED
#define SOF_TIMESTAMPING_OPT_ID SOF_TIMESTAMPING_OPT_ID
#define SOF_TIMESTAMPING_OPT_TSONLY SOF_TIMESTAMPING_OPT_TSONLY
#define SOF_TIMESTAMPING_RX_HARDWARE SOF_TIMESTAMPING_RX_HARDWARE
#define SOF_TIMESTAMPING_RX_SOFTWARE SOF_TIMESTAMPING_RX_SOFTWARE
#define SOF_TIMESTAMPING_SOFTWARE SOF_TIMESTAMPING_SOFTWARE
#define SOF_TIMESTAMPING_RAW_HARDWARE SOF_TIMESTAMPING_RAW_HARDWARE
#endif

void constants(void) {
  put_open("constants", '{');
// One line for each name of constants.txt, behind its #ifdef; written by generate.mjs.
#include "constants.h"
#ifdef _WIN32
  static const GUID receive = WSAID_WSARECVMSG;
  put_hex("WSAID_WSARECVMSG", &receive, sizeof receive);
#endif
  put_close('}');
}
