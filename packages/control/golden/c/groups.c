// What a membership is asked for with: group, interface 7, and the source where one is meant. Each structure as a C program fills it.

#include "golden.h"

static const struct sockaddr_in group4 = {.sin_family = AF_INET, .sin_addr.s_addr = IPV4(239, 1, 2, 3)};
static const struct sockaddr_in source4 = {.sin_family = AF_INET, .sin_addr.s_addr = IPV4(192, 0, 2, 1)};
static const struct sockaddr_in6 group6 = {.sin6_family = AF_INET6, .sin6_addr = {{{0xff, 0x15, [14] = 0x12, 0x34}}}};
static const struct sockaddr_in6 source6 = {.sin6_family = AF_INET6, .sin6_addr = {{{0x20, 0x01, 0x0d, 0xb8, [15] = 1}}}};

static struct group_req any4 = {.gr_interface = 7}, any6 = {.gr_interface = 7};
static struct group_source_req one4 = {.gsr_interface = 7}, one6 = {.gsr_interface = 7};
#ifdef _WIN32
static const struct ipv6_mreq mreq6 = {.ipv6mr_multiaddr = {{{0xff, 0x15, [14] = 0x12, 0x34}}}, .ipv6mr_interface = 7};
// An address of 0.0.0.0/8 stands for an index.
static const struct ip_mreq mreq4 = {.imr_multiaddr.s_addr = IPV4(239, 1, 2, 3), .imr_interface.s_addr = IPV4(0, 0, 0, 7)};
#else
static const struct ip_mreqn interface4 = {.imr_ifindex = 7};
#endif

static void put_structure(const char *name, const void *bytes, size_t size) {
  put_open(NULL, '{');
  put_text("name", name), put_hex("bytes", bytes, size);
  put_close('}');
}
#define STRUCTURE(name, value) put_structure(name, &value, sizeof value)

void groups(void) {
  *(struct sockaddr_in *)&any4.gr_group = group4;
  *(struct sockaddr_in6 *)&any6.gr_group = group6;
  *(struct sockaddr_in *)&one4.gsr_group = group4, *(struct sockaddr_in *)&one4.gsr_source = source4;
  *(struct sockaddr_in6 *)&one6.gsr_group = group6, *(struct sockaddr_in6 *)&one6.gsr_source = source6;

  put_open("groups", '[');
  STRUCTURE("group_req 239.1.2.3", any4), STRUCTURE("group_req ff15::1234", any6);
  STRUCTURE("group_source_req 239.1.2.3 192.0.2.1", one4), STRUCTURE("group_source_req ff15::1234 2001:db8::1", one6);
#ifdef _WIN32
  STRUCTURE("mreq 239.1.2.3", mreq4), STRUCTURE("mreq ff15::1234", mreq6);
#else
  STRUCTURE("multicast interface", interface4);
#endif
  put_close(']');
}
