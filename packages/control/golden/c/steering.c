// Programs that steer datagrams over the sockets of a port, by the macros of the kernel's header. glibc comes with it. Windows has none.

#include "golden.h"

#ifdef __GLIBC__
#include <linux/filter.h>

enum { longHeader = 0x80, shortId = 1, idLength = 5, longId = 6, version = SKF_NET_OFF, source4 = SKF_NET_OFF + 12, source6 = SKF_NET_OFF + 8 };
#define LENGTH_AT_LEAST(bytes, otherwise) BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, (bytes), 0, (otherwise))
#define LOAD(width, at) BPF_STMT(BPF_LD | BPF_ABS | BPF_##width, (at))
#define SOCKET(count) BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, (count)), BPF_STMT(BPF_RET | BPF_A, 0)
#define BY_HASH BPF_STMT(BPF_RET | BPF_K, 0xffffffff)
#define XOR_WORD(at) BPF_STMT(BPF_MISC | BPF_TAX, 0), LOAD(W, (at)), BPF_STMT(BPF_ALU | BPF_XOR | BPF_X, 0)

#define PAYLOAD(width, bytes, offset, count) \
  {BPF_STMT(BPF_LD | BPF_LEN | BPF_W, 0), LENGTH_AT_LEAST((offset) + (bytes), 3), LOAD(width, offset), SOCKET(count), BY_HASH}
#define CONNECTION(width, bytes, offset, count) \
  {BPF_STMT(BPF_LD | BPF_LEN | BPF_W, 0), BPF_STMT(BPF_MISC | BPF_TAX, 0), LENGTH_AT_LEAST(shortId + (offset) + (bytes), 11), \
   LOAD(B, 0), BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, longHeader, 2, 0), \
   LOAD(width, shortId + (offset)), BPF_STMT(BPF_JMP | BPF_JA, 5), \
   BPF_STMT(BPF_MISC | BPF_TXA, 0), LENGTH_AT_LEAST(longId + (offset) + (bytes), 5), LOAD(B, idLength), \
   LENGTH_AT_LEAST((offset) + (bytes), 3), LOAD(width, longId + (offset)), SOCKET(count), BY_HASH}

static const struct sock_filter byte[] = PAYLOAD(B, 1, 0, 2), half[] = PAYLOAD(H, 2, 65535, 65535), word[] = PAYLOAD(W, 4, 8, 7);
static const struct sock_filter id1[] = CONNECTION(B, 1, 0, 4), id4[] = CONNECTION(W, 4, 16, 300);
static const struct sock_filter source[] = {
    LOAD(B, version), BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 4), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 4, 0, 2),
    LOAD(W, source4), BPF_STMT(BPF_JMP | BPF_JA, 10),
    LOAD(W, source6), XOR_WORD(source6 + 4), XOR_WORD(source6 + 8), XOR_WORD(source6 + 12), SOCKET(4)};
static struct sock_fprog pointer;

static void put_program(const char *name, const void *bytes, size_t size) {
  put_open(NULL, '{');
  put_text("name", name), put_hex("bytes", bytes, size);
  put_close('}');
}
#define PROGRAM(name, value) put_program(name, &value, sizeof value)

void steering(void) {
  pointer.len = COUNT(source), pointer.filter = (struct sock_filter *)0x1020304;
  put_open("steering", '[');
  PROGRAM("payload 2 0 1", byte), PROGRAM("payload 65535 65535 2", half), PROGRAM("payload 7 8 4", word);
  PROGRAM("connectionId 4 0 1", id1), PROGRAM("connectionId 300 16 4", id4);
  PROGRAM("source 4", source), PROGRAM("sock_fprog", pointer);
  put_close(']');
}
#endif
