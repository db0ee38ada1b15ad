// A Windows program in a Linux process.
//
// Wine is 64-bit only here, so a program for ia32 Windows cannot run; and what objcopy makes of x64's objects, for an ELF linker, crashes.
// But code that needs nothing of Windows, linked by its own linker for the address IMAGE, runs in any process that has its sections in
// memory there. This works for ia32 and x64 alike.

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#ifdef __x86_64__
#define WINDOWS __attribute__((ms_abi)) // Windows passes arguments in other registers
#else
#define WINDOWS
#endif

/** The numbers of a PE file, by the offsets in its specification. */
#define U16(at) (*(const unsigned short *)(at))
#define U32(at) (*(const unsigned *)(at))

/** Puts a program to where it was linked for; answers its entry, or NULL. */
static void *load(const char *path) {
  static char file[1 << 20];
  FILE *stream = fopen(path, "rb");
  if (!stream || !fread(file, 1, sizeof file, stream)) return NULL;
  const char *header = file + U32(file + 0x3c);
  char *image = mmap((char *)IMAGE, U32(header + 80), PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (image != (char *)IMAGE) return NULL;
  const char *section = header + 24 + U16(header + 20);
  for (int count = U16(header + 6); count--; section += 40) memcpy(image + U32(section + 12), file + U32(section + 20), U32(section + 16));
  return image + U32(header + 40);
}
