// fuzz digests <seed> <first> <count> <file>: writes the digest of each case, 4 bytes each.
// fuzz words <seed> <index> <file>: writes what there is to see in one, 4 bytes a word.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef IMAGE
#include "image.h"
typedef unsigned WINDOWS Observe(unsigned seed, unsigned index, unsigned *words);
#else
unsigned observe(unsigned seed, unsigned index, unsigned *words);
#endif

static unsigned number(const char *text) { return strtoul(text, NULL, 10); }

int main(int count, char **arguments) {
#ifdef IMAGE
  Observe *observe = count-- > 1 ? load(*++arguments) : NULL;
  if (!observe) return perror("cannot load the Windows program"), 1;
#endif
  if (count < 5) return 2;
  unsigned seed = number(arguments[2]), first = number(arguments[3]);
  FILE *file = fopen(arguments[count - 1], "wb");
  if (!file) return perror(arguments[count - 1]), 1;
  if (strcmp(arguments[1], "words") == 0) {
    static unsigned words[1 << 16];
    fwrite(words, sizeof *words, observe(seed, first, words), file);
  } else {
    for (unsigned done = 0; done < number(arguments[4]); done++) {
      unsigned digest = observe(seed, first + done, NULL);
      fwrite(&digest, sizeof digest, 1, file);
    }
  }
  return fclose(file) ? perror(arguments[count - 1]), 1 : 0;
}
