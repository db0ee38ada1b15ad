/*
 * drain one|batched BYTES BURST BURSTS: time a datagram to read what a socket holds, with packet information and TTL.
 * drain wakeups one|batched BYTES MOST WAKEUPS: the same where 1 to MOST datagrams are there at each wake-up of epoll.
 */
#include "peer.h"

static int batched, by_wakeup, bytes, burst, bursts, reader, sender, poll_set;
static struct sockaddr_in name;
static struct batch *room;
static struct datagram *got;
static uint8_t payload[LARGEST];

static void fill(int count) {
  for (int i = 0; i < count; i++)
    require(sendto(sender, payload, bytes, 0, (struct sockaddr *)&name, sizeof name) == bytes, "sendto");
}

static long round_(void) {
  long total = 0;
  for (int i = 0; i < bursts; i++) {
    int expected = by_wakeup ? i % burst + 1 : burst;
    fill(expected);
    begin();
    for (int have = 0; have < expected;) {
      struct epoll_event event;
      if (by_wakeup) require(epoll_wait(poll_set, &event, 1, 1000) == 1, "epoll_wait");
      int count = receive(reader, room, batched, expected - have, got);
      have += count;
    }
    end();
    total += expected;
  }
  return total;
}

int main(int argc, char **argv) {
  require(argc >= 5, "arguments");
  by_wakeup = strcmp(argv[1], "wakeups") == 0;
  argv += by_wakeup;
  batched = strcmp(argv[1], "batched") == 0;
  bytes = atoi(argv[2]);
  burst = atoi(argv[3]);
  bursts = atoi(argv[4]);
  struct sockaddr_in own;
  reader = bound(INADDR_LOOPBACK, 212992, &name);
  sender = bound(INADDR_LOOPBACK, 0, &own);
  option(reader, IPPROTO_IP, IP_PKTINFO, 1);
  option(reader, IPPROTO_IP, IP_RECVTTL, 1);
  room = batch(LARGEST);
  got = datagrams();
  poll_set = epoll_create1(0);
  struct epoll_event readable = {.events = EPOLLIN};
  require(epoll_ctl(poll_set, EPOLL_CTL_ADD, reader, &readable) == 0, "epoll_ctl");
  return rounds(round_);
}
