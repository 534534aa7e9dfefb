"""Prints every datagram that arrives: ADDRESS PORT."""

import socket
import sys

line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
line.bind((sys.argv[1], int(sys.argv[2])))
while True:
    print(line.recv(2048).decode(errors="replace"), flush=True)
