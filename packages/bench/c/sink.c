/* sink COUNT: says its port, reads in batches until it has so many datagrams, and says that it is done. */
#include "peer.h"

int main(int argc, char **argv) {
  require(argc == 2, "arguments");
  struct sockaddr_in name;
  int fd = bound(INADDR_LOOPBACK, 212992, &name), poll_set = epoll_create1(0);
  option(fd, IPPROTO_IP, IP_PKTINFO, 1);
  option(fd, IPPROTO_IP, IP_RECVTTL, 1);
  struct epoll_event readable = {.events = EPOLLIN};
  require(epoll_ctl(poll_set, EPOLL_CTL_ADD, fd, &readable) == 0, "epoll_ctl");
  struct batch *room = batch(LARGEST);
  struct datagram *got = datagrams();
  printf("%d\n", ntohs(name.sin_port));
  fflush(stdout);
  for (long left = atol(argv[1]); left > 0;) {
    int count = receive(fd, room, 1, BATCH, got);
    left -= count;
    /* Who is attached to is interrupted once. */
    if (count == 0) require(epoll_wait(poll_set, &readable, 1, -1) == 1 || errno == EINTR, "epoll_wait");
  }
  puts("done");
  fflush(stdout);
  // Until its standard input ends: what it was counted by is to let go first.
  return getchar() != EOF;
}
