#!/usr/bin/env python3
"""What honest alerts, the memory and a stop see of more hostile connections than there are places.

Starts the server with a certificate made for the occasion, on loopback only, and
posts alerts over HTTPS at a steady pace, each on a connection of its own, as
TradingView does: first in peace, then while hostile connections are held open,
each of which is opened again when the server closes it. At the end it holds one
hostile connection of each kind and measures how long the server takes to stop.

    benches/attack.py [--binary target/release/algohook] [--connections 1100] [--seconds 20] [--pace 50]

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
import struct
import subprocess
import sys
import tempfile
import time

HOST = "hooks.example.test"
# Strangers come from many addresses; of one, the server takes only so many.
ADDRESSES = [f"127.0.1.{number}" for number in range(1, 17)]
PATIENCE = 3  # seconds that TradingView waits for an answer


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
            raise OSError(f"an honest alert was refused: {answer[:200]!r}")
        return time.monotonic() - begun

    async def answered(self):
        """The same; nothing where it was not answered while TradingView would wait."""
        try:
            return await asyncio.wait_for(self.deliver(), PATIENCE)
        except (OSError, ssl.SSLError, asyncio.TimeoutError):
            return None


async def honest(server, options):
    tasks = []
    begun = time.monotonic()
    for number in range(int(options.seconds * options.pace)):
        await asyncio.sleep(begun + number / options.pace - time.monotonic())
        tasks.append(asyncio.create_task(server.answered()))
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


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


# HTTP/2 with a window of no bytes, asking for something: the answer can never be sent.
ZERO_WINDOW = (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0, struct.pack(">HI", 4, 0))
               + frame(4, 1, 0) + frame(1, 5, 1, b"\x82\x87\x04\x08/hooks/x\x41\x09localhost"))
ASKED = b"GET /hooks/x HTTP/1.1\r\nHost: x\r\n\r\n" * 200
KINDS = ["silence", "half a handshake", "slow headers", "slow body", "unread answers", "zero window"]


async def fill(secured, outgoing, raw):
    """Asks until the server takes no more."""
    loop = asyncio.get_running_loop()
    while True:
        secured.write(ASKED)
        try:
            await asyncio.wait_for(loop.sock_sendall(raw, outgoing.read()), 0.3)
        except asyncio.TimeoutError:
            return


async def take_no_answer(server, address):
    """Asks until the server takes no more, and reads nothing."""
    tls = contexts(server)["http/1.1"]
    loop = asyncio.get_running_loop()
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2304)
    raw.setblocking(False)
    try:
        raw.bind((address, 0))
        await loop.sock_connect(raw, ("127.0.0.1", server.port))
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        secured = tls.wrap_bio(incoming, outgoing)
        while True:
            try:
                secured.do_handshake()
                break
            except ssl.SSLWantReadError:
                await loop.sock_sendall(raw, outgoing.read())
                received = await asyncio.wait_for(loop.sock_recv(raw, 65536), 20)
                if not received:
                    raise OSError("closed in the handshake")
                incoming.write(received)
        await loop.sock_sendall(raw, outgoing.read())
        async with filling(server):
            await fill(secured, outgoing, raw)
        yield
        # Ends when the server closes the connection.
        while True:
            await loop.sock_sendall(raw, b"x")
            await asyncio.sleep(0.5)
    finally:
        raw.close()


def filling(server):
    """So many at once ask for answers: more would only measure this program."""
    if not hasattr(server, "filling"):
        server.filling = asyncio.Semaphore(4)
    return server.filling


def contexts(server):
    if not hasattr(server, "of_strangers"):
        server.of_strangers = {}
        for name in ("http/1.1", "h2"):
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            context.set_alpn_protocols([name])
            server.of_strangers[name] = context
    return server.of_strangers


async def answer_pings(writer, reader):
    """Keeps an HTTP/2 connection alive without ever opening its window."""
    writer.write(ZERO_WINDOW)
    while True:
        head = await reader.readexactly(9)
        payload = await reader.readexactly(int.from_bytes(head[:3], "big"))
        if head[3] == 6 and not head[4] & 1:
            writer.write(frame(6, 1, 0, payload))


async def held(server, address, kind):
    """One hostile connection: yields once it is open, and ends when it is closed."""
    if kind == "unread answers":
        async for _ in take_no_answer(server, address):
            yield
        return
    trust = {"slow headers": server.trust, "slow body": server.trust,
             "zero window": contexts(server)["h2"]}.get(kind)
    first, drop = {
        "silence": (b"", b""),
        "half a handshake": (HALF_A_HANDSHAKE, b""),
        "slow headers": (b"POST /hooks/wh_x HTTP/1.1\r\n", b"X: y\r\n"),
        "slow body": (b"POST /hooks/wh_x HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n", b"x"),
    }.get(kind, (b"", b""))
    reader, writer = await server.connect(address, trust)
    try:
        yield
        if kind == "zero window":
            await answer_pings(writer, reader)
        else:
            await dribble(writer, reader, first, drop)
    finally:
        writer.close()


async def hold(server, number, kind, counts, addresses):
    """Holds one hostile connection open, again and again."""
    while True:
        is_open = False
        try:
            async for _ in held(server, addresses[number % len(addresses)], kind):
                is_open = True
                counts["open"] += 1
                counts["opened"] += 1
        except (OSError, ssl.SSLError, EOFError, asyncio.TimeoutError):
            pass
        finally:
            if is_open:
                counts["open"] -= 1
        await asyncio.sleep(0.5)


def show(name, server, times):
    answered = sorted(time for time in times if time is not None)
    if answered:
        quantiles = statistics.quantiles(answered, n=100) if len(answered) > 1 else answered * 99
        row = (f"| {1000 * quantiles[49]:.1f} ms | {1000 * quantiles[98]:.1f} ms "
               f"| {1000 * answered[-1]:.0f} ms |")
    else:
        row = "| | | |"
    print(f"| {name} | {len(answered)} of {len(times)} {row} {server.memory('VmRSS'):.1f} MB |", flush=True)


async def attack(server, options, name, kinds, addresses):
    """Honest alerts while hostile connections of these kinds are held."""
    counts = {"open": 0, "opened": 0}
    attackers = [
        asyncio.create_task(hold(server, number, kinds[number % len(kinds)], counts, addresses))
        for number in range(options.connections)
    ]
    # Until they hold what they want, or as much as they get.
    until = time.monotonic() + options.seconds
    while counts["open"] < options.connections * 9 // 10 and time.monotonic() < until:
        await asyncio.sleep(0.1)
    count = counts["open"]
    show(f"{name}: {count} held", server, await honest(server, options))
    for attacker in attackers:
        attacker.cancel()
    # One that was about to end its wait may miss it; it ends with the program.
    await asyncio.wait(attackers, timeout=10)
    return counts["opened"]


async def measure(server, options):
    print("| | honest alerts answered 200 | p50 | p99 | slowest | memory |")
    print("|---|---|---|---|---|---|")
    show("in peace", server, await honest(server, options))
    opened = await attack(server, options, "six kinds, 16 addresses", KINDS, ADDRESSES)
    for kind in ("unread answers", "zero window"):
        opened += await attack(server, options, f"{kind}, 4 addresses", [kind], ADDRESSES[:4])
    print(f"\n{opened} hostile connections were opened; "
          f"peak memory {server.memory('VmHWM'):.1f} MB")


async def begin(server, kind):
    """Holds one hostile connection until it is cancelled."""
    async for _ in held(server, "127.0.0.1", kind):
        pass


async def stop_under(server, kind):
    """Seconds that the server takes to stop while a stranger holds one connection."""
    holding = asyncio.create_task(begin(server, kind)) if kind else None
    await asyncio.sleep(1)
    begun = time.monotonic()
    server.process.send_signal(signal.SIGTERM)
    while server.process.poll() is None:
        await asyncio.sleep(0.01)
    took = time.monotonic() - begun
    if holding:
        holding.cancel()
        await asyncio.gather(holding, return_exceptions=True)
    return took


def measure_stops(options):
    print("\n| a stop while one stranger holds | takes |")
    print("|---|---|")
    for kind in [None, *KINDS]:
        with tempfile.TemporaryDirectory() as directory:
            server = Server(options.binary, pathlib.Path(directory))
            try:
                took = asyncio.run(stop_under(server, kind))
            finally:
                server.process.kill()
            print(f"| {kind or 'nothing'} | {took:.2f} s |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--binary", type=pathlib.Path, default="target/release/algohook")
    parser.add_argument("--connections", type=int, default=1100)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--pace", type=float, default=50, help="honest alerts a second")
    options = parser.parse_args()
    files = max(4 * options.connections, 1024)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(files, hard), hard))
    with tempfile.TemporaryDirectory() as directory:
        server = Server(options.binary, pathlib.Path(directory))
        try:
            asyncio.run(measure(server, options))
        finally:
            server.process.kill()
            server.process.wait(30)
    measure_stops(options)


if __name__ == "__main__":
    main()
