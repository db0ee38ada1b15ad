/* Messages of NETLINK_ROUTE as the kernel's headers lay them out: a name and the bytes, a line each. cc -o netlink netlink.c && ./netlink */
#include <arpa/inet.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

static union {
  struct nlmsghdr header;
  unsigned char bytes[1024];
} message;

static struct rtattr *tail(void) { return (struct rtattr *)(message.bytes + NLMSG_ALIGN(message.header.nlmsg_len)); }

static void *begin(int type, int flags, int size) {
  memset(&message, 0, sizeof message);
  message.header.nlmsg_type = type;
  message.header.nlmsg_flags = flags;
  message.header.nlmsg_seq = 1;
  message.header.nlmsg_len = NLMSG_LENGTH(size);
  return NLMSG_DATA(&message.header);
}

static void put(int type, const void *data, int size) {
  struct rtattr *attribute = tail();
  attribute->rta_type = type;
  attribute->rta_len = RTA_LENGTH(size);
  memcpy(RTA_DATA(attribute), data, size);
  message.header.nlmsg_len = NLMSG_ALIGN(message.header.nlmsg_len) + RTA_ALIGN(attribute->rta_len);
}

static void print(const char *name) {
  printf("%s ", name);
  for (unsigned i = 0; i < message.header.nlmsg_len; i++) printf("%02x", message.bytes[i]);
  printf("\n");
}

static void link_of(const char *name, int type, int family, int index, unsigned flags, unsigned mtu, const char *device) {
  struct ifinfomsg *info = begin(type, NLM_F_MULTI, sizeof *info);
  info->ifi_family = family;
  info->ifi_type = ARPHRD_ETHER;
  info->ifi_index = index;
  info->ifi_flags = flags;
  put(IFLA_IFNAME, device, strlen(device) + 1);
  put(IFLA_MTU, &mtu, sizeof mtu);
  unsigned master = 9;
  put(IFLA_MASTER, &master, sizeof master);
  const unsigned char hardware[] = {0x02, 0x42, 0xac, 0x11, 0x00, 0x02};
  put(IFLA_ADDRESS, hardware, sizeof hardware);
  struct rtattr *nest = tail();
  put(IFLA_LINKINFO | NLA_F_NESTED, "", 0);
  put(IFLA_INFO_KIND, "veth", 5);
  nest->rta_len = (unsigned char *)tail() - (unsigned char *)nest;
  print(name);
}

static void address_of(const char *name, int family, int index, unsigned flags, const char *local, const char *other) {
  struct ifaddrmsg *info = begin(RTM_NEWADDR, NLM_F_MULTI, sizeof *info);
  unsigned char bytes[16];
  int size = family == AF_INET ? 4 : 16;
  info->ifa_family = family;
  info->ifa_prefixlen = family == AF_INET ? 24 : 64;
  info->ifa_flags = flags;
  info->ifa_index = index;
  inet_pton(family, other, bytes);
  put(IFA_ADDRESS, bytes, size);
  if (local != NULL) {
    inet_pton(family, local, bytes);
    put(IFA_LOCAL, bytes, size);
    put(IFA_LABEL, "v0:vip", 7);
  }
  put(IFA_FLAGS, &flags, sizeof flags);
  print(name);
}

int main(void) {
  unsigned up = IFF_UP | IFF_BROADCAST | IFF_MULTICAST;
  link_of("link", RTM_NEWLINK, AF_UNSPEC, 77, up | IFF_RUNNING | IFF_LOWER_UP, 1500, "v0");
  link_of("link without a carrier", RTM_NEWLINK, AF_UNSPEC, 77, up, 1500, "v0");
  link_of("link with a name of other bytes", RTM_NEWLINK, AF_UNSPEC, 78, up, 1500, "v\xff\xfe");
  link_of("link that is too narrow for IPv6", RTM_NEWLINK, AF_UNSPEC, 77, up, 1279, "v0");
  link_of("link that is too narrow for both", RTM_NEWLINK, AF_UNSPEC, 77, up, 67, "v0");
  link_of("link removed", RTM_DELLINK, AF_UNSPEC, 77, up, 1500, "v0");
  link_of("port of a bridge removed", RTM_DELLINK, AF_BRIDGE, 77, up, 1500, "v0");
  address_of("IPv4 address", AF_INET, 77, IFA_F_PERMANENT | IFA_F_SECONDARY, "192.0.2.7", "192.0.2.7");
  address_of("IPv4 address of a link with two ends", AF_INET, 77, IFA_F_PERMANENT, "192.0.2.7", "192.0.2.9");
  address_of("IPv6 address, tentative", AF_INET6, 77, IFA_F_TENTATIVE, NULL, "2001:db8::5");
  address_of("IPv6 address, optimistic", AF_INET6, 77, IFA_F_TENTATIVE | IFA_F_OPTIMISTIC, NULL, "2001:db8::5");
  address_of("IPv6 address, duplicate", AF_INET6, 77, IFA_F_TENTATIVE | IFA_F_DADFAILED, NULL, "2001:db8::5");
  address_of("IPv6 address, temporary", AF_INET6, 77, IFA_F_TEMPORARY | IFA_F_DEPRECATED | IFA_F_NOPREFIXROUTE, NULL, "2001:db8::5");
  address_of("IPv6 address, link-local", AF_INET6, 77, IFA_F_PERMANENT, NULL, "fe80::a");
  struct ifinfomsg *every = begin(RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP, sizeof *every);
  memset(every, 0, sizeof *every);
  print("request for links");
  begin(RTM_GETADDR, NLM_F_REQUEST | NLM_F_DUMP, sizeof *every);
  print("request for addresses");
  int *status = begin(NLMSG_DONE, NLM_F_MULTI, sizeof *status);
  *status = 0;
  print("done");
  begin(NLMSG_DONE, NLM_F_MULTI | NLM_F_DUMP_INTR, sizeof *status);
  print("done, interrupted");
  struct nlmsgerr *error = begin(NLMSG_ERROR, 0, sizeof *error);
  error->error = -1;
  print("error");
  return 0;
}
