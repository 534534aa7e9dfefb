"""Answers HTTP requests without telling a length: /N is N MB, /endless never ends. ADDRESS PORT."""

import http.server
import itertools
import sys

MEGABYTE = bytes(range(256)) * 4096


class Stream(http.server.BaseHTTPRequestHandler):
    """One stream per request, ended by closing the connection."""

    def do_GET(self):
        """Megabytes, as many as the path says."""
        self.send_response(200)
        self.end_headers()
        count = self.path[1:]
        try:
            for _ in range(int(count)) if count.isdigit() else itertools.count():
                self.wfile.write(MEGABYTE)
        except OSError:
            pass


http.server.ThreadingHTTPServer((sys.argv[1], int(sys.argv[2])), Stream).serve_forever()
