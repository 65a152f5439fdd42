"""The real binary on a directory of its own, and a receiver that keeps what it is sent."""

import http.server
import json
import subprocess
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

PATIENCE = 30


class Receiver:
    """An HTTP server that answers 200 and keeps every request as (path, headers, body)."""

    def __init__(self):
        self.came = []
        came = self.came

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                came.append((self.path, dict(self.headers.items()), body))
                self.send_response(200)
                self.send_header("content-length", "15")
                self.end_headers()
                self.wfile.write(b'{"ok": true   }')

            do_PUT = do_POST

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def wait(self, count):
        until = time.monotonic() + PATIENCE
        while len(self.came) < count:
            assert time.monotonic() < until, f"{count} requests were waited for: {self.came}"
            time.sleep(0.02)
        return self.came


class Algohook:
    """A server with a webhook."""

    def __init__(self, binary, *options):
        self.folder = tempfile.TemporaryDirectory()
        self.binary = binary
        self.data = Path(self.folder.name) / "data"
        command = [binary, "--data-dir", self.data, "serve", "--listen", "127.0.0.1:0", "--no-browser",
                   "--outbound-allow", "127.0.0.0/8,::1/128", *options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.url = self.process.stdout.readline().split("listens on ")[1].strip()
        self.webhook = self.json("webhook", "create", "Strategy", "--json")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.folder.cleanup()

    def run(self, *arguments, **environment):
        command = [self.binary, "--data-dir", self.data, *arguments]
        import os
        done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environment})
        assert done.returncode == 0, f"{arguments}: {done.stderr}"
        return done.stdout

    def json(self, *arguments, **environment):
        return json.loads(self.run(*arguments, **environment))

    def alert(self, **fields):
        """Posts an alert; the server takes a new webhook up within a second."""
        alert = {"auth_key": self.webhook["authKey"], "ticker": "CME_MINI:NQ1!", "positionDirection": "entryLong",
                 "qty": 2, "marketPrice": "21500.25", **fields}
        alert = {name: value for name, value in alert.items() if value is not None}
        request = urllib.request.Request(f"{self.url}/hooks/{self.webhook['id']}", json.dumps(alert).encode())
        until = time.monotonic() + PATIENCE
        while True:
            try:
                with urllib.request.urlopen(request) as answer:
                    return json.load(answer)
            except urllib.error.HTTPError as error:
                if error.code != 404 or time.monotonic() > until:
                    raise
                time.sleep(0.05)
