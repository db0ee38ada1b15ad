// CMSG_NXTHDR, but where ours deliberately parts from it (`packages/control/golden/README.md`): what remains agrees without exception.

static Header *following(Message *message, Header *header) {
#ifdef _WIN32
  // Winsock: the macro believes a length below a header's. At 0 it stays where it is for ever, else it goes on inside of the header.
  if (header->cmsg_len < sizeof(Header)) return NULL;
  // Winsock: a length near the greatest wraps round: all bits stay where they are for ever, others lead backwards.
  if (header->cmsg_len > (size_t)-1 - 2 * sizeof(Header) - (size_t)header) return NULL;
#elif !defined(__GLIBC__)
  // musl: the macro does not find a bare header behind a message, at the very end. The kernel may deliver one: an empty payload.
  Byte *end = (Byte *)message->msg_control + message->msg_controllen, *bare = end - sizeof(Header);
  if (header->cmsg_len >= sizeof(Header) && (Byte *)header + SPACE((size_t)header->cmsg_len - LENGTH(0)) == bare) return (Header *)bare;
#endif
  return NEXT(message, header);
}
