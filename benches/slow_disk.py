#!/usr/bin/env python3
"""What alerts wait for on a slow disk.

Starts the server on a disk whose every sync takes longer (slow_sync.c, which a C compiler
makes a library of), or one that is held to some writes a second (a cgroup's
blkio.throttle.write_iops_device, which needs root), and sends alerts to 50 webhooks, each
when its time has come, whether or not those before are answered: evenly, 50 at once as on
the close of a bar, and one a second.

    benches/slow_disk.py [--binary target/release/algohook] [--syncs 0,5,20] [--iops 200]
                         [--data DIRECTORY] [--seconds 20]

Needs Python 3.9 or newer, and a binary that is linked to the system's C library. `--data`
names a directory on the disk to be tried; in memory (/dev/shm) a sync takes what is added
and nothing else.
"""

import argparse
import asyncio
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

HERE = pathlib.Path(__file__).parent
CGROUP = pathlib.Path("/sys/fs/cgroup/blkio/algohook-slow-disk")
WEBHOOKS = 50
# Alerts a second, and how many come at once.
LOADS = {"100/s, evenly": (100, 1), "100/s, 50 at once": (100, 50), "1/s": (1, 1)}


class Server:
    def __init__(self, binary, directory, sync_us, library):
        self.data = directory / "data"
        self.binary = str(binary)
        environment = {**os.environ, "LD_PRELOAD": str(library), "SYNC_US": str(sync_us)}
        self.webhooks = [self.webhook(number) for number in range(WEBHOOKS)]
        self.process = subprocess.Popen(
            [self.binary, "--data-dir", self.data, "serve", "--listen", "127.0.0.1:0",
             "--rate-limit", "100000"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment,
        )
        self.port = int(self.process.stdout.readline().rsplit(":", 1)[1].strip().rstrip("/"))

    def webhook(self, number):
        command = [self.binary, "--data-dir", self.data, "webhook", "create", f"S{number}", "--json"]
        made = subprocess.run(command, check=True, capture_output=True, text=True)
        return json.loads(made.stdout)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)


async def send(server, webhook, number, connections, waits):
    began = time.perf_counter()
    reader, writer = connections.pop() if connections else await asyncio.open_connection("127.0.0.1", server.port)
    alert = {
        "auth_key": webhook["authKey"], "ticker": f"T{number % 3}", "action": "buy" if number % 2 else "sell",
        "qty": 1, "marketPrice": 100.5, "id": f"{began}-{number}",
        "metadata": {"timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())},
    }
    body = json.dumps(alert).encode()
    head = f"POST /hooks/{webhook['id']} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    answer = await reader.readuntil(b"\r\n\r\n")
    length = [line for line in answer.lower().split(b"\r\n") if line.startswith(b"content-length")][0]
    await reader.readexactly(int(length.split(b":")[1]))
    assert answer.startswith(b"HTTP/1.1 200"), answer
    waits.append(time.perf_counter() - began)
    connections.append((reader, writer))


async def load(server, rate, at_once, seconds):
    waits, connections, tasks = [], [], []
    began = time.perf_counter()
    for number in range(int(rate * seconds)):
        due = number // at_once * at_once / rate
        await asyncio.sleep(max(0, began + due - time.perf_counter()))
        webhook = server.webhooks[number % WEBHOOKS]
        tasks.append(asyncio.create_task(send(server, webhook, number, connections, waits)))
    await asyncio.gather(*tasks)
    for _, writer in connections:
        writer.close()
    return sorted(1000 * wait for wait in waits)


def measure(disk, server, seconds):
    for name, (rate, at_once) in LOADS.items():
        waits = asyncio.run(load(server, rate, at_once, seconds))
        p50, p99 = (waits[int(len(waits) * part)] for part in (0.5, 0.99))
        print(f"| {disk} | {name} | {p50:.1f} ms | {p99:.1f} ms | {waits[-1]:.0f} ms |", flush=True)


def throttled(server, data, iops):
    device = os.stat(data).st_dev
    # A partition is held back with the disk that it is on.
    disk = pathlib.Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}")
    number = (disk.resolve().parent / "dev" if (disk / "partition").exists() else disk / "dev").read_text().strip()
    CGROUP.mkdir(exist_ok=True)
    (CGROUP / "blkio.throttle.write_iops_device").write_text(f"{number} {iops}")
    (CGROUP / "cgroup.procs").write_text(str(server.process.pid))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", default="target/release/algohook")
    parser.add_argument("--syncs", default="0,5,20", help="milliseconds that a sync takes more")
    parser.add_argument("--iops", default="", help="writes a second that the disk is held to")
    parser.add_argument("--data", default=None)
    parser.add_argument("--seconds", type=float, default=20)
    options = parser.parse_args()
    library = pathlib.Path(tempfile.mkdtemp(), "slow_sync.so")
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, HERE / "slow_sync.c", "-ldl"], check=True)
    print("| disk | alerts | p50 | p99 | slowest |\n|---|---|---|---|---|", flush=True)
    cases = [("sync", float(ms)) for ms in options.syncs.split(",") if ms]
    cases += [("iops", int(iops)) for iops in options.iops.split(",") if iops]
    for kind, value in cases:
        directory = pathlib.Path(tempfile.mkdtemp(dir=options.data))
        server = Server(options.binary, directory, int(value * 1000) if kind == "sync" else 0, library)
        try:
            if kind == "iops":
                throttled(server, directory, value)
            disk = f"a sync takes {value:g} ms more" if kind == "sync" else f"{value} writes a second"
            measure(disk, server, options.seconds)
        finally:
            server.stop()
            shutil.rmtree(directory)
            if CGROUP.exists():
                CGROUP.rmdir()


if __name__ == "__main__":
    main()
