/*
 * ping_pong BYTES TIMES: the median time from a datagram to its echo, between two sockets of one event loop.
 */
#include "peer.h"

static int bytes, times, poll_set, client, server;
static struct sockaddr_in server_name, client_name;
static struct batch *room;
static struct datagram *got;
static uint8_t payload[LARGEST];
static double *samples;

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double round_trip(void) {
  for (int i = 0; i < times; i++) {
    double start = wall();
    require(sendto(client, payload, bytes, 0, (struct sockaddr *)&server_name, sizeof server_name) == bytes, "sendto");
    for (int back = 0; !back;) {
      struct epoll_event event;
      require(epoll_wait(poll_set, &event, 1, 1000) == 1, "epoll_wait");
      int count = receive(event.data.fd, room, 0, 1, got);
      for (int j = 0; j < count; j++) {
        if (event.data.fd == client) back = 1;
        else sendto(server, got[j].data, got[j].bytes, 0, (struct sockaddr *)&client_name, sizeof client_name);
      }
    }
    samples[i] = wall() - start;
  }
  qsort(samples, times, sizeof *samples, ascending);
  return samples[times / 2];
}

int main(int argc, char **argv) {
  require(argc == 3, "arguments");
  bytes = atoi(argv[1]);
  times = atoi(argv[2]);
  samples = calloc(times, sizeof *samples);
  client = bound(INADDR_LOOPBACK, 0, &client_name);
  server = bound(INADDR_LOOPBACK, 0, &server_name);
  poll_set = epoll_create1(0);
  for (int i = 0; i < 2; i++) {
    int fd = i ? client : server;
    option(fd, IPPROTO_IP, IP_PKTINFO, 1);
    option(fd, IPPROTO_IP, IP_RECVTTL, 1);
    struct epoll_event readable = {.events = EPOLLIN, .data.fd = fd};
    require(epoll_ctl(poll_set, EPOLL_CTL_ADD, fd, &readable) == 0, "epoll_ctl");
  }
  room = batch(LARGEST);
  got = datagrams();
  char line[64];
  while (fgets(line, sizeof line, stdin)) {
    printf("%.3f\n", round_trip());
    fflush(stdout);
  }
  return 0;
}
