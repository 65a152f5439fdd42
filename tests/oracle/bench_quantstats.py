"""Times QuantStats' full metrics on 100,000 trades.

    python bench_quantstats.py                      on the trades of the seed
    python bench_quantstats.py --write trades.csv   keeps them too, for another program to report on
    python bench_quantstats.py --trades trades.csv  on trades written before

Prints one name and value a line. QuantStats takes daily returns, not trades,
so what makes those from the trades is timed apart from its metrics; reading
the file is not timed.
"""

import argparse
import csv
import statistics
import time
import warnings
from pathlib import Path

import pandas as pd
import quantstats

from make_fixtures import trade_json
from trade_lists import BITCOIN, GOLD, MEME, S_AND_P, round_the_clock, utc

SEED = 100_000
COUNT = 100_000
INITIAL_CAPITAL = 1_000_000


def seeded_trades() -> list[dict]:
    """Ten years of trades in four instruments, with the names of the fixtures."""
    trades = round_the_clock(SEED, utc("2015-01-01"), 3_650, COUNT, [BITCOIN, MEME, S_AND_P, GOLD], 60)
    return [trade_json(trade) for trade in trades[:COUNT]]


def write_csv(trades: list[dict], path: Path) -> None:
    """The trades as a table, one a line."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, trades[0].keys())
        writer.writeheader()
        writer.writerows(trades)


def daily_returns(trades: pd.DataFrame) -> pd.Series:
    """Returns of the equity by calendar day, idle days with 0."""
    days = trades["exitTime"].dt.tz_localize(None).dt.normalize()
    equity = INITIAL_CAPITAL + trades["netProfit"].groupby(days).sum().asfreq("D", fill_value=0).cumsum()
    return equity / equity.shift(1, fill_value=INITIAL_CAPITAL) - 1


def timed(work, argument):
    """What `work` gives, and the seconds it took."""
    start = time.perf_counter()
    result = work(argument)
    return result, time.perf_counter() - start


def full_metrics(returns: pd.Series) -> pd.DataFrame:
    """QuantStats' report of everything it computes, as a table."""
    # QuantStats remembers the returns it has prepared; forgotten, every run does the same work.
    quantstats.utils._PREPARE_RETURNS_CACHE.clear()
    return quantstats.reports.metrics(returns, mode="full", display=False, periods_per_year=365, rf=0.02)


def main() -> None:
    """Times the metrics some times over and prints the seconds."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--trades", type=Path, help="CSV with the columns exitTime and netProfit")
    arguments.add_argument("--write", type=Path, help="keep the seeded trades in this CSV file")
    arguments.add_argument("--runs", type=int, default=5, help="how often (default 5)")
    options = arguments.parse_args()
    warnings.simplefilter("ignore")
    if options.trades:
        table = pd.read_csv(options.trades, usecols=["exitTime", "netProfit"])
    else:
        trades = seeded_trades()
        if options.write:
            write_csv(trades, options.write)
        table = pd.DataFrame(trades, columns=["exitTime", "netProfit"])
    table["exitTime"] = pd.to_datetime(table["exitTime"], utc=True, format="ISO8601")
    table["netProfit"] = table["netProfit"].astype(float)

    prepared = [timed(daily_returns, table) for _ in range(options.runs)]
    returns = prepared[-1][0]
    measured = [timed(full_metrics, returns) for _ in range(options.runs)]
    seconds = [taken for _, taken in measured]
    print(f"trades {len(table)}")
    print(f"days {len(returns)}")
    print(f"figures {len(measured[0][0])}")
    print(f"daily_returns_seconds_best {min(taken for _, taken in prepared):.6f}")
    print(f"metrics_seconds_first {seconds[0]:.6f}")
    print(f"metrics_seconds_median {statistics.median(seconds):.6f}")
    print(f"metrics_seconds_best {min(seconds):.6f}")


if __name__ == "__main__":
    main()
