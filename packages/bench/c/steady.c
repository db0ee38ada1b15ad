/*
 * steady PORT BYTES RATE COUNT: asks an echo server at a fixed rate, whether it answers or not, and answers a round with the latency of half,
 * of 99 in 100 and of 999 in 1,000, in nanoseconds. What is late because an earlier one was is late: a latency starts when its datagram was due.
 */
#include "peer.h"
#include <poll.h>

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

int main(int argc, char **argv) {
  require(argc == 5, "arguments");
  struct sockaddr_in own, to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(atoi(argv[1]))};
  int bytes = atoi(argv[2]), count = atoi(argv[4]);
  double apart = 1e9 / atof(argv[3]);
  int fd = bound(INADDR_LOOPBACK, 0, &own);
  double *due = calloc(count, sizeof *due), *latency = calloc(count, sizeof *latency);
  uint8_t payload[LARGEST] = {0};
  char line[64];
  while (fgets(line, sizeof line, stdin)) {
    double start = now();
    int sent = 0, back = 0;
    while (back < count) {
      double t = now();
      require(t - start < 1e9 + count * apart * 2, "an echo was lost");
      while (sent < count && start + sent * apart <= t) {
        due[sent] = start + sent * apart;
        memcpy(payload, &sent, sizeof sent);
        require(sendto(fd, payload, bytes, 0, (struct sockaddr *)&to, sizeof to) == bytes, "sendto");
        sent++;
      }
      double wait = sent < count ? start + sent * apart - now() : 1e8;
      struct timespec timeout = {0, wait > 0 ? (long)wait : 0};
      struct pollfd readable = {fd, POLLIN, 0};
      if (ppoll(&readable, 1, &timeout, NULL) <= 0) continue;
      int id;
      while (recv(fd, &id, sizeof id, MSG_TRUNC) > 0)
        if (id >= 0 && id < sent) latency[back++] = now() - due[id];
    }
    qsort(latency, count, sizeof *latency, ascending);
    printf("%.0f %.0f %.0f\n", latency[count / 2], latency[count * 99 / 100], latency[count * 999 / 1000]);
    fflush(stdout);
  }
  return 0;
}
