"""drain.py BYTES BURST BURSTS: what drain.c does, by Python's recvmsg, one by one."""
import os
import resource
import socket
import struct
import sys
import time

size, burst, bursts = (int(each) for each in sys.argv[1:])
reader = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 212992)
IP_PKTINFO = 8  # Not in the module before Python 3.11.
IP_TTL = 2
reader.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
reader.setsockopt(socket.IPPROTO_IP, 12, 1)  # IP_RECVTTL
reader.bind(("127.0.0.1", 0))
reader.setblocking(False)
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
name = reader.getsockname()
payload = bytes(size)
clock = time.perf_counter_ns if os.environ.get("ANCILLARY_CLOCK") == "wall" else time.process_time_ns


def minor_faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt


room = socket.CMSG_SPACE(12) + socket.CMSG_SPACE(4)
for _ in sys.stdin:
    elapsed = faults = 0
    for _ in range(bursts):
        for _ in range(burst):
            sender.sendto(payload, name)
        before = minor_faults()
        start = clock()
        for _ in range(burst):
            data, control, flags, peer = reader.recvmsg(65535, room)
            for level, kind, value in control:
                if level == socket.IPPROTO_IP and kind == IP_PKTINFO:
                    interface, local, destination = struct.unpack("=I4s4s", value)
                elif level == socket.IPPROTO_IP and kind == IP_TTL:
                    (hops,) = struct.unpack("=i", value)
        elapsed += clock() - start
        faults += minor_faults() - before
    print(elapsed / (burst * bursts), faults / (burst * bursts), flush=True)
