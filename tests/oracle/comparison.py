"""A comparison, computed again from what its API lists: a trader with a calculator.

    comparison.py URL TOKEN WEBHOOK

Counts, match rate with Wilson's interval, drift, price costs and the bridge follow from the legs and the
trades that the API lists, by the definitions of `docs/compare.md`. Only the pairing is taken as it is. The
standard library is enough. It prints what it compared, and fails on the first difference.
"""

import json
import statistics
import sys
import urllib.parse
import urllib.request
from collections import Counter
from datetime import datetime
from decimal import Decimal

PLACES = Decimal("0.00000001")


def get(url: str, token: str, path: str, **query: str) -> dict:
    """An answer of the API."""
    asked = urllib.parse.urlencode({name: value for name, value in query.items() if value})
    request = urllib.request.Request(f"{url}/api/v1{path}?{asked}", headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def all_of(url: str, token: str, path: str, **query: str) -> list[dict]:
    """Every item of a list, page by page."""
    items, cursor = [], ""
    while cursor is not None:
        page = get(url, token, path, limit="500", cursor=cursor, **query)
        items += page["items"]
        cursor = page.get("nextCursor")
    return items


def at(text: str) -> datetime:
    """A time as the API writes it."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def equal(what: str, ours: object, theirs: object) -> None:
    """Fails where two figures differ."""
    is_same = abs(ours - theirs) < 1e-6 if isinstance(ours, float) else ours == theirs
    print(f"{'same' if is_same else 'DIFFERENT'}: {what}: {ours}" + ("" if is_same else f", the API says {theirs}"))
    if not is_same:
        sys.exit(1)


def wilson(part: int, of: int) -> tuple[float, float]:
    """The 95 % interval of a share, in percent."""
    z = statistics.NormalDist().inv_cdf(0.975)
    share = part / of
    centre, half = share + z * z / (2 * of), z * (share * (1 - share) / of + z * z / (4 * of * of)) ** 0.5
    return 100 * (centre - half) / (1 + z * z / of), 100 * (centre + half) / (1 + z * z / of)


def counts(legs: list[dict], told: dict) -> None:
    """Legs by what became of them, and the match rate."""
    by_outcome = Counter(leg["outcome"] for leg in legs)
    matched, missed = by_outcome["matched"], by_outcome["missed"]
    outside = Counter("backtest" if leg["backtest"] else "alert" for leg in legs if leg["outcome"] == "outside")
    for name, ours in [("matched", matched), ("missed", missed), ("falseAlerts", by_outcome["false"]),
                       ("backtestOutside", outside["backtest"]), ("alertsOutside", outside["alert"])]:
        equal(name, ours, told["legs"][name])
    rate = told["matchRate"]
    equal("legs of the backtest in the common range", matched + missed, rate["legs"])
    equal("match rate", 100 * matched / (matched + missed), rate["percent"])
    low, high = wilson(matched, matched + missed)
    equal("its lower end", low, rate["low"])
    equal("its upper end", min(high, 100.0), rate["high"])
    causes: Counter = Counter()
    for leg in legs:
        if leg["outcome"] in ("missed", "false"):
            causes[(leg["outcome"], (leg["cause"] or {"kind": "none"})["kind"])] += 1
    print("causes:", dict(causes))
    equal("missed legs by cause", missed, sum(cause["missed"] for cause in told["causes"]))
    equal("false legs by cause", by_outcome["false"], sum(cause["falseAlerts"] for cause in told["causes"]))


def drift(legs: list[dict], told: dict) -> None:
    """How far the legs of pairs lie apart."""
    pairs = [leg for leg in legs if leg["outcome"] == "matched"]
    seconds = [(at(leg["alert"]["time"]) - at(leg["backtest"]["time"])).total_seconds() for leg in pairs]
    equal("median of seconds", float(statistics.median(seconds)), told["drift"]["timeMedian"])
    worse = []
    for leg in pairs:
        side = 1 if leg["backtest"]["side"] == "long" else -1
        cost = (Decimal(leg["alert"]["price"]) - Decimal(leg["backtest"]["price"])) * side
        assert cost == Decimal(leg["priceCost"]), leg
        if Decimal(leg["backtest"]["price"]) > 0:
            worse.append(float(100 * cost / Decimal(leg["backtest"]["price"])))
    equal("mean price cost in percent", statistics.fmean(worse), told["drift"]["pricePercent"])


def bridge(legs: list[dict], told: dict, listed: list[dict], paired: list[dict]) -> None:
    """The way from one net profit to the other, over trades that closed in the common range."""
    steps = ["missed", "falseTrades", "exits", "price", "quantity", "commission", "rounding"]
    amounts = {name: Decimal(told["bridge"][name]) for name in [*steps, "expected", "observed"]}
    total = amounts["expected"] + sum(amounts[name] for name in steps)
    equal("the steps' sum", total, amounts["observed"])
    begins, ends = at(told["from"]), at(told["to"])
    # A trade whose leg has its pair opens or closes with it, wherever the range ends.
    ends_of: dict[tuple, list[str]] = {}
    for leg in legs:
        side = leg["backtest"]
        if side:
            key = (side["action"], at(side["time"]), Decimal(side["price"]))
            ends_of.setdefault(key, []).append(leg["outcome"])
    inside = [trade for trade in listed
              if not any("outside" in ends_of[(end, at(trade[f"{end}Time"]), Decimal(trade[f"{end}Price"]))]
                         for end in ("entry", "exit"))]
    equal("net profit of the backtest", net(inside), amounts["expected"])
    asked = {(leg["alert"]["action"], leg["alert"]["order"]): leg["outcome"] for leg in legs if leg["alert"]}

    def is_inside(trade: dict) -> bool:
        closes = begins <= at(trade["exitTime"]) <= ends
        outcomes = [asked.get((end, trade[f"{end}Order"])) for end in ("entry", "exit")]
        return all(outcome != "outside" if outcome else closes for outcome in outcomes)

    observed = [trade for trade in paired if is_inside(trade)]
    equal("net profit of the alerts", net(observed), amounts["observed"])
    by_step(legs, inside, observed, amounts)


def net(trades: list[dict]) -> Decimal:
    """The net profit of trades."""
    return sum((Decimal(trade["netProfit"]).quantize(PLACES) for trade in trades), Decimal(0))


def by_step(legs: list[dict], listed: list[dict], paired: list[dict], amounts: dict[str, Decimal]) -> None:
    """Missed, false, other exits and prices, where each order opens or closes one trade."""
    orders = {(at(leg["backtest"]["time"]), leg["backtest"]["action"]): leg["alert"]["order"]
              for leg in legs if leg["outcome"] == "matched"}
    # Assumed slippage is a setting: prices are those that were asked for.
    asked = {(leg["alert"]["order"], leg["alert"]["action"]): Decimal(leg["alert"]["price"])
             for leg in legs if leg["alert"]}
    of_backtest = {order: action for (_, action), order in orders.items()}
    alone = {(trade["entryOrder"], trade["exitOrder"]): trade for trade in paired}
    entered: list[tuple[str, dict]] = []
    missed, price = [], Decimal(0)
    for trade in listed:
        entry = orders.get((at(trade["entryTime"]), "entry"))
        exit_order = orders.get((at(trade["exitTime"]), "exit"))
        other = alone.pop((entry, exit_order), None) if entry and exit_order else None
        if other:
            side = 1 if trade["direction"] == "long" else -1
            moved = [asked[exit_order, "exit"] - asked[entry, "entry"],
                     Decimal(trade["exitPrice"]) - Decimal(trade["entryPrice"])]
            price += side * (moved[0] - moved[1]) * Decimal(trade["qty"])
        elif entry:
            entered.append((entry, trade))
        else:
            missed.append(trade)
    by_entry = {trade["entryOrder"]: trade for trade in alone.values() if trade["entryOrder"] in of_backtest}
    exits = Decimal(0)
    for entry, trade in entered:
        other = by_entry.pop(entry, None)
        if other:
            del alone[(other["entryOrder"], other["exitOrder"])]
            exits += net([other]) - net([trade])
        else:
            missed.append(trade)
    equal("missed trades", -net(missed), amounts["missed"])
    equal("false trades", net(list(alone.values())), amounts["falseTrades"])
    equal("other exits", exits, amounts["exits"])
    equal("prices", price, amounts["price"])


def main() -> None:
    """Compares one webhook."""
    url, token, webhook = sys.argv[1:4]
    told = get(url, token, "/comparison", webhook=webhook)
    print(told["verdict"]["summary"])
    legs = all_of(url, token, "/comparison/legs", webhook=webhook)
    counts(legs, told)
    drift(legs, told)
    trades = {book: all_of(url, token, "/trades", webhook=webhook, ticker=told["ticker"], book=book)
              for book in ("backtest", "alerts")}
    bridge(legs, told, trades["backtest"], trades["alerts"])


if __name__ == "__main__":
    main()
