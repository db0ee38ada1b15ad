/*
 * flood PORT QUIET_PORT BYTES MILLISECONDS: told to, sends to one port for so long as fast as it can, while a process of its own sends to the
 * quiet port every 10 ms, with the monotonic time at which that left in the first 8 bytes. Answers how many the flood was.
 */
#include "peer.h"
#include <sys/wait.h>

enum { APART = 10 };

static uint64_t moment(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000ull + t.tv_nsec;
}

static struct sockaddr_in loopback(const char *port) {
  return (struct sockaddr_in){
      .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(atoi(port))};
}

static void seldom(int fd, struct sockaddr_in *to, uint64_t end) {
  for (uint64_t due = moment() + APART * 1000000ull; due < end; due += APART * 1000000ull) {
    struct timespec at = {due / 1000000000ull, due % 1000000000ull};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
    uint64_t left = moment();
    require(sendto(fd, &left, sizeof left, 0, (struct sockaddr *)to, sizeof *to) == sizeof left, "sendto");
  }
}

int main(int argc, char **argv) {
  require(argc == 5, "arguments");
  struct sockaddr_in own, flooded = loopback(argv[1]), quiet = loopback(argv[2]);
  int bytes = atoi(argv[3]), fd = bound(INADDR_LOOPBACK, 0, &own);
  uint64_t lasts = atoi(argv[4]) * 1000000ull;
  static uint8_t payload[LARGEST];
  static struct mmsghdr messages[BATCH];
  struct iovec piece = {payload, bytes};
  for (int i = 0; i < BATCH; i++)
    messages[i].msg_hdr =
        (struct msghdr){.msg_name = &flooded, .msg_namelen = sizeof flooded, .msg_iov = &piece, .msg_iovlen = 1};
  char line[64];
  while (fgets(line, sizeof line, stdin)) {
    uint64_t end = moment() + lasts;
    pid_t beside = fork();
    require(beside >= 0, "fork");
    if (beside == 0) {
      seldom(fd, &quiet, end);
      _exit(0);
    }
    long sent = 0;
    while (moment() < end) {
      int count = sendmmsg(fd, messages, BATCH, 0);
      sent += count > 0 ? count : 0;
    }
    waitpid(beside, NULL, 0);
    printf("%ld\n", sent);
    fflush(stdout);
  }
  return 0;
}
