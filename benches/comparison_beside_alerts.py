"""How long alerts take while a large backtest is compared, beside how long they take when nothing is.

    python3 benches/comparison_beside_alerts.py BINARY [ROUNDS] [LEGS]

A webhook has a backtest of LEGS fills (100,000) and as many alerts. Another one gets 50 alerts a second over
one connection. Windows of 10 seconds without and with comparisons take turns, so that what else the machine
does falls on both; each comparison is another one, so that none is remembered. Standard library only.
"""

import csv
import datetime
import http.client
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from pathlib import Path

from serving import serving

RATE = 50
WINDOW = 10
BEGIN = datetime.datetime(2023, 1, 2, tzinfo=datetime.timezone.utc)


def books(folder: Path, legs: int) -> tuple[Path, Path]:
    """A list of trades on bars of 15 minutes, and its alerts: 6 % missing, each anywhere in its bar."""
    seeded = random.Random(1)
    listed, sent = folder / "list.csv", folder / "alerts.jsonl"
    price = 100.0
    with listed.open("w", newline="") as of_list, sent.open("w") as of_alerts:
        rows = csv.writer(of_list)
        rows.writerow(["Trade #", "Type", "Date and time", "Signal", "Price USD", "Size (qty)", "Net P&L USD"])
        for number in range(legs // 2):
            fills = []
            for step in range(2):
                price *= 1 + (seeded.random() - 0.5) / 500
                fills.append((BEGIN + datetime.timedelta(minutes=15 * (2 * number + step)), round(price, 2)))
            profit = round(fills[1][1] - fills[0][1], 2)
            for kind, (at, paid) in (("Exit long", fills[1]), ("Entry long", fills[0])):
                rows.writerow([number + 1, kind, f"{at:%Y-%m-%d %H:%M}", kind, paid, 1, profit])
            for side, (at, paid) in zip(("entryLong", "exitLong"), fills):
                if seeded.random() < 0.06:
                    continue
                came = at + datetime.timedelta(seconds=seeded.randrange(900))
                alert = {"ticker": "BTCUSDT", "positionDirection": side, "qty": 1, "marketPrice": paid}
                of_alerts.write(json.dumps({"time": f"{came:%Y-%m-%dT%H:%M:%SZ}", "payload": alert}) + "\n")
    return listed, sent


class Asking(threading.Thread):
    """Asks for one comparison after another, each with another tolerance, until it is stopped."""

    def __init__(self, host: str, token: str, webhook: str):
        super().__init__(daemon=True)
        self.host, self.token, self.webhook = host, token, webhook
        self.took: list[float] = []
        self.is_over = threading.Event()

    def run(self) -> None:
        connection = http.client.HTTPConnection(self.host)
        number = random.random()
        while not self.is_over.is_set():
            number += 0.001
            query = urllib.parse.urlencode({"webhook": self.webhook, "price": 1 + number})
            begun = time.perf_counter()
            connection.request("GET", f"/api/v1/comparison?{query}", headers={"authorization": f"Bearer {self.token}"})
            answer = connection.getresponse()
            body = answer.read()
            assert answer.status == 200, body
            self.took.append(time.perf_counter() - begun)


def window(host: str, webhook: dict) -> list[float]:
    """Sends alerts at a steady rate, and says how long each took, in milliseconds."""
    connection = http.client.HTTPConnection(host)
    alert = json.dumps({"auth_key": webhook["authKey"], "ticker": "AAPL", "positionDirection": "entryLong", "qty": 1,
                        "marketPrice": 100})
    took = []
    due = time.perf_counter()
    for _ in range(RATE * WINDOW):
        time.sleep(max(0.0, due - time.perf_counter()))
        due += 1 / RATE
        begun = time.perf_counter()
        connection.request("POST", f"/hooks/{webhook['id']}", alert)
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status == 200, body
        took.append(1000 * (time.perf_counter() - begun))
    return took


def shown(name: str, took: list[float]) -> float:
    cuts = statistics.quantiles(took, n=100, method="inclusive")
    print(f"{name}: {len(took)} alerts, p50 {cuts[49]:.2f} ms, p99 {cuts[98]:.2f} ms, slowest {max(took):.2f} ms")
    return cuts[98]


def memory(process: subprocess.Popen, name: str) -> int:
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith(name)).split()[1]) // 1024


def main() -> None:
    """Measures, and prints the figures."""
    binary = sys.argv[1]
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 6
    legs = int(sys.argv[3]) if len(sys.argv) > 3 else 100_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        data = folder / "data"

        def run(*arguments) -> str:
            command = [binary, "--data-dir", data, *arguments]
            return subprocess.run(command, check=True, capture_output=True, text=True).stdout

        compared = json.loads(run("webhook", "create", "Compared", "--json"))
        other = json.loads(run("webhook", "create", "Other", "--json"))
        listed, sent = books(folder, legs)
        run("import", "trades", listed, "--webhook", compared["id"], "--ticker", "BTCUSDT", "--time-zone", "UTC")
        run("import", "alerts", sent, "--webhook", compared["id"])
        token = json.loads(run("token", "create", "Bench", "--json"))["token"]
        begun = time.perf_counter()
        command = [binary, "--data-dir", data, "compare", compared["id"]]
        comparing = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        _, status, used = os.wait4(comparing.pid, 0)
        assert status == 0, status
        print(f"algohook compare: {time.perf_counter() - begun:.2f} s, of the processor {used.ru_utime + used.ru_stime:.2f} "
              f"s; at most {used.ru_maxrss // 1024} MB")
        with serving(binary, data) as (server, host):
            window(host, other)
            before = memory(server, "VmRSS:")
            idle, beside, asked = [], [], []
            for _ in range(rounds):
                idle += window(host, other)
                asking = Asking(host, token, compared["id"])
                asking.start()
                beside += window(host, other)
                asking.is_over.set()
                asking.join()
                asked += asking.took
            without, with_it = shown("without", idle), shown("with comparisons", beside)
            print(f"p99 with comparisons: {100 * (with_it / without - 1):+.0f} %")
            print(f"{len(asked)} comparisons, median {statistics.median(asked):.2f} s, slowest {max(asked):.2f} s; memory "
                  f"of the server {before} MB before, at most {memory(server, 'VmHWM:')} MB, {memory(server, 'VmRSS:')} MB after")


if __name__ == "__main__":
    main()
