/* epoll_ctl of a user who has ANCILLARY_WATCHES watches left for sockets and for epolls: the next is refused (ENOSPC). */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <stdio.h>

static struct { int epoll, fd; } watches[256];
static int used;

static void forget(int epoll, int fd) {
  for (int i = used - 1; i >= 0; i--)
    if (epoll < 0 ? watches[i].epoll == fd || watches[i].fd == fd : watches[i].epoll == epoll && watches[i].fd == fd)
      watches[i] = watches[--used];
}

int close(int fd) {
  forget(-1, fd);
  return (int)syscall(SYS_close, fd);
}

static int counts(int fd) {
  int type = 0;
  socklen_t length = sizeof type;
  if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) == 0) return type == SOCK_DGRAM;
  char link[64], name[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t bytes = readlink(link, name, sizeof name - 1);
  if (bytes < 0) return 0;
  name[bytes] = 0;
  return strstr(name, "[eventpoll]") != NULL;
}

int epoll_ctl(int epfd, int operation, int fd, struct epoll_event *event) {
  static int (*real)(int, int, int, struct epoll_event *);
  if (real == NULL) real = dlsym(RTLD_NEXT, "epoll_ctl");
  int counted = operation != EPOLL_CTL_MOD && counts(fd);
  if (counted && operation == EPOLL_CTL_ADD && used >= atoi(getenv("ANCILLARY_WATCHES"))) {
    errno = ENOSPC;
    return -1;
  }
  int answer = real(epfd, operation, fd, event);
  if (answer == 0 && counted && operation == EPOLL_CTL_DEL) forget(epfd, fd);
  if (answer == 0 && counted && operation == EPOLL_CTL_ADD) {
    watches[used].epoll = epfd;
    watches[used++].fd = fd;
  }
  return answer;
}
