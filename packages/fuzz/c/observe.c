#include "fuzz.h"

#define OVER 0xffffffff

enum { WHOLE, CUT_HEADER, BELOW_HEADER, BEYOND_END };

static Word *to, digest;

static void tell(Word word) {
  digest = (digest ^ word) * 0x01000193;
  digest ^= digest >> 15;
  if (to) *to++ = word;
}

static void tell_bytes(const Byte *bytes, unsigned size) {
  tell(size);
  for (unsigned i = 0; i < size; i++) tell(bytes[i]);
}

/** Where the macros find headers. */
static void headers(Message *message, Byte *bytes) {
  for (Header *header = FIRST(message); header; header = following(message, header)) tell((Byte *)header - bytes);
  tell(OVER);
}

static void end(Word reason, Word at) { tell(OVER), tell(reason), tell(at); }

/** The messages, as a careful program walks: by the macros, each length looked at before it is believed. */
static void messages(Message *message, Byte *bytes, unsigned size) {
  Word at = 0;
  for (Header *header = FIRST(message); header; header = following(message, header)) {
    at = (Byte *)header - bytes;
    if (header->cmsg_len < LENGTH(0)) return end(BELOW_HEADER, at);
    if (header->cmsg_len > size - at) return end(BEYOND_END, at);
    size_t payload = header->cmsg_len - LENGTH(0);
    tell(at), tell(header->cmsg_level), tell(header->cmsg_type), tell(DATA(header) - bytes), tell_bytes(DATA(header), payload);
    at += SPACE(payload);
  }
  if (at < size) end(CUT_HEADER, at);
  else end(WHOLE, 0);
}

Word observe(Word seed, Word index, Word *words) {
  static Case it;
  to = words, digest = 0x811c9dc5;
  make_case(&it, seed, index);
  Message message = AROUND(it.bytes, it.size);
  tell_bytes(it.written, it.written_size);
  tell_bytes(it.bytes, it.size);
  headers(&message, it.bytes);
  messages(&message, it.bytes, it.size);
  return words ? to - words : digest;
}
