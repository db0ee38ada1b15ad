// The C half of the differential fuzzer: cases made from a seed and an index, and what the macros of the headers make of them.
//
// `src/random.ts`, `src/case.ts` and `src/observe.ts` are the same in TypeScript, draw by draw and word by word: read them side by side.
// Everything up to `observe` needs nothing of a C library.

#include "target.h"
#include "random.h"

typedef unsigned char Byte;

#define MESSAGES 8
#define PAYLOAD 400
#define TRAILING 20
#define ROOM (MESSAGES * (SPACE(0) + SPACE(PAYLOAD)) + 4 * TRAILING)

// A list of messages, and the control buffer that is walked: what a program wrote of the list, then corrupted, or noise.
typedef struct {
  unsigned messages;
  struct {
    int level, type;
    unsigned size;
    Byte payload[PAYLOAD];
  } given[MESSAGES];
  // By the macros, from the list.
  _Alignas(16) Byte written[ROOM];
  unsigned written_size;
  _Alignas(16) Byte bytes[ROOM];
  unsigned size;
} Case;

// case.c
void make_case(Case *it, Word seed, Word index);

#include "walk.h"

// observe.c: what there is to see in a case, word by word into `words` (NULL: nowhere), and their digest.
Word observe(Word seed, Word index, Word *words);
