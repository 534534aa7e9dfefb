"""Answers ARP requests for one address as somebody else: INTERFACE ADDRESS."""

import socket
import sys

ARP = 0x0806
MAC = bytes.fromhex("020000000009")

address = socket.inet_aton(sys.argv[2])
line = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ARP))
line.bind((sys.argv[1], 0))
while True:
    frame = line.recv(64)
    if frame[20:22] == b"\0\1" and frame[38:42] == address:
        line.send(frame[6:12] + MAC + frame[12:20] + b"\0\2" + MAC + address + frame[22:32])
