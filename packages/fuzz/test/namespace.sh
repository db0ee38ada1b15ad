#!/bin/sh
# Makes the host that the programs of `--only network` are for, and runs a command there: unshare -n sh namespace.sh command…
# It has the loopback interface, and a link to a namespace that hears and says nothing. The neighbours are known, so that no error comes later.
set -e
unshare -n sleep 100000 & silent=$!
trap "kill $silent" EXIT
sleep 0.2
ip link set lo up
ip link add eth0 index 2 address 02:00:00:00:01:02 type veth peer name eth9 netns $silent
nsenter -t $silent -n ip link set eth9 up
ip link set eth0 up
ip addr add 10.9.0.1/24 brd + dev eth0
ip addr add fd00:9::1/64 dev eth0 nodad
ip neigh add 10.9.0.7 lladdr 02:00:00:00:09:09 dev eth0 nud permanent
ip neigh add fd00:9::7 lladdr 02:00:00:00:09:09 dev eth0 nud permanent
sysctl -qw net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0
sleep 2
"$@"
