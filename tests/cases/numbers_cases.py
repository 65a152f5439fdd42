"""The cases under numbers/: settings, inputs, and figures of report, trades and positions.

`expect` is a list of [path, right value, derivation], and a tolerance where the file has rounded
figures. A right value is a number, a text (the same decimal), or null. `refused` is what the
error says where the right thing is to take nothing.
"""

import datetime
import decimal
import functools
import json
import math

from lib import HERE, Server

FOLDER = HERE / "numbers"


def all_cases():
    return {path.parent.name: functools.partial(run, path.parent) for path in sorted(FOLDER.glob("*/case.json"))}


def run(folder):
    case = json.loads((folder / "case.json").read_text())
    with Server() as server:
        webhook = server.webhook(folder.name, case.get("settings"))
        seen = {"import": None}
        for name, kind, arguments in case.get("imports", []):
            done = server.bring_in(kind, folder / name, webhook, "--json", *arguments)
            if "refused" in case:
                assert done.returncode == 1 and case["refused"] in done.stderr, done
                assert server.trades(webhook) == []
                return
            assert done.returncode == 0, done.stderr
            seen["import"] = json.loads(done.stdout)
        for step in case.get("http", []):
            send(server, webhook, step)
        source = "backtest" if any(kind == "trades" for _, kind, _ in case.get("imports", [])) else "live"
        flags = ["--backtest"] if source == "backtest" else []
        seen["report"] = server.report(webhook, *flags, *case.get("report", []))
        seen["trades"] = server.trades(webhook, source)
        seen["positions"] = server.positions(webhook)
        wrong = []
        for path, right, why, *tolerance in case["expect"]:
            value = at(seen, path)
            if not is_right(value, right, *tolerance):
                wrong.append(f"{path} is {value!r}, right is {right!r} ({why})")
        assert not wrong, "\n".join(wrong)


def send(server, webhook, step):
    message = dict(step["payload"])
    if "offset" in step:
        at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=step["offset"])
        message.setdefault("metadata", {})["timestamp"] = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    told = server.alert(webhook, **message)
    assert told.status == 200, told


def at(seen, path):
    """The value at a path of names and numbers with dots between; None where there is none."""
    for part in path.split("."):
        if isinstance(seen, list):
            seen = seen[int(part)] if int(part) < len(seen) else None
        elif isinstance(seen, dict):
            seen = seen.get(part)
        else:
            return None
    return seen


def is_right(value, right, tolerance=5e-6):
    if right is None:
        return value is None
    if value is None:
        return False
    if isinstance(right, str):
        return decimal.Decimal(value) == decimal.Decimal(right)
    return math.isclose(float(value), right, rel_tol=tolerance)
