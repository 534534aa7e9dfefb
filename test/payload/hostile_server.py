#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""HTTP and TFTP servers that stop, or never stop, at the place that the file's name says.

Usage: hostile_server.py ADDRESS HTTP-PORT TFTP-PORT
"""

import itertools
import socket
import struct
import sys
import threading

OK = b"HTTP/1.1 200 OK\r\n"
DATA, ERROR, OACK = 3, 5, 6


def endless(head, piece):
    return itertools.chain([head], itertools.repeat(piece))


# What is sent; after the last piece the connection stays open, unless the name ends in "-close".
HTTP = {
    "silent": lambda: [],
    "header": lambda: [OK + b"Content-Le"],
    "body": lambda: [OK + b"Content-Length: 1000000\r\n\r\n" + bytes(1000)],
    "chunk-header": lambda: [OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n10"],
    "chunk": lambda: [OK + b"Transfer-Encoding: chunked\r\n\r\n10\r\nhello"],
    "body-close": lambda: [OK + b"Content-Length: 1000000\r\n\r\n" + bytes(1000)],
    "loop": lambda: [b"HTTP/1.1 302 Found\r\nLocation: /loop\r\nContent-Length: 0\r\n\r\n"],
    "huge": lambda: [OK + b"Content-Length: 18446744073709551000\r\n\r\n"],
    "endless-header": lambda: endless(OK, b"X-More: and more\r\n" * 100),
    "endless-informational": lambda: endless(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n" * 100),
    "endless-extension": lambda: endless(OK + b"Transfer-Encoding: chunked\r\n\r\n5;", b"x" * 4096),
    "endless-trailer": lambda: endless(OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n",
                                       b"X-More: and more\r\n" * 100),
    "endless-body": lambda: endless(OK + b"Connection: close\r\n\r\n", bytes(65536)),
    "endless-redirect": lambda: endless(b"HTTP/1.1 302 Found\r\nLocation: /loop\r\n"
                                        b"Transfer-Encoding: chunked\r\n\r\n", b"1000\r\n" + bytes(4096) + b"\r\n"),
    "garbage": lambda: endless(b"", bytes(range(256)) * 16),
}


def serve_http(connection):
    """Answers the requests of one connection."""
    with connection:
        request = b""
        try:
            while True:
                while b"\r\n\r\n" not in request:
                    more = connection.recv(65536)
                    if not more:
                        return
                    request += more
                head, request = request.split(b"\r\n\r\n", 1)
                name = head.split()[1].decode().lstrip("/")
                for piece in HTTP[name]():
                    connection.sendall(piece)
                if name.endswith("-close"):
                    return
        except OSError:
            pass  # the other side had enough


def tftp_answers(name):
    """The packets that follow a request."""
    option = struct.pack("!H", OACK) + b"tsize\x005000000\x00"
    block = struct.pack("!HH", DATA, 1) + bytes(512)
    return {
        "silent": [],
        "oack": [option],
        "data": [block],
        "sizes": [struct.pack("!H", OACK) + b"tsize\x0018446744073709551615\x00"],
        "error": [struct.pack("!HH", ERROR, 2) + b"go away"],
        "long": [struct.pack("!HH", DATA, 1) + bytes(1400)],
    }[name]


def serve_tftp(address, port):
    """Answers requests, each from a port of its own; acknowledgements go unheard."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind((address, port))
    while True:
        request, client = server.recvfrom(2048)
        answers = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        answers.bind((address, 0))
        for packet in tftp_answers(request[2:].split(b"\0")[0].decode()):
            answers.sendto(packet, client)


def main():
    address, http_port, tftp_port = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    threading.Thread(target=serve_tftp, args=(address, tftp_port), daemon=True).start()
    with socket.create_server((address, http_port)) as server:
        while True:
            connection, _ = server.accept()
            threading.Thread(target=serve_http, args=(connection,), daemon=True).start()


main()
