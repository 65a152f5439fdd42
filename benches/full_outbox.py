"""How long alerts take, and what they cost, while 30,000 rows wait in the outbox.

    python3 benches/full_outbox.py BINARY [SECONDS]

A webhook gets 25 alerts a second over one connection: without forwards, with three forwards whose receiver is
down, with 9,990 rows waiting behind a failed one in each, and with as many rows that are due in an hour.
Linux, standard library only.
"""

import http.client
import json
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from serving import serving

RATE = 25
ROWS = 9_990
HOUR = 3_600 * 1_000_000


def fill(database: Path, is_later: bool) -> None:
    """Puts rows into the lanes of all forwards, behind one that failed or for later."""
    now = int(time.time() * 1_000_000)
    with sqlite3.connect(database) as connection:
        lanes = [row[0] for row in connection.execute("SELECT 'fwd_' || id FROM forwards")]
        for lane in lanes:
            for number in range(ROWS):
                is_failed = number == 0 and not is_later
                due = now + HOUR if is_later or is_failed else now
                connection.execute(
                    "INSERT INTO outbox (lane, kind, about, body, repeatable, vital, put_at, due_at, state, failures)"
                    " VALUES (?, 'forward', ?, ?, 1, 0, ?, ?, 'waiting', ?)",
                    (lane, f"row {number}", b"x" * 300, now, due, 3 * is_failed))
    connection.close()


def measured(binary: str, name: str, seconds: int) -> None:
    """Sends the alerts of one case, and prints its figures."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"

        def run(*arguments: str) -> str:
            command = [binary, "--data-dir", data, *arguments]
            return subprocess.run(command, check=True, capture_output=True, text=True).stdout

        webhook = json.loads(run("webhook", "create", "Strategy", "--json"))
        if name != "no forwards":
            for number in range(3):
                run("forward", "add", webhook["id"], f"http://127.0.0.1:9/{number}", "--max-age", "off")
        if name in ("behind a failed one", "for later"):
            fill(next(data.glob("*.db")), name == "for later")
        with serving(binary, data) as (server, host):

            def used() -> float:
                fields = Path(f"/proc/{server.pid}/stat").read_text().split()
                return (int(fields[13]) + int(fields[14])) * 10

            time.sleep(2)
            connection = http.client.HTTPConnection(host)
            alert = json.dumps({"auth_key": webhook["authKey"], "ticker": "AAPL", "positionDirection": "entryLong",
                                "qty": 1, "marketPrice": 100})
            took, before, due = [], used(), time.perf_counter()
            for _ in range(RATE * seconds):
                time.sleep(max(0.0, due - time.perf_counter()))
                due += 1 / RATE
                begun = time.perf_counter()
                connection.request("POST", f"/hooks/{webhook['id']}", alert)
                answer = connection.getresponse()
                body = answer.read()
                assert answer.status == 200, body
                took.append(1000 * (time.perf_counter() - begun))
            cost = (used() - before) / len(took)
            cuts = statistics.quantiles(took, n=100, method="inclusive")
            status = Path(f"/proc/{server.pid}/status").read_text().splitlines()
            most = int(next(line for line in status if line.startswith("VmHWM:")).split()[1]) // 1024
            print(f"{name}: p50 {cuts[49]:.1f} ms, p99 {cuts[98]:.1f} ms, {cost:.1f} ms of the processor each, "
                  f"at most {most} MB", flush=True)


def main() -> None:
    """Measures all cases."""
    seconds = int(sys.argv[2]) if len(sys.argv) > 2 else 8
    for name in ("no forwards", "empty", "behind a failed one", "for later"):
        measured(sys.argv[1], name, seconds)


if __name__ == "__main__":
    main()
