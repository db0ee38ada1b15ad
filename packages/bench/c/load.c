/*
 * load rate PORT PROCESS BYTES RATE MILLISECONDS: 64 flows ask an echo server at a fixed rate, whether it answers or not. A round prints the server's
 * processor time and minor faults for each echo, the latency of half, of 99 in 100 and of 999 in 1,000, and the percentage of lost echoes. A latency
 * starts when its datagram was due, so the delay of an earlier one counts.
 * load flood PORT PROCESS BYTES MILLISECONDS: the flows ask as fast as they can. Prints processor time, minor faults, and echoes in a second.
 * load ceiling PORT PROCESS BYTES MILLISECONDS: prints the highest rate at which at most 1 in 100 echoes is lost.
 * load one PORT PROCESS BYTES COUNT: one flow asks again when it has its echo. Prints processor time and minor faults for each echo, and the median
 * of the round trips.
 *
 * Before its first round it has an echo for each flow, and floods the server, so that the server's code is compiled.
 * Every echo is compared with its question.
 */
#include "peer.h"
#include <poll.h>
#include <sys/prctl.h>

enum { FLOWS = 64, MOST = 1 << 20 };
#define PATIENCE 30e9

static int flows[FLOWS], bytes, server, poll_set;
static clockid_t server_clock;
static struct sockaddr_in to;
static double due[MOST], latency[MOST];
/* The number of the next question, and those of the round: from `first` on. */
static uint32_t next, first;
static int back;

struct question {
  uint32_t number, flow;
};

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double server_time(void) {
  struct timespec t;
  require(clock_gettime(server_clock, &t) == 0, "the server's clock");
  return t.tv_sec * 1e9 + t.tv_nsec;
}

static long server_faults(void) {
  char path[64], line[1024] = {0};
  snprintf(path, sizeof path, "/proc/%d/stat", server);
  FILE *stat = fopen(path, "r");
  require(stat && fgets(line, sizeof line, stat), "the server's faults");
  fclose(stat);
  long faults = 0;
  /* The name of a program may have spaces, and is in brackets. */
  sscanf(strrchr(line, ')') + 1, " %*c %*d %*d %*d %*d %*d %*u %ld", &faults);
  return faults;
}

/* Returns 0 if the send buffer is full. */
static int ask(double moment) {
  static uint8_t payload[LARGEST];
  struct question question = {next, next % FLOWS};
  memcpy(payload, &question, sizeof question);
  ssize_t sent = sendto(flows[question.flow], payload, bytes, 0, (struct sockaddr *)&to, sizeof to);
  if (sent < 0 && errno == EAGAIN) return 0;
  require(sent == bytes, "sendto");
  due[next++ % MOST] = moment;
  return 1;
}

/* Takes the echoes that are there. */
static void take_echoes(int flow) {
  static uint8_t payload[LARGEST];
  for (ssize_t count; (count = recv(flows[flow], payload, sizeof payload, 0)) >= 0;) {
    struct question question;
    memcpy(&question, payload, sizeof question);
    int same = count == bytes && question.flow == (uint32_t)flow && question.number % FLOWS == question.flow;
    for (int i = sizeof question; same && i < bytes; i++) same = payload[i] == 0;
    if (!same) {
      fputs("an echo differs from its question\n", stderr);
      exit(1);
    }
    uint32_t at = question.number - first;
    if (at < next - first && back < MOST) latency[back++] = wall() - due[question.number % MOST];
  }
}

/* Waits at most so many nanoseconds. */
static void listen_for(double nanoseconds) {
  struct timespec timeout = {0, nanoseconds > 0 ? (long)nanoseconds : 0};
  struct pollfd readable = {poll_set, POLLIN, 0};
  if (ppoll(&readable, 1, &timeout, NULL) <= 0) return;
  struct epoll_event events[FLOWS];
  int count = epoll_wait(poll_set, events, FLOWS, 0);
  for (int i = 0; i < count; i++) take_echoes(events[i].data.fd);
}

static void start(void) {
  first = next;
  back = 0;
}

static void wait_for_rest(double nanoseconds) {
  for (double end = wall() + nanoseconds; back < (int)(next - first) && wall() < end;) listen_for(1e6);
}

/* On a busy machine the server may have had no turn yet. */
static void wait_for_first(void) {
  for (double end = wall() + PATIENCE; back == 0 && wall() < end;) listen_for(1e6);
}

/* Asks at a rate, and returns the part of the echoes that was lost. */
static double at_rate(double rate, double milliseconds) {
  start();
  double apart = 1e9 / rate, began = wall();
  int count = rate * milliseconds / 1000;
  if (count >= MOST) count = MOST - 1;
  for (int sent = 0; sent < count;) {
    double t = wall();
    while (sent < count && began + sent * apart <= t && ask(began + sent * apart)) sent++;
    listen_for(began + sent * apart - wall());
  }
  wait_for_rest(3e8);
  wait_for_first();
  return 1 - (double)back / count;
}

/* Returns the echoes in a second. */
static double flood(double milliseconds) {
  start();
  double began = wall();
  while (wall() < began + milliseconds * 1e6 && next - first < MOST - FLOWS) {
    for (int i = 0; i < FLOWS; i++) ask(wall());
    listen_for(0);
  }
  double echoes = back / (wall() - began) * 1e9;
  wait_for_rest(1e8);
  wait_for_first();
  return echoes;
}

static void one_by_one(int count) {
  start();
  for (int i = 0; i < count; i++) {
    next += FLOWS - next % FLOWS;
    int before = back;
    while (!ask(wall())) {
    }
    for (double end = wall() + PATIENCE; back == before && wall() < end;) listen_for(1e8);
    require(back > before, "no echo");
  }
}

/* A rate holds if one of three tries loses at most 1 in 100: another program may have had the processor. */
static int holds(double rate, double milliseconds) {
  for (int i = 0; i < 3; i++)
    if (at_rate(rate, milliseconds) <= 0.01) return 1;
  return 0;
}

static double ceiling(double milliseconds) {
  double low = 500;
  while (low < 1e6 && holds(low * 2, milliseconds)) low *= 2;
  double high = low * 2;
  while (high / low > 1.05) {
    double middle = (low + high) / 2;
    if (holds(middle, milliseconds)) low = middle;
    else high = middle;
  }
  return low;
}

/* Asks from one flow until it has an echo. The server has answered all earlier questions then. */
static void settle(int flow) {
  double end = wall() + PATIENCE;
  do {
    require(wall() < end, "no echo");
    next += FLOWS - next % FLOWS + flow;
    start();
    while (!ask(wall())) {
    }
    wait_for_rest(3e8);
  } while (back == 0);
}

int main(int argc, char **argv) {
  require(argc >= 6, "arguments");
  int paced = strcmp(argv[1], "rate") == 0, flooding = strcmp(argv[1], "flood") == 0, single = strcmp(argv[1], "one") == 0;
  to = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(atoi(argv[2]))};
  server = atoi(argv[3]);
  bytes = atoi(argv[4]);
  double rate = atof(argv[5]), milliseconds = atof(argv[paced ? 6 : 5]);
  require(clock_getcpuclockid(server, &server_clock) == 0, "the server's clock");
  prctl(PR_SET_TIMERSLACK, 1000);
  poll_set = epoll_create1(0);
  for (int i = 0; i < FLOWS; i++) {
    struct sockaddr_in own;
    flows[i] = bound(INADDR_LOOPBACK, 0, &own);
    struct epoll_event readable = {.events = EPOLLIN, .data.fd = i};
    require(epoll_ctl(poll_set, EPOLL_CTL_ADD, flows[i], &readable) == 0, "epoll_ctl");
  }
  for (int i = 0; i < FLOWS; i++) settle(i);
  /* A server that compiles while it runs has compiled. */
  if (single) flood(1000);
  else if (paced || flooding) flood(4 * milliseconds);
  char line[64];
  while (fgets(line, sizeof line, stdin)) {
    settle(0);
    double time = server_time(), lost = 0, found = 0;
    long faults = server_faults();
    if (paced) lost = at_rate(rate, milliseconds);
    else if (single) one_by_one(rate);
    else found = flooding ? flood(milliseconds) : ceiling(milliseconds);
    time = server_time() - time;
    faults = server_faults() - faults;
    if (back == 0 && (paced || flooding)) {
      fputs("the server does not answer\n", stderr);
      return 1;
    }
    if (paced) {
      qsort(latency, back, sizeof *latency, ascending);
      printf("%.0f %.4f %.0f %.0f %.0f %.3f\n", time / back, (double)faults / back, latency[back / 2], latency[back * 99L / 100],
             latency[back * 999L / 1000], lost * 100);
    } else if (single) {
      qsort(latency, back, sizeof *latency, ascending);
      printf("%.0f %.4f %.0f\n", time / back, (double)faults / back, latency[back / 2]);
    } else if (flooding) printf("%.0f %.4f %.0f\n", time / back, (double)faults / back, found);
    else printf("%.0f\n", found);
    fflush(stdout);
  }
  return 0;
}
