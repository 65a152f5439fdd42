"""Writes tests/fixtures/report/*.json: trades, and the metrics that follow from them; and
tests/fixtures/expectation/*.json: live trades among runs of expected ones.

    python make_fixtures.py            writes them
    python make_fixtures.py --check    fails where they are not what it would write

See README.md.
"""

import argparse
import json
import math
import sys
import warnings
from datetime import datetime
from pathlib import Path

import definitions
import expectation
import metrics
from trade_lists import Case, Trade, all_cases

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"
FOLDERS = ["report", "expectation"]
LARGEST_FILE = 300_000
LARGEST_TOTAL = 1_500_000


def rfc3339(moment: datetime) -> str:
    """A moment in UTC, with milliseconds where it has some."""
    precision = "milliseconds" if moment.microsecond else "seconds"
    return moment.replace(tzinfo=None).isoformat(timespec=precision) + "Z"


def trade_json(trade: Trade) -> dict:
    """A trade with the names of `GET /trades`; money as text."""
    return {
        "ticker": trade.ticker,
        "direction": trade.direction,
        "qty": metrics.money(trade.qty),
        "entryTime": rfc3339(trade.entry_time),
        "entryPrice": metrics.money(trade.entry_price),
        "exitTime": rfc3339(trade.exit_time),
        "exitPrice": metrics.money(trade.exit_price),
        "pointValue": metrics.money(trade.point_value),
        "commission": metrics.money(trade.commission),
        "entryCommission": metrics.money(trade.entry_commission),
        "netProfit": metrics.money(trade.net_profit),
        "signal": trade.signal,
    }


def fixture(case: Case) -> dict:
    """One file: what goes in, what must come out, and where others define it otherwise."""
    def price(value) -> str | None:
        return None if value is None else metrics.money(value)

    return {
        "input": {
            "currency": "USD",
            "initialCapital": metrics.money(case.initial_capital),
            "timeZone": case.time_zone,
            "tradingDays": case.trading_days,
            "riskFreeRate": case.risk_free_rate,
            "carried": price(case.carried),
            "from": case.range_from and rfc3339(case.range_from),
            "to": case.range_to and rfc3339(case.range_to),
            "open": [{"profit": price(side.profit), "commission": metrics.money(side.commission)}
                     for side in (case.open_long, case.open_short)],
            "lastPriceAt": case.last_price_at and rfc3339(case.last_price_at),
            "signalDelays": case.signal_delays,
            "firstPrice": price(case.first_price),
            "lastPrice": price(case.last_price),
            "trades": [trade_json(trade) for trade in case.trades],
        },
        "expected": metrics.report(case),
        "notes": definitions.NOTES,
    }


def render(content: dict) -> str:
    """JSON with one trade and one metric a line, so that a change can be read."""
    trades = content["input"]["trades"]
    short = {**content, "input": {**content["input"], "trades": "@trades", "signalDelays": "@delays"}}
    text = json.dumps(short, indent=1, allow_nan=False, ensure_ascii=False)
    lines = ",\n".join("   " + json.dumps(trade, separators=(",", ":")) for trade in trades)
    text = text.replace('"@trades"', f"[\n{lines}\n  ]" if trades else "[]")
    return text.replace('"@delays"', json.dumps(content["input"]["signalDelays"])) + "\n"


def differences(kept, made, path: str = "") -> list[str]:
    """Where two JSON values differ; numbers may by 1e-12, which other processors round off otherwise."""
    if isinstance(kept, float) and isinstance(made, float):
        return [] if math.isclose(kept, made, rel_tol=1e-12, abs_tol=1e-15) else [f"{path}: {kept!r} is now {made!r}"]
    if type(kept) is not type(made):
        return [f"{path}: {kept!r} is now {made!r}"]
    if isinstance(kept, dict):
        if kept.keys() != made.keys():
            return [f"{path}: other names: {sorted(kept.keys() ^ made.keys())}"]
        return [line for name in kept for line in differences(kept[name], made[name], f"{path}/{name}")]
    if isinstance(kept, list) and len(kept) == len(made):
        return [line for at, pair in enumerate(zip(kept, made)) for line in differences(*pair, f"{path}/{at}")]
    return [] if kept == made else [f"{path}: {kept!r} is now {made!r}"]


def check(made: dict[str, str]) -> list[str]:
    """What is wrong with the kept fixtures."""
    kept = {f"{file.parent.name}/{file.name}" for folder in FOLDERS for file in (FIXTURES / folder).glob("*.json")}
    problems = [f"{name}: is missing" for name in made.keys() - kept]
    problems += [f"{name}: nothing makes it" for name in kept - made.keys()]
    for name in sorted(kept & made.keys()):
        text = (FIXTURES / name).read_text(encoding="utf-8")
        problems += differences(json.loads(text), json.loads(made[name]), name)
    return problems


def main() -> int:
    """Makes all fixtures; writes or checks them."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--check", action="store_true", help="compare with the kept files, write nothing")
    options = arguments.parse_args()
    warnings.simplefilter("ignore")  # the libraries warn of their own divisions by zero; results are asserted
    made = {f"report/{case.name}.json": render(fixture(case)) for case in all_cases()}
    for name, content in expectation.fixtures().items():
        made[f"expectation/{name}.json"] = json.dumps(content, allow_nan=False) + "\n"
    sizes = {name: len(text.encode()) for name, text in made.items()}
    assert max(sizes.values()) < LARGEST_FILE and sum(sizes.values()) < LARGEST_TOTAL, sizes
    if options.check:
        problems = check(made)
        print("\n".join(problems) or f"{len(made)} fixtures are as they would be made")
        return 1 if problems else 0
    for folder in FOLDERS:
        (FIXTURES / folder).mkdir(parents=True, exist_ok=True)
    for name, text in made.items():
        (FIXTURES / name).write_text(text, encoding="utf-8")
    print(f"wrote {len(made)} fixtures, {sum(sizes.values()):,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
