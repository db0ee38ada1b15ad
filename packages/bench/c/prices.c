/*
 * prices: for each line of the standard input prints what an empty system call takes and what a fresh page takes, in nanoseconds of the clock.
 */
#include "peer.h"
#include <sys/mman.h>
#include <sys/syscall.h>

enum { CALLS = 200000, PAGES = 4096 };

int main(void) {
  char line[64];
  long size = sysconf(_SC_PAGESIZE);
  while (fgets(line, sizeof line, stdin)) {
    double start = now();
    for (int i = 0; i < CALLS; i++) syscall(SYS_getppid);
    double call = (now() - start) / CALLS;
    uint8_t *fresh = mmap(NULL, PAGES * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    require(fresh != MAP_FAILED, "mmap");
    madvise(fresh, PAGES * size, MADV_NOHUGEPAGE);
    start = now();
    for (long i = 0; i < PAGES; i++) fresh[i * size] = 1;
    double page = (now() - start) / PAGES;
    munmap(fresh, PAGES * size);
    printf("%.1f %.1f\n", call, page);
    fflush(stdout);
  }
  return 0;
}
