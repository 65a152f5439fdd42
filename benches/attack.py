#!/usr/bin/env python3
"""What honest alerts and the memory see of a thousand hostile connections.

Starts the server with a certificate made for the occasion, on loopback only, and
posts alerts over HTTPS at a steady pace, each on a connection of its own, as
TradingView does: first in peace, then while hostile connections are held open,
each of which is opened again when the server closes it.

    benches/attack.py [--binary target/release/algohook] [--connections 1000] [--seconds 20]

Needs Python 3.9 or newer and the openssl command.
"""

import argparse
import asyncio
import json
import pathlib
import resource
import signal
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import time

HOST = "hooks.example.test"
# Strangers come from many addresses; of one, the server takes only so many.
ADDRESSES = [f"127.0.1.{number}" for number in range(1, 17)]
PACE = 50  # honest alerts a second


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """The binary on a directory of its own."""

    def __init__(self, binary, directory):
        self.binary = str(binary)
        self.data = str(directory / "data")
        certificate, key = directory / "cert.pem", directory / "key.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-nodes", "-days", "2", "-subj", f"/CN={HOST}", "-addext", f"subjectAltName=DNS:{HOST}",
             "-keyout", key, "-out", certificate],
            check=True, capture_output=True,
        )
        self.webhook = json.loads(self.run("webhook", "create", "Honest", "--json"))
        self.port = free_port()
        self.process = subprocess.Popen(
            [self.binary, "--data-dir", self.data, "serve", "--listen", "127.0.0.1:0",
             "--public-listen", f"127.0.0.1:{self.port}", "--tls-cert", certificate,
             "--tls-key", key, "--rate-limit", "100000"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )
        if not self.process.stdout.readline():
            sys.exit("the server did not start")
        self.trust = ssl.create_default_context(cafile=certificate)

    def run(self, *arguments):
        command = [self.binary, "--data-dir", self.data, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def memory(self, name):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith(name))
        return int(line.split()[1]) / 1000

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)

    async def connect(self, address, trust):
        name = HOST if trust else None
        return await asyncio.open_connection(
            "127.0.0.1", self.port, ssl=trust, server_hostname=name, local_addr=(address, 0))

    def alert(self):
        body = json.dumps({
            "auth_key": self.webhook["authKey"], "ticker": "BTCUSD",
            "positionDirection": "entryLong", "qty": 1, "marketPrice": 100,
            "comment": str(time.monotonic_ns()),
        })
        return (f"POST /hooks/{self.webhook['id']} HTTP/1.1\r\nHost: {HOST}\r\n"
                f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}").encode()

    async def deliver(self):
        """Posts one alert and returns the seconds until it was answered."""
        begun = time.monotonic()
        reader, writer = await self.connect("127.0.0.1", self.trust)
        writer.write(self.alert())
        answer = await reader.read()
        writer.close()
        if not answer.startswith(b"HTTP/1.1 200"):
            sys.exit(f"an honest alert was refused: {answer[:200]!r}")
        return time.monotonic() - begun


async def honest(server, seconds):
    tasks = []
    begun = time.monotonic()
    for number in range(int(seconds * PACE)):
        await asyncio.sleep(begun + number / PACE - time.monotonic())
        tasks.append(asyncio.create_task(server.deliver()))
    return await asyncio.gather(*tasks)


# The beginning of a ClientHello whose rest never comes.
HALF_A_HANDSHAKE = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(20)


async def dribble(writer, reader, first, drop):
    writer.write(first)
    while not reader.at_eof():
        await writer.drain()
        try:
            await asyncio.wait_for(reader.read(1), 1)
        except asyncio.TimeoutError:
            writer.write(drop)


async def hold(server, number, kind, counts):
    """Holds one hostile connection open, again and again."""
    secured = kind in ("slow headers", "slow body")
    first, drop = {
        "silence": (b"", b""),
        "half a handshake": (HALF_A_HANDSHAKE, b""),
        "slow headers": (b"POST /hooks/wh_x HTTP/1.1\r\n", b"X: y\r\n"),
        "slow body": (b"POST /hooks/wh_x HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n", b"x"),
    }[kind]
    while True:
        writer = None
        try:
            address = ADDRESSES[number % len(ADDRESSES)]
            reader, writer = await server.connect(address, server.trust if secured else None)
            counts["open"] += 1
            counts["opened"] += 1
            try:
                await dribble(writer, reader, first, drop)
            finally:
                counts["open"] -= 1
        except (OSError, ssl.SSLError):
            await asyncio.sleep(0.5)
        finally:
            if writer:
                writer.close()


def show(name, server, times):
    times = sorted(times)
    quantiles = statistics.quantiles(times, n=100)
    print(f"| {name} | {len(times)} | {1000 * quantiles[49]:.1f} ms | {1000 * quantiles[98]:.1f} ms "
          f"| {1000 * times[-1]:.0f} ms | {server.memory('VmRSS'):.1f} MB |", flush=True)


async def measure(server, options):
    print("| | honest alerts, all answered 200 | p50 | p99 | slowest | memory |")
    print("|---|---|---|---|---|---|")
    show("in peace", server, await honest(server, options.seconds))
    kinds = ["silence", "half a handshake", "slow headers", "slow body"]
    counts = {"open": 0, "opened": 0}
    attackers = [
        asyncio.create_task(hold(server, number, kinds[number % len(kinds)], counts))
        for number in range(options.connections)
    ]
    while counts["open"] < options.connections * 9 // 10:
        await asyncio.sleep(0.1)
    held = counts["open"]
    show(f"under attack, {held} hostile connections", server, await honest(server, options.seconds))
    for attacker in attackers:
        attacker.cancel()
    await asyncio.gather(*attackers, return_exceptions=True)
    print(f"\n{counts['opened']} hostile connections were opened; "
          f"peak memory {server.memory('VmHWM'):.1f} MB")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--binary", type=pathlib.Path, default="target/release/algohook")
    parser.add_argument("--connections", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=20)
    options = parser.parse_args()
    files = max(4 * options.connections, 1024)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(files, hard), hard))
    with tempfile.TemporaryDirectory() as directory:
        server = Server(options.binary, pathlib.Path(directory))
        try:
            asyncio.run(measure(server, options))
        finally:
            server.stop()


if __name__ == "__main__":
    main()
