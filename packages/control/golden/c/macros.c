// What the macros of the headers answer: lengths, and where the walk through a control buffer goes.

#include "golden.h"

// The end of the walk as C has it; as an offset, JSON null.
#define NOWHERE -1

// A control buffer of up to two messages, by what their headers declare. The second header lies where the first length leads.
typedef struct {
  const char *name;
  size_t declared[2];
  unsigned size;
  int at; // the header to go on from; NOWHERE: NULL, where the macro allows it
} Walk;

#define SMALLEST SPACE(0) // a header, no payload; its size is a multiple of the alignment everywhere

static const Walk walks[] = {
    {"a second message", {LENGTH(4), LENGTH(4)}, 2 * SPACE(4), 0},
    {"behind the second message", {LENGTH(4), LENGTH(4)}, 2 * SPACE(4), SPACE(4)},
    {"behind a message alone", {LENGTH(4)}, SPACE(4), 0},
    {"padding before the second message", {LENGTH(1), LENGTH(4)}, SPACE(1) + SPACE(4), 0},
    {"the buffer ends before the last padding", {LENGTH(4), LENGTH(1)}, SPACE(4) + LENGTH(1), 0},
    {"a message alone without its padding", {LENGTH(1)}, LENGTH(1), 0},
    // musl wants more than a bare header behind a message, glibc and Winsock do not.
    {"a second header without payload, at the very end", {LENGTH(4), LENGTH(0)}, SPACE(4) + SMALLEST, 0},
    {"a second header cut by one byte", {LENGTH(4)}, SPACE(4) + SMALLEST - 1, 0},
    {"a second message that declares more than is left", {LENGTH(4), LENGTH(64)}, 2 * SPACE(4), 0},
    {"a message that declares more than is left", {LENGTH(64)}, 2 * SPACE(4), 0},
    // Winsock's macro believes these lengths, and a walk over the first or the last stays on its header for ever. Linux's see an end.
    {"a message that declares nothing", {0}, 2 * SPACE(4), 0},
    {"a message that declares less than a header", {SMALLEST - 1}, 2 * SPACE(4), 0},
    {"a message that declares all bits", {-1}, 2 * SPACE(4), 0},
#ifdef _WIN32
    // CMSG_NXTHDR reads the header it is given and must not get NULL.
    {"behind NULL, the first", {LENGTH(4)}, SPACE(4), NOWHERE},
    {"behind NULL, too small for a header", {0}, SMALLEST - 1, NOWHERE},
#endif
};

static void put_offset(const char *key, const unsigned char *bytes, Header *header) {
  if (header) put_number(key, (unsigned char *)header - bytes);
  else put_null(key);
}

static void next(const Walk *walk) {
  _Alignas(16) unsigned char bytes[2 * SPACE(4)];
  for (unsigned i = 0; i < sizeof bytes; i++) bytes[i] = 0;
  ((Header *)bytes)->cmsg_len = walk->declared[0];
  if (walk->declared[1]) ((Header *)(bytes + SPACE(walk->declared[0] - LENGTH(0))))->cmsg_len = walk->declared[1];
  Message message = AROUND(bytes, walk->size);
  Header *from = walk->at == NOWHERE ? NULL : (Header *)(bytes + walk->at);

  put_open(NULL, '{');
  put_text("name", walk->name), put_number("controlLength", walk->size), put_hex("bytesHex", bytes, walk->size);
  put_offset("at", bytes, from), put_offset("result", bytes, NEXT(&message, from));
  put_close('}');
}

static void first(const char *name, unsigned size) {
  _Alignas(16) unsigned char bytes[SPACE(4)];
  for (unsigned i = 0; i < sizeof bytes; i++) bytes[i] = 0;
  ((Header *)bytes)->cmsg_len = LENGTH(4);
  Message message = AROUND(bytes, size);

  put_open(NULL, '{');
  put_text("name", name), put_number("controlLength", size), put_hex("bytesHex", bytes, size);
  put_offset("result", bytes, FIRST(&message));
  put_close('}');
}

void macros(void) {
  put_open("macros", '{');
  put_open("length", '[');
  for (unsigned payload = 0; payload <= 64; payload++) put_number(NULL, LENGTH(payload));
  put_close(']');
  put_open("space", '[');
  for (unsigned payload = 0; payload <= 64; payload++) put_number(NULL, SPACE(payload));
  put_close(']');

  put_open("first", '[');
  first("an empty buffer", 0);
  first("a header cut by one byte", SMALLEST - 1);
  first("a header and no payload", SMALLEST);
  first("a message without its padding", LENGTH(4));
  first("a message", SPACE(4));
  put_close(']');

  put_open("next", '[');
  for (unsigned i = 0; i < COUNT(walks); i++) next(&walks[i]);
  put_close(']');
  put_close('}');
}
