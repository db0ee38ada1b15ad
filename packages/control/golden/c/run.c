// Prints the document. A Linux target is linked with this; the program of a Windows target is loaded by it, so that no vector needs Wine.

#include <stdio.h>

#ifdef IMAGE
#include "image.h"
typedef unsigned WINDOWS Golden(char *text);
#else
unsigned golden(char *text);
#endif

int main(int count, char **arguments) {
  static char text[1 << 16];
#ifdef IMAGE
  Golden *golden = count == 2 ? load(arguments[1]) : NULL;
  if (!golden) return perror("cannot load the Windows program"), 1;
#endif
  return fwrite(text, golden(text), 1, stdout) != 1;
}
