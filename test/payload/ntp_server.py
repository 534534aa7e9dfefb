"""Tells the time 2030-01-01 00:00:00 to whoever asks by NTP: ADDRESS."""

import socket
import struct
import sys

NTP = 1893456000 + 2208988800

line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
line.bind((sys.argv[1], 123))
while True:
    question, sender = line.recvfrom(512)
    reply = struct.pack("!BBBbIII", 0x24, 1, 6, -20, 0, 0, 0) + struct.pack("!Q", NTP << 32)
    reply += question[40:48] + struct.pack("!QQ", NTP << 32, NTP << 32)
    line.sendto(reply, sender)
