"""A PXE server beside a DHCP server: ADDRESS FILE [OFFER_DELAY].

It answers every request on port 4011 with FILE, and prints what it was asked. With a
delay in seconds it also sends a ProxyDHCP offer, which names no file, that long
after each DISCOVER.
"""

import select
import socket
import sys
import time

address, name = sys.argv[1:3]
delay = float(sys.argv[3]) if len(sys.argv) > 3 else None
PXE_CLASS = bytes([60, 9]) + b"PXEClient"


def line(host, port):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for option in (socket.SO_REUSEADDR, socket.SO_REUSEPORT, socket.SO_BROADCAST):
        s.setsockopt(socket.SOL_SOCKET, option, 1)
    s.bind((host, port))
    return s


def options_of(packet):
    at, found = 240, {}
    while at < len(packet) and packet[at] != 255:
        found[packet[at]] = packet[at + 2 : at + 2 + packet[at + 1]]
        at += 2 + packet[at + 1]
    return found


def reply(packet, kind, file):
    head = b"\2" + packet[1:12] + packet[12:16] + bytes(4) + socket.inet_aton(address) + bytes(4)
    head += packet[28:44] + bytes(64) + file.ljust(128, b"\0") + packet[236:240]
    head += bytes([53, 1, kind, 54, 4]) + socket.inet_aton(address) + PXE_CLASS
    item = options_of(packet).get(43)
    return head + (bytes([43, len(item)]) + item if item else b"") + b"\xff"


# From here offers come: they must bear the server's own address, and port 67.
broadcast, service, sender = line("", 67), line(address, 4011), line(address, 67)
print("ready", flush=True)
due = []
while True:
    wait = max(0, due[0][0] - time.monotonic()) if due else None
    for ready in select.select([broadcast, service], [], [], wait)[0]:
        packet, client = ready.recvfrom(2048)
        kind = options_of(packet).get(53)
        print(ready.getsockname()[1], kind, client, flush=True)
        if ready is service:
            service.sendto(reply(packet, 5, name.encode()), client)
        elif kind == b"\1" and delay is not None:
            due.append((time.monotonic() + delay, reply(packet, 2, b"")))
    while due and due[0][0] <= time.monotonic():
        sender.sendto(due.pop(0)[1], ("255.255.255.255", 68))
