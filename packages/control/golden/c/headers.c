// IPv6 extension headers as the functions of RFC 3542 build them, sections 7 and 10. Of the C libraries here glibc alone has them.

#include "golden.h"

#ifdef __GLIBC__

// An option: its type, its length, and what its data, not its type, is aligned to.
typedef struct {
  unsigned char type, length, align;
} Option;

static const struct {
  const char *name;
  Option options[5];
  unsigned count;
} optionHeaders[] = {
    {"no option", {}, 0},
    {"router alert", {{5, 2, 2}}, 1},
    {"home address, 8n+6", {{0xc9, 16, 8}}, 1},
    {"one byte short of the end", {{0x1e, 3, 1}}, 1},
    {"exactly to the end", {{0x1e, 4, 1}}, 1},
    {"7 bytes before the end", {{0x1e, 5, 1}}, 1},
    {"of each alignment", {{0x1e, 1, 1}, {0x1e, 2, 2}, {0x1e, 4, 4}, {0x1e, 8, 8}}, 4},
    {"7 bytes of padding twice", {{0x1e, 5, 1}, {0x1e, 8, 8}, {0x1e, 3, 1}, {0x1e, 8, 8}}, 4},
    {"more than 255 bytes", {{0x1e, 255, 1}, {0x3e, 255, 4}, {0x9e, 64, 8}}, 3},
};

// As RFC 3542 has it: once for the size, without bytes, and once for the bytes, which then begin with that size.
static int build(unsigned char *bytes, int size, const Option *options, unsigned count) {
  int used = inet6_opt_init(bytes, size);
  for (unsigned i = 0; i < count; i++) {
    void *data;
    used = inet6_opt_append(bytes, size, used, options[i].type, options[i].length, options[i].align, &data);
    for (unsigned at = 0; bytes && at < options[i].length; at++) ((unsigned char *)data)[at] = at + 1;
  }
  return inet6_opt_finish(bytes, size, used);
}

static void optionHeader(unsigned index) {
  unsigned char bytes[1024] = {0};
  const Option *options = optionHeaders[index].options;
  unsigned count = optionHeaders[index].count;
  int used = build(bytes, build(NULL, 0, options, count), options, count);
  put_open(NULL, '{');
  put_text("name", optionHeaders[index].name);
  put_open("options", '[');
  for (unsigned i = 0; i < count; i++) {
    put_open(NULL, '{');
    put_number("type", options[i].type), put_number("length", options[i].length), put_number("align", options[i].align);
    put_close('}');
  }
  put_close(']');
  put_hex("bytes", bytes, used);
  put_close('}');
}

static void sourceRoute(int addresses) {
  unsigned char bytes[256] = {0};
  struct in6_addr address = {{{0x20, 0x01, 0x0d, 0xb8}}};
  inet6_rth_init(bytes, sizeof bytes, IPV6_RTHDR_TYPE_0, addresses);
  for (int i = 0; i < addresses; i++) address.s6_addr[15] = i + 1, inet6_rth_add(bytes, &address);
  put_open(NULL, '{');
  put_number("addresses", inet6_rth_segments(bytes));
  put_hex("bytes", bytes, inet6_rth_space(IPV6_RTHDR_TYPE_0, addresses));
  put_close('}');
}

void headers(void) {
  put_open("headers", '{');
  put_open("options", '[');
  for (unsigned i = 0; i < COUNT(optionHeaders); i++) optionHeader(i);
  put_close(']');
  put_open("sourceRoutes", '[');
  for (int addresses = 0; addresses < 4; addresses++) sourceRoute(addresses);
  put_close(']');
  put_close('}');
}
#endif
