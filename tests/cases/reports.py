"""Faults that were found in other programs of this kind, and tried here."""

import collections
import csv
import json
import os
import pathlib
import shutil
import tempfile

from lib import HERE, Server, cli, wait_until

FOLDER = HERE / "reports"


class Skipped(Exception):
    """A case that this machine cannot try, and why."""


def all_cases():
    found = {name: value for name, value in globals().items() if name.startswith("case_")}
    return {name.removeprefix("case_"): value for name, value in found.items()}


def case_address_nearly_right():
    """A slash or a space after the pasted URL would be a 404, which TradingView does not send again."""
    with Server() as server:
        webhook = server.webhook()
        for suffix in ["/", "%20", "%20/"]:
            told = server.alert(webhook, suffix, ticker="A", action="buy", qty=1, marketPrice=1)
            assert told.status == 200, (suffix, told)
        wrong = dict(webhook, id=webhook["id"].lower() + "x")
        assert server.alert(wrong, ticker="A").status == 404
        doctor = server.cli("doctor").stdout
        assert "unknown" in doctor, doctor


def case_overflow_without_trace():
    """Of a hundred alerts in one second 30 are taken and 30 kept; all 70 others are told."""
    with Server() as server:
        webhook = server.webhook()
        alerts = [server.alert(webhook, ticker=f"S{i}", action="buy", qty=1, marketPrice=10) for i in range(100)]
        count = collections.Counter(told.status for told in alerts)
        assert count == {200: 30, 429: 70}, count
        limited = lambda: [a for a in server.get("/overview")["webhooks"][0]["attention"] if a["kind"] == "limited"]
        wait_until("all are told", lambda: limited() and limited()[0]["count"] == 70)


def case_direction_with_another_action():
    """`direction` names the position and `action` what happens to it: never an order of the other side."""
    base = dict(ticker="BTCUSDT", qty=1)
    with Server() as server:
        for action in ["sell", "close", "exit"]:
            webhook = server.webhook(action)
            server.alert(webhook, marketPrice=100, direction="long", **base)
            told = server.alert(webhook, marketPrice=110, direction="long", action=action, **base)
            held = [(p["direction"], float(p["qty"])) for p in server.positions(webhook)]
            assert held != [("long", 2.0)], (action, told)
            assert told.status == 422 or held in ([], [(None, 0.0)], [("flat", 0.0)]), (action, told, held)
        webhook = server.webhook("entryLong exit")
        told = server.alert(webhook, marketPrice=110, positionDirection="entryLong", action="exit", **base)
        assert told.status == 422 or told.warnings, told


def case_quantity_under_another_name():
    """A quantity that is stated never becomes another one."""
    with Server() as server:
        webhook = server.webhook()
        for name in ["quantity", "Qty", "contracts", "size", "Quantity", "amount"]:
            told = server.alert(webhook, ticker="T" + name, action="buy", marketPrice=10, **{name: 25})
            assert (told.status, told.quantity) == (200, 25.0), (name, told)
            assert name == "Qty" or any("qty" in warning["message"] for warning in told.warnings), (name, told)


def case_optional_zero():
    """No stop is 0 in most home-made messages: the entry is not lost for it."""
    with Server() as server:
        webhook = server.webhook()
        for field in [
            {"stopLossTarget": 0},
            {"profitTarget": "0"},
            {"stopLossTarget": "NaN"},
            {"timeInForce": "GTC"},
            {"stopLoss": None},
            {"takeProfit": {"percent": 10}},
        ]:
            told = server.alert(webhook, ticker="A", action="buy", qty=1, marketPrice=10, **field)
            assert told.status == 200 and told.quantity == 1, (field, told)


def case_magnitude():
    """Quantities as large as TradingView's own, tickers as long as its spreads."""
    with Server() as server:
        webhook = server.webhook()
        coin = server.alert(webhook, ticker="BABYDOGEUSDT", action="buy", qty=10**15, marketPrice=1e-9)
        assert (coin.status, coin.quantity) == (200, 1e15), coin
        spread = "+".join(f"NYSE:{letter * 4}" for letter in "ABCDEFG")
        told = server.alert(webhook, ticker=spread, action="buy", qty=1, marketPrice=700)
        assert told.status == 200, told
        listed = server.root / "list.csv"
        listed.write_text(
            "Trade #,Type,Date/Time,Signal,Price USD,Position size (qty),Net P&L USD\n"
            "1,Entry long,2025-01-13 10:00,L,0.000000001,1000000000000000,1000\n"
            "1,Exit long,2025-01-13 11:00,X,0.000000001001,1000000000000000,1000\n"
        )
        done = server.bring_in("trades", listed, webhook, "--ticker", "BABYDOGEUSDT", "--dry-run")
        assert done.returncode == 0, done.stderr


def case_negative_price():
    """Crude oil of 20 April 2020, and every spread."""
    with Server() as server:
        webhook = server.webhook()
        done = server.bring_in("trades", FOLDER / "negative-price/list.csv", webhook, "--ticker", "CL1!")
        assert done.returncode == 0, done.stderr
        profits = [float(trade["netProfit"]) for trade in server.trades(webhook, "backtest")]
        assert profits == [39130.0, 500.0], profits
        told = server.alert(webhook, ticker="CL1!-CL2!", action="buy", qty=1, marketPrice=-0.35)
        assert told.status == 200, told


def case_currency_sign_in_header():
    """The header of TradingView's exports of 2021."""
    text = (FOLDER / "currency-sign-in-header/list.csv").read_text()
    with Server() as server:
        webhook = server.webhook()
        for sign in "$€£¥₹₿":
            listed = server.root / "list.csv"
            first, rest = text.split("\n", 1)
            listed.write_text(first.replace("$", sign) + "\n" + rest)
            done = server.bring_in("trades", listed, webhook, "--ticker", "X", "--dry-run")
            assert done.returncode == 0 and "2 closed" in done.stdout, (sign, done)


def case_two_digit_years():
    """Dates as Excel and LibreOffice save them."""
    with Server() as server:
        webhook = server.webhook()
        for name in ["us", "named-month", "german"]:
            file = FOLDER / f"two-digit-years/{name}.csv"
            done = server.bring_in("trades", file, webhook, "--ticker", "X")
            assert done.returncode == 0, (name, done.stderr)
            (trade,) = server.trades(webhook, "backtest")
            times = (trade["entryTime"][:16], trade["exitTime"][:16])
            assert times == ("2025-01-13T15:30", "2025-01-14T16:30"), (name, times)
            server.cli("import", "trades", "--remove", "--webhook", webhook["id"])


def case_wrong_advice():
    """English files never get the advice to switch TradingView to English."""
    files = {
        "Performance": ",All USD,All %,Long USD,Long %,Short USD,Short %\nNet profit,424.19,42.42,424.19,42.42,0,0\n",
        "size": "Trade number,Type,Date and time,Signal,Price USD,Net PnL USD,Cumulative PnL USD\n"
        "1,Exit long,2025-06-30 03:10,X,22860.25,42.5,42.5\n1,Entry long,2025-06-29 22:10,L,22839,42.5,42.5\n",
        "order": "Symbol,Side,Type,Qty,Limit Price,Stop Price,Fill Price,Status,Commission,Placing Time,Closing Time,"
        "Order ID,Level ID,Leverage,Margin\nCOMEX:GC1!,Buy,Market,1,,,3860.1,Filled,,2025-10-02 15:31:10,"
        "2025-10-02 15:31:10,1,,20:1,\n",
    }
    with Server() as server:
        webhook = server.webhook()
        for word, text in files.items():
            listed = server.root / "file.csv"
            listed.write_text(text)
            done = server.bring_in("trades", listed, webhook, "--ticker", "X", "--dry-run")
            assert done.returncode == 1, done
            assert word.lower() in done.stderr.lower() and "english" not in done.stderr.lower(), (word, done.stderr)


def case_futures_point_value():
    """The list says 50 a point, the webhook 1: whoever compares the two is told."""
    with Server() as server:
        webhook = server.webhook()
        list_file = FOLDER / "futures-point-value/list.csv"
        done = server.bring_in("trades", list_file, webhook, "--ticker", "ES1!")
        assert done.returncode == 0 and "50" in done.stdout and "point" in done.stdout, done
        server.alert(webhook, ticker="ES1!", action="buy", qty=1, marketPrice=5000)
        kinds = [a["kind"] for a in server.get("/overview")["webhooks"][0]["attention"]]
        assert "pointValue" in kinds, kinds


def case_same_instrument():
    """A point value that is set for ES1! is that of CME_MINI:ES1!."""
    with Server() as server:
        webhook = server.webhook(settings={"pointValues": {"ES1!": "50"}})
        for ticker in ["ES1!", "CME_MINI:ES1!", "es1!"]:
            server.alert(webhook, ticker=ticker, action="buy", qty=1, marketPrice=100)
            server.alert(webhook, ticker=ticker, action="sell", qty=1, marketPrice=101)
        profits = [trade["netProfit"] for trade in server.trades(webhook)]
        assert profits == ["50"] * 3, profits


def case_healthz_while_nothing_is_stored():
    """A health check is not green while every alert is answered 503."""
    with Server("--max-database-size", "1", "--rate-limit", "100000") as server:
        webhook = server.webhook()
        for number in range(4000):
            action = "buy" if number % 2 else "sell"
            padding = {"comment": "x" * 3000}
            told = server.alert(webhook, ticker="A", action=action, qty=1, marketPrice=10, metadata=padding)
            if told.status == 503:
                break
        assert told.status == 503
        wait_until("healthz is red", lambda: server.request("GET", "/healthz")[0] == 503)


def case_damaged_at_start():
    """A database that was cut off, or is none: the file and the next step are named."""
    root = pathlib.Path(tempfile.mkdtemp(prefix="algohook-case-"))
    try:
        assert cli(root / "a", "webhook", "create", "W").returncode == 0
        whole = (root / "a/algohook.db").read_bytes()
        for name, content in [("cut", whole[:60000]), ("none", b"not a database\n")]:
            (root / name).mkdir(mode=0o700)
            (root / name / "algohook.db").write_bytes(content)
            done = cli(root / name, "serve", "--listen", "127.0.0.1:0")
            assert done.returncode == 1, done
            for word in ["algohook.db", "no sound", "algohook restore"]:
                assert word in done.stderr, (name, done.stderr)
            assert "try again" not in done.stderr, done.stderr
    finally:
        shutil.rmtree(root)


def case_clock_set_back():
    """A Raspberry Pi starts with the time of its last save until it hears the right one."""
    library = faketime()
    entry = dict(ticker="A", positionDirection="entryLong", qty=1, marketPrice=100, marketPosition="long", marketPositionSize=1)
    exit_ = dict(ticker="A", positionDirection="exitLong", qty=1, marketPrice=120, marketPosition="flat", marketPositionSize=0)
    for back in ["2026-11-28 11:17:00", "2026-11-28 12:00:09"]:
        with Clocked(library, "2026-11-28 12:00:10") as server:
            webhook = server.webhook()
            assert server.alert(webhook, **entry).status == 200
            server.set(back)
            assert server.alert(webhook, **exit_).status == 200
            right = (["20"], ["0"])
            seen = lambda: ([t["netProfit"] for t in server.trades(webhook)], [p["qty"] for p in server.positions(webhook)])
            assert seen() == right, (back, seen())
            assert server.cli("rebuild").returncode == 0
            wait_until("the rebuild is done", lambda: seen() == right)


def case_clock_set_back_then_the_log_imported():
    """A message with a time of its own is recorded already, whenever it was received."""
    library = faketime()
    with Clocked(library, "2026-11-28 11:17:00") as server:
        webhook = server.webhook()
        buy = dict(ticker="A", qty=1, action="buy", marketPrice=100, metadata={"timestamp": "2026-11-28T12:00:10Z"})
        sell = dict(ticker="A", qty=1, action="sell", marketPrice=120, metadata={"timestamp": "2026-11-28T12:00:40Z"})
        for message in [buy, sell]:
            assert server.alert(webhook, **message).status == 200
        with open(server.root / "log.csv", "w", newline="") as file:
            log = csv.writer(file)
            log.writerow(["Alert ID", "Ticker", "Name", "Description", "Time", "Webhook status"])
            for message in [sell, buy]:
                text = json.dumps({"auth_key": webhook["authKey"], **message})
                log.writerow(["1", "X:A, 1m", "S", text, message["metadata"]["timestamp"], "Delivered"])
        server.set("2026-11-28 13:00:00")
        done = server.bring_in("alerts", server.root / "log.csv", webhook)
        assert done.returncode == 0, done.stderr
        assert len(server.get("/orders?webhook=" + webhook["id"])["items"]) == 2, done.stdout


def case_resend_with_top_level_timestamp():
    """A time at the top of the message makes the same bytes five seconds later a resend."""
    library = faketime()
    message = dict(ticker="A", action="buy", qty=1, marketPrice=10, timestamp="2026-11-28T12:00:00Z")
    # With the monotonic clock changed, a wait with a limit that happens to run then never ends.
    for last in [False, False, True]:
        try:
            with Clocked(library, "2026-11-28 12:00:00", monotonic_too=True) as server:
                webhook = server.webhook()
                assert server.alert(webhook, **message).event == "processed"
                server.set("2026-11-28 12:00:05")
                told = server.alert(webhook, **message)
                assert told.event == "duplicate", told
            return
        except TimeoutError:
            if last:
                raise


def faketime():
    for place in ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu"]:
        library = f"{place}/faketime/libfaketimeMT.so.1"
        if os.path.exists(library):
            return library
    raise Skipped("libfaketime is not installed (Debian: faketime)")


class Clocked(Server):
    """A server whose clock is turned by hand."""

    def __init__(self, library, now, monotonic_too=False):
        super().__init__()
        self.clock = self.root / "clock"
        self.clock.write_text(f"@{now}\n")
        self.environment = {
            "LD_PRELOAD": library,
            "FAKETIME_TIMESTAMP_FILE": str(self.clock),
            "FAKETIME_NO_CACHE": "1",
            "TZ": "UTC",
        }
        if not monotonic_too:
            self.environment["FAKETIME_DONT_FAKE_MONOTONIC"] = "1"

    def start(self):
        super().start(**self.environment)

    def set(self, now):
        """Turns the clock; it is read anew at every call."""
        self.clock.write_text(f"@{now}\n")
