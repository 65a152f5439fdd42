#!/usr/bin/env python3
"""How soon an alert is on the stream of events, from when it was sent.

    benches/stream.py [--binary target/release/algohook] [--alerts 1000]

One alert in 20 ms over one connection, and a listener on /api/v1/stream. Standard library only.
"""

import argparse
import http.client
import json
import socket
import statistics
import subprocess
import tempfile
import threading
import time

from serving import serving


def listen(host, token, came, is_open):
    """Notes when each event came, by its id."""
    name, port = host.rsplit(":", 1)
    stream = socket.create_connection((name, int(port)))
    stream.sendall(f"GET /api/v1/stream HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {token}\r\n\r\n".encode())
    for line in stream.makefile("rb"):
        now = time.perf_counter()
        if line.startswith(b"HTTP/1.1 200"):
            is_open.set()
        elif line.startswith(b"data:") and b'"id":"evt_' in line.replace(b" ", b""):
            came[json.loads(line.removeprefix(b"data:"))["id"]] = now


def measure(host, webhook, token, alerts):
    came, sent, is_open = {}, {}, threading.Event()
    threading.Thread(target=listen, args=(host, token, came, is_open), daemon=True).start()
    assert is_open.wait(10), "the stream does not open"
    connection = http.client.HTTPConnection(host)
    alert = json.dumps({"auth_key": webhook["authKey"], "ticker": "AAPL", "positionDirection": "entryLong", "qty": 1,
                        "marketPrice": 100})
    for _ in range(alerts):
        begun = time.perf_counter()
        connection.request("POST", f"/hooks/{webhook['id']}", alert)
        answer = connection.getresponse()
        body = json.loads(answer.read())
        assert answer.status == 200, body
        sent[body["webhookEvent"]["id"]] = begun
        time.sleep(0.02)
    time.sleep(1)
    missing = sent.keys() - came.keys()
    assert not missing, f"{len(missing)} of {alerts} events did not come"
    return [1000 * (came[event] - begun) for event, begun in sent.items()]


def main():
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--binary", default="target/release/algohook")
    asked.add_argument("--alerts", type=int, default=1000)
    asked = asked.parse_args()
    with tempfile.TemporaryDirectory() as data:
        command = [asked.binary, "--data-dir", data]

        def run(*arguments):
            return json.loads(subprocess.run([*command, *arguments, "--json"], check=True, capture_output=True).stdout)

        webhook, token = run("webhook", "create", "Bench"), run("token", "create", "Bench")["token"]
        with serving(asked.binary, data) as (_, host):
            took = measure(host, webhook, token, asked.alerts)
    cuts = statistics.quantiles(took, n=100, method="inclusive")
    print(f"{len(took)} alerts on the stream: p50 {cuts[49]:.1f} ms, p99 {cuts[98]:.1f} ms, slowest {max(took):.1f} ms")


if __name__ == "__main__":
    main()
