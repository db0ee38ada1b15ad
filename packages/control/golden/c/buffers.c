// Whole control buffers, built as a C program builds them: with the macros, the structures and the constants of the headers.
//
// "received" is what a kernel delivers, in its order; "sent" is what a program hands to it. Linux's order and sizes are measured
// (control-messages.md, sections 1 and 2). Windows documents no order: there it is Wine's.

#include "golden.h"

typedef struct {
  int level, type;
  const void *payload;
  unsigned size;
} Item;

#define ITEM(name, level, type, payload) static const Item name = {level, type, &payload, sizeof payload}

#define OURS IPV4(192, 0, 2, 1)
#define DESTINATION IPV4(198, 51, 100, 2)

// Linux names the address that it would answer from in spec_dst and takes a source there, not reading addr. Winsock has addr alone, for both.
static const PktInfo4 arrival4 = {.ipi_ifindex = 7, .ipi_addr.s_addr = DESTINATION, EITHER(.ipi_spec_dst.s_addr = OURS, )};
static const PktInfo4 departure4 = {.ipi_ifindex = 7, .EITHER(ipi_spec_dst, ipi_addr).s_addr = OURS};
static const PktInfo6 info6 = {.ipi6_addr = {{{0x20, 0x01, 0x0d, 0xb8, [15] = 1}}}, .ipi6_ifindex = 7};
ITEM(pktInfo4, IPPROTO_IP, IP_PKTINFO, arrival4);
ITEM(pktInfo4Sent, IPPROTO_IP, IP_PKTINFO, departure4);
ITEM(pktInfo6, IPPROTO_IPV6, IPV6_PKTINFO, info6);

static const int hops = 64, trafficClass = 0xb9; // expedited forwarding (46), ECT(1)
ITEM(hopLimit4, IPPROTO_IP, IP_TTL, hops);
ITEM(hopLimit6, IPPROTO_IPV6, IPV6_HOPLIMIT, hops);
ITEM(class4Sent, IPPROTO_IP, IP_TOS, trafficClass);
ITEM(class6, IPPROTO_IPV6, IPV6_TCLASS, trafficClass);

// On a dual-stack socket an IPv4 peer's datagram has the IPv4 messages, and its destination once more as an IPv6 address.
static const PktInfo6 mapped = {.ipi6_addr = {{{[10] = 0xff, 0xff, 198, 51, 100, 2}}}, .ipi6_ifindex = 7};
ITEM(pktInfoMapped, IPPROTO_IPV6, IPV6_PKTINFO, mapped);

// Next header UDP, no further 8 bytes, an experimental type, no segments left.
static const unsigned char routing[] = {17, 0, 253, 0, 1, 2, 3, 4};
ITEM(routingHeader, IPPROTO_IPV6, IPV6_RTHDR, routing);

// The number of what follows a header is there on arrival, 17 for UDP; on sending the kernel writes it.
#define HOP_BY_HOP(next) {next, 0, 5, 2, 0, 0, 1, 0} // router alert 0, padding of 2
#define DESTINATION_OPTIONS(next) {next, 1, 0x3e, 5, 1, 2, 3, 4, 5, 1, 5, 0, 0, 0, 0, 0} // an option of 5 bytes, padding of 7
#define GROUP(last) 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last
#define SEGMENTS(next) {next, 4, 4, 1, 1, 0, 0x12, 0x34, GROUP(1), GROUP(2)} // two segments, one left, no flags, tag 0x1234
static const unsigned char hopByHop[] = HOP_BY_HOP(17), hopByHopGiven[] = HOP_BY_HOP(0);
static const unsigned char segmentList[] = SEGMENTS(17);
ITEM(hopByHopOptions, IPPROTO_IPV6, IPV6_HOPOPTS, hopByHop);
ITEM(hopByHopOptionsSent, IPPROTO_IPV6, IPV6_HOPOPTS, hopByHopGiven);
ITEM(segments, IPPROTO_IPV6, IPV6_RTHDR, segmentList);
#ifdef IPV6_DSTOPTS // the headers of Windows have no number for it
static const unsigned char destination[] = DESTINATION_OPTIONS(17), destinationGiven[] = DESTINATION_OPTIONS(0);
ITEM(destinationOptions, IPPROTO_IPV6, IPV6_DSTOPTS, destination);
ITEM(destinationOptionsSent, IPPROTO_IPV6, IPV6_DSTOPTS, destinationGiven);
#endif
static const int whole = 1;
ITEM(unfragmented, IPPROTO_IPV6, IPV6_DONTFRAG, whole);

#ifdef _WIN32
#define class4 class4Sent
static const int ect1 = 1;
ITEM(ecn4, IPPROTO_IP, IP_ECN, ect1);
ITEM(ecn6, IPPROTO_IPV6, IPV6_ECN, ect1);
// Windows 10 up to 1607 delivers hop limit and class under these types (wine-mirror/wine, dlls/ws2_32/tests/sock.c).
ITEM(hopLimit4Early, IPPROTO_IP, IP_HOPLIMIT, hops);
ITEM(class4Early, IPPROTO_IP, IP_TCLASS, trafficClass);
// Linux takes no routing header with a datagram.
static const unsigned char segmentListGiven[] = SEGMENTS(0);
ITEM(segmentsSent, IPPROTO_IPV6, IPV6_RTHDR, segmentListGiven);
static const ULONG interfaceIndex = 7;
ITEM(originalArrivalInterface, IPPROTO_IP, IP_ORIGINAL_ARRIVAL_IF, interfaceIndex);
#ifndef UDP_SEND_MSG_SIZE // ws2ipdef.h of newer SDKs
#define UDP_SEND_MSG_SIZE 2
#define UDP_COALESCED_INFO 3
#endif
static const DWORD segment = 1200;
ITEM(segmentSize, IPPROTO_UDP, UDP_SEND_MSG_SIZE, segment);
ITEM(coalescedSize, IPPROTO_UDP, UDP_COALESCED_INFO, segment);
static const UINT64 ticks = 1700000000123456789;
ITEM(counterTimestamp, SOL_SOCKET, SO_TIMESTAMP, ticks);
#else
// One byte on arrival, though four are taken on sending.
static const unsigned char classByte = 0xb9;
ITEM(class4, IPPROTO_IP, IP_TOS, classByte);
static const unsigned drops = 5;
ITEM(dropCount, SOL_SOCKET, SO_RXQ_OVFL, drops);
// As wide as the C library's time: on ia32 the process must have asked with the number of that width, 35.
static const struct timespec stampOld = {1700000000, 123456789};
ITEM(timestampOld, SOL_SOCKET, SCM_TIMESTAMPNS, stampOld);
// By the kernel, by nobody, by the network card.
static const struct timespec stampsOld[] = {{1700000000, 123456789}, {0, 0}, {1600000000, 1}};
ITEM(timestampingOld, SOL_SOCKET, SCM_TIMESTAMPING, stampsOld);
#ifdef SO_TIMESTAMPNS_NEW // glibc has the number from the kernel's headers; musl has neither it nor them
// Twice 64 bits everywhere.
static const struct __kernel_timespec stamp = {1700000000, 123456789};
ITEM(timestamp, SOL_SOCKET, SO_TIMESTAMPNS_NEW, stamp);
static const struct __kernel_timespec stamps[] = {{1700000000, 123456789}, {0, 0}, {1600000000, 1}};
ITEM(timestamping, SOL_SOCKET, SO_TIMESTAMPING_NEW, stamps);
// What the error queue tells: a port that is closed, a packet that is too large for a router's next hop, the number of a send that was stamped.
#define EXTENDED_ERROR(what, of, ...) static const struct { struct sock_extended_err error; struct of offender; } what = {__VA_ARGS__}
EXTENDED_ERROR(refused4, sockaddr_in, {ECONNREFUSED, SO_EE_ORIGIN_ICMP, 3, 3}, {.sin_family = AF_INET, .sin_addr.s_addr = DESTINATION});
EXTENDED_ERROR(tooLarge6, sockaddr_in6, {EMSGSIZE, SO_EE_ORIGIN_ICMP6, 2, 0, .ee_info = 1280},
               {.sin6_family = AF_INET6, .sin6_addr = {{{0xfe, 0x80, [15] = 1}}}, .sin6_scope_id = 7});
EXTENDED_ERROR(tooLargeHere, sockaddr_in, {EMSGSIZE, SO_EE_ORIGIN_LOCAL, .ee_info = 1500}, {.sin_family = AF_UNSPEC});
EXTENDED_ERROR(stamped4, sockaddr_in, {ENOMSG, SO_EE_ORIGIN_TIMESTAMPING, .ee_info = SCM_TSTAMP_SCHED, .ee_data = 0xfffffffe}, {0});
EXTENDED_ERROR(stamped6, sockaddr_in6, {ENOMSG, SO_EE_ORIGIN_TIMESTAMPING, .ee_info = SCM_TSTAMP_SND, .ee_data = 9}, {0});
// A label stack follows the quoted datagram; on IPv6 it is invalid.
EXTENDED_ERROR(labelled4, sockaddr_in, {EHOSTUNREACH, SO_EE_ORIGIN_ICMP, 11, 0, .ee_rfc4884 = {.len = 100}},
               {.sin_family = AF_INET, .sin_addr.s_addr = DESTINATION});
EXTENDED_ERROR(labelled6, sockaddr_in6, {EHOSTUNREACH, SO_EE_ORIGIN_ICMP6, 3, 0, .ee_rfc4884 = {.len = 80, .flags = SO_EE_RFC4884_FLAG_INVALID}},
               {.sin6_family = AF_INET6, .sin6_addr = {{{0x20, 0x01, 0x0d, 0xb8, [15] = 1}}}});
ITEM(labelledReport4, IPPROTO_IP, IP_RECVERR, labelled4);
ITEM(labelledReport6, IPPROTO_IPV6, IPV6_RECVERR, labelled6);
ITEM(errorReport4, IPPROTO_IP, IP_RECVERR, refused4);
ITEM(errorReport6, IPPROTO_IPV6, IPV6_RECVERR, tooLarge6);
ITEM(ownReport, IPPROTO_IP, IP_RECVERR, tooLargeHere);
ITEM(stampedSend4, IPPROTO_IP, IP_RECVERR, stamped4);
ITEM(stampedSend6, IPPROTO_IPV6, IPV6_RECVERR, stamped6);
static const int stampIt = SOF_TIMESTAMPING_TX_SOFTWARE;
ITEM(transmitTimestamp, SOL_SOCKET, SO_TIMESTAMPING_OLD, stampIt);
// In network order: traffic class, label.
static const unsigned char flow[] = {0x0b, 0x90, 0xab, 0xcd}, flowSent[] = {0, 0, 0xab, 0xcd};
ITEM(flowLabel, IPPROTO_IPV6, IPV6_FLOWINFO, flow);
ITEM(flowLabelSent, IPPROTO_IPV6, IPV6_FLOWINFO, flowSent);
#endif
// A datagram is sent with the size in two bytes, and merged ones arrive with it in four.
static const unsigned short segmentShort = 1200;
static const int segment = 1200;
ITEM(segmentSize, IPPROTO_UDP, UDP_SEGMENT, segmentShort);
ITEM(coalescedSize, IPPROTO_UDP, UDP_GRO, segment);
static const unsigned markBits = 0xfedcba98, queue = 6;
ITEM(mark, SOL_SOCKET, SO_MARK, markBits);
ITEM(priority, SOL_SOCKET, SO_PRIORITY, queue);
static const unsigned long long nanoseconds = 1700000000123456789;
ITEM(transmitTime, SOL_SOCKET, SO_TXTIME, nanoseconds);
static const struct sockaddr_in name4 = {.sin_family = AF_INET, .sin_port = 0xe914 /* 5353 */, .sin_addr.s_addr = DESTINATION};
static const struct sockaddr_in6 name6 = {
    .sin6_family = AF_INET6, .sin6_port = 0xe914, .sin6_addr = {{{0x20, 0x01, 0x0d, 0xb8, [15] = 1}}}, .sin6_scope_id = 7};
ITEM(originalDestination4, IPPROTO_IP, IP_RECVORIGDSTADDR, name4);
ITEM(originalDestination6, IPPROTO_IPV6, IPV6_RECVORIGDSTADDR, name6);
static const unsigned sum = 0x8001fffe;
ITEM(checksum, IPPROTO_IP, IP_CHECKSUM, sum);
static const int fragmentSize = 1500;
ITEM(fragmentSize4, IPPROTO_IP, IP_RECVFRAGSIZE, fragmentSize);
ITEM(fragmentSize6, IPPROTO_IPV6, IPV6_RECVFRAGSIZE, fragmentSize);
// A pseudo-datagram's.
static const struct ip6_mtuinfo mtuInfo = {
    .ip6m_addr = {.sin6_family = AF_INET6, .sin6_addr = {{{0x20, 0x01, 0x0d, 0xb8, [15] = 1}}}}, .ip6m_mtu = 1280};
ITEM(pathMtu, IPPROTO_IPV6, IPV6_PATHMTU, mtuInfo);
// Record route: room for one address, and the end of options.
static const unsigned char options[] = {7, 7, 4, 0, 0, 0, 0, 0};
ITEM(ipOptions, IPPROTO_IP, IP_RECVOPTS, options);
ITEM(ipOptionsSent, IPPROTO_IP, IP_RETOPTS, options);
static const int descriptor = 5, descriptors[] = {5, 6, 7};
ITEM(right, SOL_SOCKET, SCM_RIGHTS, descriptor);
ITEM(rights, SOL_SOCKET, SCM_RIGHTS, descriptors);
static const struct ucred sender = {.pid = 4321, .uid = 1000, .gid = 65534};
ITEM(credentials, SOL_SOCKET, SCM_CREDENTIALS, sender);
#endif

static const struct {
  const char *name;
  const Item *items[16]; // the last one is NULL
} contents[] = {
    {"ipv4 received: pktInfo", {&pktInfo4}},
    {"ipv4 received: hopLimit", {&hopLimit4}},
    {"ipv4 received: trafficClass", {&class4}},
    {"ipv4 received: pktInfo hopLimit", {&pktInfo4, &hopLimit4}},
    {"ipv4 received: pktInfo hopLimit trafficClass", {&pktInfo4, &hopLimit4, &class4}},
    {"ipv6 received: pktInfo", {&pktInfo6}},
    {"ipv6 received: hopLimit", {&hopLimit6}},
    {"ipv6 received: trafficClass", {&class6}},
    {"ipv6 received: pktInfo hopLimit", {&pktInfo6, &hopLimit6}},
    {"ipv6 received: pktInfo hopLimit trafficClass", {&pktInfo6, &hopLimit6, &class6}},
    {"ipv6 received: pktInfo hopLimit trafficClass routingHeader routingHeader",
     {&pktInfo6, &hopLimit6, &class6, &routingHeader, &routingHeader}},
    {"ipv6 received: hopByHopOptions segments routingHeader", {&hopByHopOptions, &segments, &routingHeader}},
    {"dual received: pktInfo hopLimit trafficClass", {&pktInfoMapped, &pktInfo4, &hopLimit4, &class4}},
    {"ipv4 sent: pktInfo", {&pktInfo4Sent}},
    {"ipv4 sent: hopLimit", {&hopLimit4}},
    {"ipv4 sent: trafficClass", {&class4Sent}},
    {"ipv4 sent: pktInfo hopLimit trafficClass", {&pktInfo4Sent, &hopLimit4, &class4Sent}},
    {"ipv6 sent: pktInfo", {&pktInfo6}},
    {"ipv6 sent: hopLimit", {&hopLimit6}},
    {"ipv6 sent: trafficClass", {&class6}},
    {"ipv6 sent: pktInfo hopLimit trafficClass", {&pktInfo6, &hopLimit6, &class6}},
    {"ipv6 sent: hopByHopOptions", {&hopByHopOptionsSent}},
#ifdef IPV6_DSTOPTS
    {"ipv6 received: destinationOptions", {&destinationOptions}},
    {"ipv6 received: pktInfo hopLimit trafficClass hopByHopOptions destinationOptions segments destinationOptions",
     {&pktInfo6, &hopLimit6, &class6, &hopByHopOptions, &destinationOptions, &segments, &destinationOptions}},
    {"ipv6 sent: destinationOptions", {&destinationOptionsSent}},
    {"ipv6 sent: pktInfo hopLimit hopByHopOptions destinationOptions", {&pktInfo6, &hopLimit6, &hopByHopOptionsSent, &destinationOptionsSent}},
#endif
    {"ipv4 sent: segmentSize", {&segmentSize}},
    {"ipv4 received: coalescedSize", {&coalescedSize}},
    {"ipv6 sent: unfragmented", {&unfragmented}},
#ifdef _WIN32
    {"ipv6 sent: segments", {&segmentsSent}},
    {"ipv6 sent: pktInfo hopLimit hopByHopOptions segments", {&pktInfo6, &hopLimit6, &hopByHopOptionsSent, &segmentsSent}},
    {"ipv4 received: counterTimestamp", {&counterTimestamp}},
    {"ipv4 received: originalArrivalInterface", {&originalArrivalInterface}},
    {"ipv4 received: pktInfo hopLimit trafficClass originalArrivalInterface", {&pktInfo4, &hopLimit4, &class4, &originalArrivalInterface}},
    {"ipv4 received by Windows 10 1607: pktInfo hopLimit trafficClass", {&pktInfo4, &hopLimit4Early, &class4Early}},
    {"ipv4 sent: ecn", {&ecn4}},
    {"ipv6 sent: ecn", {&ecn6}},
#else
    {"ipv4 received: dropCount", {&dropCount}},
    {"ipv4 received: mark", {&mark}},
    {"ipv4 received: priority", {&priority}},
    {"ipv4 sent: mark priority", {&mark, &priority}},
    {"ipv4 sent: transmitTime", {&transmitTime}},
    {"ipv4 received: originalDestination", {&originalDestination4}},
    {"ipv6 received: originalDestination", {&originalDestination6}},
    {"ipv4 received: checksum", {&checksum}},
    {"ipv4 received: fragmentSize", {&fragmentSize4}},
    {"ipv6 received: fragmentSize", {&fragmentSize6}},
    {"ipv4 received: ipOptions", {&ipOptions}},
    {"ipv4 sent: ipOptions", {&ipOptionsSent}},
    {"ipv6 told: pathMtu", {&pathMtu}},
    {"unix received: right", {&right}},
    {"unix received: rights", {&rights}},
    {"unix received: credentials rights", {&credentials, &rights}},
    {"unix sent: right", {&right}},
    {"unix sent: rights", {&rights}},
    {"unix sent: credentials", {&credentials}},
    {"unix sent: rights credentials", {&rights, &credentials}},
    {"ipv4 received: timestampOld", {&timestampOld}},
    {"ipv4 received: timestampingOld", {&timestampingOld}},
    {"ipv4 received: timestampOld dropCount pktInfo hopLimit trafficClass", {&timestampOld, &dropCount, &pktInfo4, &hopLimit4, &class4}},
    {"ipv6 received: timestampOld dropCount pktInfo hopLimit trafficClass", {&timestampOld, &dropCount, &pktInfo6, &hopLimit6, &class6}},
#ifdef SO_TIMESTAMPNS_NEW
    {"ipv4 received: timestamp", {&timestamp}},
    {"ipv4 received: timestamp dropCount pktInfo hopLimit trafficClass", {&timestamp, &dropCount, &pktInfo4, &hopLimit4, &class4}},
    {"ipv6 received: timestamp dropCount pktInfo hopLimit trafficClass", {&timestamp, &dropCount, &pktInfo6, &hopLimit6, &class6}},
    {"ipv4 received: timestamping", {&timestamping}},
    {"ipv4 told: refused", {&errorReport4}},
    {"ipv6 told: tooLarge", {&errorReport6}},
    {"ipv4 told: tooLargeHere", {&ownReport}},
    {"ipv4 told: labelled", {&labelledReport4}},
    {"ipv6 told: labelled", {&labelledReport6}},
    {"ipv4 told: timestamp pktInfo hopLimit trafficClass refused",
     {&timestamp, &pktInfo4, &hopLimit4, &class4, &errorReport4}},
    {"ipv4 told: stamp stampedSend", {&timestamping, &stampedSend4}},
    {"ipv6 told: stamp stampedSend", {&timestamping, &stampedSend6}},
    {"ipv4 told: stampOld stampedSend", {&timestampingOld, &stampedSend4}},
    {"ipv6 told: stampOld stampedSend", {&timestampingOld, &stampedSend6}},
    {"ipv4 sent: transmitTimestamp", {&transmitTimestamp}},
    {"ipv6 sent: transmitTimestamp", {&transmitTimestamp}},
    {"ipv6 received: flowLabel", {&flowLabel}},
    {"ipv6 sent: flowLabel", {&flowLabelSent}},
    {"ipv4 received: timestamp timestamping dropCount mark priority coalescedSize pktInfo hopLimit trafficClass ipOptions originalDestination "
     "checksum fragmentSize",
     {&timestamp, &timestamping, &dropCount, &mark, &priority, &coalescedSize, &pktInfo4, &hopLimit4, &class4, &ipOptions,
      &originalDestination4, &checksum, &fragmentSize4}},
#endif
#endif
};

static void build(const char *name, const Item *const *items) {
  _Alignas(16) unsigned char bytes[512];
  for (unsigned i = 0; i < sizeof bytes; i++) bytes[i] = 0; // the padding, too
  unsigned used = 0;
  Message room = AROUND(bytes, sizeof bytes);
  Header *header = NULL;
  for (; *items; items++) {
    const Item *item = *items;
    header = header ? NEXT(&room, header) : FIRST(&room);
    header->cmsg_len = LENGTH(item->size);
    header->cmsg_level = item->level;
    header->cmsg_type = item->type;
    for (unsigned i = 0; i < item->size; i++) DATA(header)[i] = ((const unsigned char *)item->payload)[i];
    used += SPACE(item->size);
  }

  put_open(NULL, '{');
  put_text("name", name), put_number("controlLength", used);
  // Read back by the macros out of what was written, so that both directions of them agree.
  put_open("messages", '[');
  Message written = AROUND(bytes, used);
  for (header = FIRST(&written); header; header = NEXT(&written, header)) {
    put_open(NULL, '{');
    put_number("level", header->cmsg_level), put_number("type", header->cmsg_type), put_number("length", header->cmsg_len);
    put_hex("payload", DATA(header), header->cmsg_len - LENGTH(0));
    put_close('}');
  }
  put_close(']');
  put_hex("bytes", bytes, used);
  put_close('}');
}

void buffers(void) {
  put_open("buffers", '[');
  for (unsigned i = 0; i < COUNT(contents); i++) build(contents[i].name, contents[i].items);
  put_close(']');
}
