#include "fuzz.h"

static const int levels[] = {0, 1, 6, 17, 41, 58, 0xffff, -1};

static void make_list(Case *it) {
  it->messages = below(MESSAGES + 1);
  for (unsigned i = 0; i < it->messages; i++) {
    unsigned of = below(10);
    it->given[i].level = of < COUNT(levels) ? levels[of] : (int)draw();
    it->given[i].type = (int)(below(4) ? below(128) : draw());
    unsigned size = below(8) ? below(41) : below(PAYLOAD + 1);
    it->given[i].size = size;
    for (unsigned at = 0; at < size; at += 4) {
      Word word = draw();
      for (unsigned byte = 0; byte < 4 && at + byte < size; byte++) it->given[i].payload[at + byte] = word >> 8 * byte;
    }
  }
}

/** As any program would write it: a buffer of the sum of the spaces, and from header to header. Answers where the headers are. */
static void write_list(Case *it, unsigned *headers) {
  unsigned size = 0;
  for (unsigned i = 0; i < it->messages; i++) size += SPACE(it->given[i].size);
  for (unsigned i = 0; i < size; i++) it->written[i] = 0;
  it->written_size = size;
  Message message = AROUND(it->written, size);
  Header *header = NULL;
  for (unsigned i = 0; i < it->messages; i++) {
    header = i == 0 ? FIRST(&message) : following(&message, header);
    headers[i] = (Byte *)header - it->written;
    header->cmsg_len = LENGTH(it->given[i].size);
    header->cmsg_level = it->given[i].level;
    header->cmsg_type = it->given[i].type;
    for (unsigned at = 0; at < it->given[i].size; at++) DATA(header)[at] = it->given[i].payload[at];
  }
}

static void corrupt_length(Case *it, const unsigned *headers) {
  unsigned at = it->messages ? headers[below(it->messages)] : 0;
  Word kind = below(12), little = below(64), wide = below(8), any = draw();
  if (at + sizeof(Header) > it->size) return;
  Header *header = (Header *)(it->bytes + at);
  Word rest = it->size - at, declared = (Word)header->cmsg_len;
  Word low = kind == 0    ? 0
             : kind == 1  ? any % LENGTH(0)
             : kind == 2  ? LENGTH(0) - 1
             : kind == 3  ? LENGTH(0)
             : kind == 4  ? rest
             : kind == 5  ? rest + 1 + little % 8
             : kind == 6  ? rest - little % 8
             : kind == 7  ? declared + 1 + little % 16
             : kind == 8  ? declared - 1 - little % 16
             : kind == 9  ? 0x7fffffff + little % 3
             : kind == 10 ? 0xffffffff - little
                          : any;
  Word high = kind == 10 && wide < 4 ? 0xffffffff : wide < 5 ? 0 : wide == 5 ? 1 : wide == 6 ? 0x80000000 : 0xffffffff;
  // A field of 32 bits keeps the lower half.
  header->cmsg_len = (unsigned long long)high << 32 | low;
}

static void corrupt(Case *it, const unsigned *headers) {
  switch (below(5)) {
  case 0: corrupt_length(it, headers); break;
  // A cut end.
  case 1: it->size -= below((it->size < 40 ? it->size : 40) + 1); break;
  // Bits turned over.
  case 2:
    for (unsigned flips = 1 + below(8); flips; flips--) {
      Word at = draw(), bit = below(8);
      if (it->size) it->bytes[at % it->size] ^= 1 << bit;
    }
    break;
  // Bytes behind the end, zero or not.
  case 3: {
    Word mask = below(2) ? 0xff : 0;
    for (unsigned more = below(TRAILING + 1); more; more--) it->bytes[it->size++] = draw() & mask;
    break;
  }
  // All bits.
  default: {
    Word at = draw(), count = 1 + below(24);
    if (it->size)
      for (at %= it->size; count && at < it->size; count--) it->bytes[at++] = 0xff;
  }
  }
}

void make_case(Case *it, Word seed, Word index) {
  unsigned headers[MESSAGES];
  draw_for(seed, index);
  make_list(it);
  write_list(it, headers);
  it->size = it->written_size;
  for (unsigned i = 0; i < it->size; i++) it->bytes[i] = it->written[i];
  // Once in a while, noise.
  if (below(16) == 0) {
    it->messages = 0;
    it->size = below(200);
    for (unsigned i = 0; i < it->size; i++) it->bytes[i] = draw();
  }
  for (unsigned corruptions = below(4); corruptions; corruptions--) corrupt(it, headers);
}
