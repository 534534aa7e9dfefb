"""Sends every datagram back to where it came from: ADDRESS PORT."""

import socket
import sys

line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
line.bind((sys.argv[1], int(sys.argv[2])))
while True:
    line.sendto(*line.recvfrom(2048))
