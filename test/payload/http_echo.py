"""Answers every HTTP request with an iPXE script that says what was asked: ADDRESS PORT."""

import http.server
import sys


class Echo(http.server.BaseHTTPRequestHandler):
    """One script per request."""

    def answer(self):
        """Method, path, content and the header X-Key as echo lines."""
        content = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        script = (f"#!ipxe\necho asked {self.command} {self.path} with {content or 'nothing'}"
                  f" key {self.headers.get('X-Key')}\n").encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(script)))
        self.end_headers()
        self.wfile.write(script)

    do_GET = do_POST = do_PUT = answer


http.server.HTTPServer((sys.argv[1], int(sys.argv[2])), Echo).serve_forever()
