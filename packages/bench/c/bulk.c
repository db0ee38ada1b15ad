/*
 * bulk send plain|segmented SEGMENT SEGMENTS: time a segment to send so many to one peer, which nobody reads.
 * bulk receive plain|coalesced SEGMENT SEGMENTS: time a segment to read them, as the kernel merged them; what is sent is not in the clock.
 */
#include "peer.h"

enum { BUFFER = 212992, PLAIN_BURST = 128, MERGED_BURST = 4 };

static int segmented, size, segments, most, reader, sender;
static struct sockaddr_in name;
static struct batch *room;
static struct datagram *got;
static uint8_t *payload;
static _Alignas(8) uint8_t control[64];

/* As many segments as fit into one datagram's payload, in one call. */
static void send_segments(int first, int count) {
  struct iovec piece = {payload + (size_t)first * size, (size_t)count * size};
  struct msghdr message = {.msg_name = &name,
                           .msg_namelen = sizeof name,
                           .msg_iov = &piece,
                           .msg_iovlen = 1,
                           .msg_control = control,
                           .msg_controllen = in_segments(control, size)};
  while (sendmsg(sender, &message, 0) < 0) require(errno == EAGAIN, "sendmsg");
}

static void send_plain(int first, int count) {
  struct mmsghdr messages[BATCH];
  struct iovec pieces[BATCH];
  for (int i = 0; i < count; i++) {
    pieces[i] = (struct iovec){payload + (size_t)(first + i) * size, size};
    messages[i].msg_hdr =
        (struct msghdr){.msg_name = &name, .msg_namelen = sizeof name, .msg_iov = &pieces[i], .msg_iovlen = 1};
  }
  for (int at = 0; at < count;) {
    int sent = sendmmsg(sender, messages + at, count - at, 0);
    require(sent > 0 || errno == EAGAIN, "sendmmsg");
    if (sent > 0) at += sent;
  }
}

static long send_round(void) {
  begin();
  for (int left = segments; left > 0;) {
    int count = left < most ? left : most;
    if (segmented) send_segments(segments - left, count);
    else send_plain(segments - left, count);
    left -= count;
  }
  end();
  return segments;
}

static long receive_round(void) {
  for (int left = segments; left > 0;) {
    int filled = 0;
    for (int i = 0; i < (segmented ? MERGED_BURST : PLAIN_BURST / BATCH) && filled < left; i++) {
      int count = left - filled < most ? left - filled : most;
      if (segmented) send_segments(segments - left + filled, count);
      else send_plain(segments - left + filled, count);
      filled += count;
    }
    begin();
    for (int have = 0; have < filled;) {
      int count = receive(reader, room, 1, BATCH, got);
      for (int i = 0; i < count; i++) {
        int each = got[i].segment ? got[i].segment : size;
        have += (got[i].bytes + each - 1) / each;
      }
    }
    end();
    left -= filled;
  }
  return segments;
}

int main(int argc, char **argv) {
  require(argc == 5, "arguments");
  int sending = strcmp(argv[1], "send") == 0;
  segmented = strcmp(argv[2], "plain") != 0;
  size = atoi(argv[3]);
  segments = atoi(argv[4]);
  most = segmented ? 65507 / size : BATCH;
  struct sockaddr_in own;
  reader = bound(INADDR_LOOPBACK, sending ? 2304 : BUFFER, &name);
  sender = bound(INADDR_LOOPBACK, 0, &own);
  /* A sink takes merged segments too: what costs on the other side is not what is measured. */
  if (sending || segmented) option(reader, IPPROTO_UDP, UDP_GRO, 1);
  if (!sending) {
    option(reader, IPPROTO_IP, IP_PKTINFO, 1);
    option(reader, IPPROTO_IP, IP_RECVTTL, 1);
  }
  /* All of it is there: a page that was never written would be the same zeros again. */
  payload = malloc((size_t)segments * size);
  memset(payload, 1, (size_t)segments * size);
  room = batch(LARGEST);
  got = datagrams();
  return rounds(sending ? send_round : receive_round);
}
