// Extensions of ICMP error messages, from the structures of the kernel's headers. glibc comes with them. Windows has none.

#include "golden.h"

#ifdef __GLIBC__
#include <linux/icmp.h>
#include <linux/mpls.h>

// In network order, on little-endian machines.
#define WORD(value) __builtin_bswap32(value)
#define HALF(value) __builtin_bswap16(value)
#define LABEL(label, class, bottom, ttl) \
  WORD((unsigned)(label) << MPLS_LS_LABEL_SHIFT | (class) << MPLS_LS_TC_SHIFT | (bottom) << MPLS_LS_S_SHIFT | (ttl) << MPLS_LS_TTL_SHIFT)

// RFC 5837, which the headers do not have: the bits of the type, and the fields that they announce.
enum { incoming = 0, incomingSub = 1 << 6, outgoing = 2 << 6, nextHop = 3 << 6, hasIndex = 8, hasAddress = 4, hasName = 2, hasMtu = 1 };
typedef struct { unsigned short family, reserved; unsigned address; } Address4;
typedef struct { unsigned short family, reserved; struct in6_addr address; } Address6;
typedef struct { unsigned char length; char text[7]; } Name;

static const struct mpls_label oneLabel[] = {{LABEL(24001, 0, 1, 1)}};
static const struct mpls_label threeLabels[] = {{LABEL(0xfffff, 7, 0, 255)}, {LABEL(16, 5, 0, 254)}, {LABEL(3, 0, 1, 0)}};
static const struct { unsigned index; Address4 address; Name name; unsigned mtu; } whole = {
    WORD(7), {HALF(1), 0, IPV4(192, 0, 2, 1)}, {8, "ge-0/1"}, WORD(9000)};
static const Address6 address6 = {HALF(2), 0, {{{0x20, 0x01, 0x0d, 0xb8, [15] = 1}}}};
static const struct { unsigned index; Name name; } link1 = {WORD(0xfffffffe), {8, {'l', 'a', 'g', '0', '.', '1', '0'}}};
static const unsigned mtu = WORD(1500);
// RFC 8335's object (class 3): one that is not read.
static const struct icmp_ext_echo_iio echo = {{HALF(8), 3, 2}, .ident.ifindex = WORD(9)};

typedef struct {
  unsigned char class, type;
  const void *payload;
  unsigned size;
} Object;

static const struct {
  const char *name;
  Object objects[3];
  unsigned count;
} extensions[] = {
    {"no object", {}, 0},
    {"one label", {{1, 1, oneLabel, sizeof oneLabel}}, 1},
    {"three labels", {{1, 1, threeLabels, sizeof threeLabels}}, 1},
    {"an interface with every field", {{2, incoming | hasIndex | hasAddress | hasName | hasMtu, &whole, sizeof whole}}, 1},
    {"an IPv6 next hop", {{2, nextHop | hasAddress, &address6, sizeof address6}}, 1},
    {"a link of a bundle, with a name of 7 bytes", {{2, incomingSub | hasIndex | hasName, &link1, sizeof link1}}, 1},
    {"labels, an outgoing interface, an object that is not read",
     {{1, 1, oneLabel, sizeof oneLabel}, {2, outgoing | hasMtu, &mtu, sizeof mtu}, {3, 2, &echo.ident.ifindex, 4}}, 3},
};

// RFC 1071, over what is stored in network order.
static unsigned short checksum(const unsigned char *bytes, unsigned size) {
  unsigned long sum = 0;
  for (unsigned at = 0; at < size; at++) sum += at % 2 ? bytes[at] : bytes[at] << 8;
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return HALF((unsigned short)~sum);
}

static void extension(unsigned index) {
  union {
    struct icmp_ext_hdr header;
    unsigned char bytes[256];
  } all = {.header = {.version = 2}};
  unsigned size = sizeof all.header;
  for (unsigned i = 0; i < extensions[index].count; i++) {
    const Object *object = &extensions[index].objects[i];
    struct icmp_extobj_hdr header = {HALF(sizeof header + object->size), object->class, object->type};
    __builtin_memcpy(all.bytes + size, &header, sizeof header), size += sizeof header;
    __builtin_memcpy(all.bytes + size, object->payload, object->size), size += object->size;
  }
  all.header.checksum = checksum(all.bytes, size);
  put_open(NULL, '{');
  put_text("name", extensions[index].name);
  put_hex("bytes", all.bytes, size);
  put_close('}');
}

void icmpExtensions(void) {
  put_open("extensions", '[');
  for (unsigned i = 0; i < COUNT(extensions); i++) extension(i);
  put_close(']');
}
#endif
