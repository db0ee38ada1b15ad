/*
 * echo: prints its port, and answers every datagram with packet information from the address that was asked.
 */
#include "peer.h"

int main(void) {
  struct sockaddr_in name;
  int fd = bound(INADDR_LOOPBACK, 0, &name);
  option(fd, IPPROTO_IP, IP_PKTINFO, 1);
  option(fd, IPPROTO_IP, IP_RECVTTL, 1);
  printf("%d\n", ntohs(name.sin_port));
  fflush(stdout);
  int poll_set = epoll_create1(0);
  struct epoll_event events[2], readable = {.events = EPOLLIN, .data.fd = fd}, ended = {.events = EPOLLIN, .data.fd = 0};
  require(epoll_ctl(poll_set, EPOLL_CTL_ADD, fd, &readable) == 0, "epoll_ctl");
  /* Its standard input ends with whoever started it. */
  require(epoll_ctl(poll_set, EPOLL_CTL_ADD, 0, &ended) == 0, "epoll_ctl");
  struct batch *room = batch(LARGEST);
  struct datagram *got = datagrams();
  for (;;) {
    int ready = epoll_wait(poll_set, events, 2, -1);
    for (int i = 0; i < ready; i++)
      if (events[i].data.fd == 0) return 0;
    int count = receive(fd, room, 1, BATCH, got);
    for (int i = 0; i < count; i++) {
      _Alignas(8) uint8_t control[64];
      struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr = got[i].from, .sin_port = htons(got[i].port)};
      struct iovec piece = {got[i].data, got[i].bytes};
      struct msghdr answer = {.msg_name = &to, .msg_namelen = sizeof to, .msg_iov = &piece, .msg_iovlen = 1, .msg_control = control};
      answer.msg_controllen = from_address(control, ntohl(got[i].destination.s_addr));
      sendmsg(fd, &answer, 0);
    }
  }
}
