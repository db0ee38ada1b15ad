/*
 * fan_out one|batched plain|source BYTES PEERS REPEATS: time a datagram to send to so many addresses of the loopback network, with `source` as
 * packet information. Nobody reads: the kernel drops what does not fit.
 */
#include "peer.h"

static int batched, source, peers, repeats, sender;
static struct sockaddr_in *names;
static struct iovec piece;
static struct mmsghdr messages[BATCH];
static _Alignas(8) uint8_t control[BATCH][64];

/* As a program does that has other peers each time: everything is written again. */
static void prepare(int slot, struct sockaddr_in *to) {
  struct msghdr *h = &messages[slot].msg_hdr;
  *h = (struct msghdr){.msg_name = to, .msg_namelen = sizeof *to, .msg_iov = &piece, .msg_iovlen = 1};
  if (!source) return;
  h->msg_control = control[slot];
  h->msg_controllen = from_address(control[slot], INADDR_LOOPBACK);
}

static long round_(void) {
  begin();
  for (int repeat = 0; repeat < repeats; repeat++) {
    for (int at = 0; at < peers;) {
      int count = batched ? (peers - at < BATCH ? peers - at : BATCH) : 1;
      for (int i = 0; i < count; i++) prepare(i, &names[at + i]);
      int sent = batched ? sendmmsg(sender, messages, count, 0) : (sendmsg(sender, &messages[0].msg_hdr, 0) < 0 ? -1 : 1);
      if (sent < 0 && errno == EAGAIN) continue;
      require(sent > 0, "send");
      at += sent;
    }
  }
  end();
  return (long)repeats * peers;
}

int main(int argc, char **argv) {
  require(argc == 6, "arguments");
  batched = strcmp(argv[1], "batched") == 0;
  source = strcmp(argv[2], "source") == 0;
  peers = atoi(argv[4]);
  repeats = atoi(argv[5]);
  struct sockaddr_in sink, own;
  bound(INADDR_ANY, 2304, &sink);
  sender = bound(INADDR_ANY, 0, &own);
  piece = (struct iovec){calloc(1, atoi(argv[3])), atoi(argv[3])};
  names = calloc(peers, sizeof *names);
  for (int i = 0; i < peers; i++) {
    names[i] = sink;
    names[i].sin_addr.s_addr = htonl(0x7f010001 + i);
  }
  return rounds(round_);
}
