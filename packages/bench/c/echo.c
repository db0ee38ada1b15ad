/*
 * echo: prints its port, and answers each datagram from the address that it was sent to. The answers of a batch leave in one call.
 */
#include "peer.h"

static struct mmsghdr answers[BATCH];
static struct iovec pieces[BATCH];
static struct sockaddr_in peers[BATCH];
static _Alignas(8) uint8_t control[BATCH][64];

static void prepare(int slot, struct datagram *asked) {
  peers[slot] = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = asked->from, .sin_port = htons(asked->port)};
  pieces[slot] = (struct iovec){asked->data, asked->bytes};
  answers[slot].msg_hdr = (struct msghdr){.msg_name = &peers[slot],
                                          .msg_namelen = sizeof peers[slot],
                                          .msg_iov = &pieces[slot],
                                          .msg_iovlen = 1,
                                          .msg_control = control[slot],
                                          .msg_controllen = from_address(control[slot], ntohl(asked->destination.s_addr))};
}

int main(void) {
  struct sockaddr_in name;
  int fd = bound(INADDR_LOOPBACK, 212992, &name);
  option(fd, IPPROTO_IP, IP_PKTINFO, 1);
  option(fd, IPPROTO_IP, IP_RECVTTL, 1);
  printf("%d\n", ntohs(name.sin_port));
  fflush(stdout);
  int poll_set = epoll_create1(0);
  struct epoll_event events[2], readable = {.events = EPOLLIN, .data.fd = fd}, ended = {.events = EPOLLIN, .data.fd = 0};
  require(epoll_ctl(poll_set, EPOLL_CTL_ADD, fd, &readable) == 0, "epoll_ctl");
  /* Its standard input ends with the process that started it. */
  require(epoll_ctl(poll_set, EPOLL_CTL_ADD, 0, &ended) == 0, "epoll_ctl");
  struct batch *room = batch(LARGEST);
  struct datagram *got = datagrams();
  for (;;) {
    int ready = epoll_wait(poll_set, events, 2, -1);
    for (int i = 0; i < ready; i++)
      if (events[i].data.fd == 0) return 0;
    int count = receive(fd, room, 1, BATCH, got);
    for (int i = 0; i < count; i++) prepare(i, &got[i]);
    for (int at = 0; at < count;) {
      int sent = sendmmsg(fd, answers + at, count - at, 0);
      at += sent > 0 ? sent : 1;
    }
  }
}
