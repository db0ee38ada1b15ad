#include "random.h"

static Word state;

static Word mix(Word value) {
  value = (value ^ value >> 16) * 0x21f0aaad;
  value = (value ^ value >> 15) * 0x735a2d97;
  return value ^ value >> 15;
}

void draw_for(Word seed, Word index) { state = mix(seed ^ mix(index + 1)); }

Word draw(void) { return mix(state += 0x9e3779b9); }

Word below(Word limit) { return draw() % limit; }
