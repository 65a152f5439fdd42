"""A server for a benchmark, that limits nothing, for as long as it is measured."""

import contextlib
import subprocess


@contextlib.contextmanager
def serving(binary, data):
    """Starts it on a data directory; hands out its process, and its host with the port."""
    command = [binary, "--data-dir", data, "serve", "--listen", "127.0.0.1:0", "--no-browser",
               "--rate-limit", "1000000"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        line = server.stdout.readline()
        yield server, line.split("listens on ")[1].strip().removeprefix("http://").rstrip("/")
    finally:
        server.terminate()
        server.wait()
