/*
 * What the C peers share: rounds on command, the clock, loopback sockets, and messages laid out once.
 *
 * A line on its standard input makes a peer do a round. The peer answers with a line: nanoseconds and minor faults of a datagram. What it
 * receives it has sent to itself, outside of the clock.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#define UDP_GRO 104
#endif

enum { BATCH = 64, LARGEST = 65535 };

static inline void require(int fine, const char *what) {
  if (fine) return;
  perror(what);
  exit(1);
}

/* The clock of latencies. */
static inline double wall(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e9 + t.tv_nsec;
}

/* The clock of costs: processor time, which other programs do not change. With ANCILLARY_CLOCK=wall it is wall time. */
static inline double now(void) {
  static clockid_t clock = INT32_MAX;
  if (clock == INT32_MAX) {
    const char *named = getenv("ANCILLARY_CLOCK");
    clock = named && strcmp(named, "wall") == 0 ? CLOCK_MONOTONIC : CLOCK_PROCESS_CPUTIME_ID;
  }
  struct timespec t;
  clock_gettime(clock, &t);
  return t.tv_sec * 1e9 + t.tv_nsec;
}

static inline long minor_faults(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_minflt;
}

/* The cost of a round: time and minor faults between each `begin` and `end`. */
static struct {
  double nanoseconds, start;
  long faults, faults_before;
} cost;

static inline void begin(void) {
  cost.faults_before = minor_faults();
  cost.start = now();
}

static inline void end(void) {
  cost.nanoseconds += now() - cost.start;
  cost.faults += minor_faults() - cost.faults_before;
}

/* Does a round for each line of the standard input. A round returns the number of its datagrams, and its cost is printed for each of them. */
static inline int rounds(long (*round)(void)) {
  char line[64];
  while (fgets(line, sizeof line, stdin)) {
    cost.nanoseconds = cost.faults = 0;
    long datagrams = round();
    printf("%.3f %.5f\n", cost.nanoseconds / datagrams, (double)cost.faults / datagrams);
    fflush(stdout);
  }
  return 0;
}

static inline void option(int fd, int level, int name, int value) {
  require(setsockopt(fd, level, name, &value, sizeof value) == 0, "setsockopt");
}

/* Non-blocking, bound to a port that the kernel chooses. */
static inline int bound(uint32_t address, int receive_buffer, struct sockaddr_in *name) {
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  require(fd >= 0, "socket");
  if (receive_buffer) option(fd, SOL_SOCKET, SO_RCVBUF, receive_buffer);
  *name = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(address)};
  require(bind(fd, (struct sockaddr *)name, sizeof *name) == 0, "bind");
  socklen_t length = sizeof *name;
  require(getsockname(fd, (struct sockaddr *)name, &length) == 0, "getsockname");
  return fd;
}

/* What a program has of a datagram: what @ancillary/socket hands over, in structs. */
struct datagram {
  struct in_addr from, destination, local;
  uint16_t port;
  uint32_t interface;
  int hops, segment;
  size_t bytes;
  uint8_t *data;
};

/* Reads the control messages into the datagram, and copies its payload. */
static inline void take(struct msghdr *message, size_t bytes, struct datagram *into) {
  struct sockaddr_in *from = message->msg_name;
  into->from = from->sin_addr;
  into->port = ntohs(from->sin_port);
  into->segment = 0;
  for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
    if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO && c->cmsg_len == CMSG_LEN(sizeof(struct in_pktinfo))) {
      struct in_pktinfo info;
      memcpy(&info, CMSG_DATA(c), sizeof info);
      into->destination = info.ipi_addr;
      into->local = info.ipi_spec_dst;
      into->interface = info.ipi_ifindex;
    } else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TTL && c->cmsg_len == CMSG_LEN(sizeof(int))) {
      memcpy(&into->hops, CMSG_DATA(c), sizeof(int));
    } else if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO && c->cmsg_len == CMSG_LEN(sizeof(int))) {
      memcpy(&into->segment, CMSG_DATA(c), sizeof(int));
    }
  }
  into->bytes = bytes;
  memcpy(into->data, message->msg_iov->iov_base, bytes);
}

/* Room for a batch, laid out once; `fresh` puts back what the kernel overwrites. */
struct batch {
  struct mmsghdr messages[BATCH];
  struct iovec pieces[BATCH];
  struct sockaddr_in names[BATCH];
  _Alignas(8) uint8_t control[BATCH][128];
};

static inline void fresh(struct batch *batch, int count) {
  for (int i = 0; i < count; i++) {
    struct msghdr *h = &batch->messages[i].msg_hdr;
    h->msg_namelen = sizeof batch->names[i];
    h->msg_controllen = sizeof batch->control[i];
  }
}

static inline struct batch *batch(size_t room) {
  struct batch *made = calloc(1, sizeof *made);
  for (int i = 0; i < BATCH; i++) {
    made->pieces[i] = (struct iovec){malloc(room), room};
    made->messages[i].msg_hdr = (struct msghdr){
        .msg_name = &made->names[i], .msg_iov = &made->pieces[i], .msg_iovlen = 1, .msg_control = made->control[i]};
  }
  fresh(made, BATCH);
  return made;
}

/* What is there, in one call for a batch or in a call each for so many; 0 where nothing is. */
static inline int receive(int fd, struct batch *batch, int batched, int wanted, struct datagram *into) {
  int count;
  if (batched) {
    fresh(batch, BATCH);
    count = recvmmsg(fd, batch->messages, BATCH, MSG_DONTWAIT, NULL);
    if (count < 0) count = 0;
    for (int i = 0; i < count; i++) take(&batch->messages[i].msg_hdr, batch->messages[i].msg_len, &into[i]);
    return count;
  }
  for (count = 0; count < wanted && count < BATCH; count++) {
    fresh(batch, 1);
    ssize_t bytes = recvmsg(fd, &batch->messages[0].msg_hdr, MSG_DONTWAIT);
    if (bytes < 0) break;
    take(&batch->messages[0].msg_hdr, bytes, &into[count]);
  }
  return count;
}

/* Room for copies, made once: malloc and free of a merged payload would be page faults, and cost more than all the rest. */
static inline struct datagram *datagrams(void) {
  struct datagram *made = calloc(BATCH, sizeof *made);
  for (int i = 0; i < BATCH; i++) made[i].data = malloc(LARGEST);
  return made;
}

/* Adds packet information, the source alone, to what is sent. Answers the bytes that it took. */
static inline size_t from_address(void *control, uint32_t source) {
  struct cmsghdr *c = control;
  struct in_pktinfo info = {.ipi_spec_dst.s_addr = htonl(source)};
  *c = (struct cmsghdr){.cmsg_level = IPPROTO_IP, .cmsg_type = IP_PKTINFO, .cmsg_len = CMSG_LEN(sizeof info)};
  memcpy(CMSG_DATA(c), &info, sizeof info);
  return CMSG_SPACE(sizeof info);
}

/* The same for the size of segments. */
static inline size_t in_segments(void *control, uint16_t size) {
  struct cmsghdr *c = control;
  *c = (struct cmsghdr){.cmsg_level = IPPROTO_UDP, .cmsg_type = UDP_SEGMENT, .cmsg_len = CMSG_LEN(sizeof size)};
  memcpy(CMSG_DATA(c), &size, sizeof size);
  return CMSG_SPACE(sizeof size);
}
