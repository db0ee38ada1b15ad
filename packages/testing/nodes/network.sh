#!/bin/sh
# Runs a command on a host of its own: unshare -n sh network.sh command…
# Runs of tests beside each other have no port in common. The host has loopback, and a link to a silent neighbour, which is the way to all other hosts.
set -e
unshare -n sleep 100000 & silent=$!
trap 'kill $silent' EXIT
until [ "$(readlink /proc/$silent/ns/net)" != "$(readlink /proc/$$/ns/net)" ]; do sleep 0.01; done
ip link set lo up
ip link add eth0 type veth peer name eth0 netns $silent
nsenter -t $silent -n ip link set eth0 up
ip link set eth0 up
ip addr add 192.0.2.2/24 brd + dev eth0
# It is known, so no error comes later.
ip neigh add 192.0.2.1 lladdr 02:00:00:00:00:01 dev eth0 nud permanent
ip route add default via 192.0.2.1
"$@"
