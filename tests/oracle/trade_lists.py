"""The trade lists that the report is checked on: seeded, so always the same.

Prices, quantities and commissions are decimals with few places, so every sum
and product of them is exact. Only the standard library's generator is used:
its sequence for a seed does not change between versions.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from random import Random
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Trade:
    """A closed trade, as `GET /trades` has it."""

    ticker: str
    direction: str
    qty: Decimal
    entry_time: datetime
    entry_price: Decimal
    exit_time: datetime
    exit_price: Decimal
    point_value: Decimal
    commission: Decimal
    signal: str | None

    @property
    def net_profit(self) -> Decimal:
        """Profit after the commission of entry and exit."""
        rise = self.exit_price - self.entry_price
        gain = rise if self.direction == "long" else -rise
        return gain * self.qty * self.point_value - self.commission


    @property
    def entry_commission(self) -> Decimal:
        """What entering cost: two fifths, so that nothing passes that takes the half."""
        return self.commission * Decimal("0.4")


@dataclass(frozen=True)
class Open:
    """Lots of one side that are open at the end: gain before commission, and what entering cost."""

    profit: Decimal | None = Decimal("0")
    commission: Decimal = Decimal("0")


@dataclass(frozen=True)
class Case:
    """Everything a report is computed from."""

    name: str
    trades: list[Trade]
    initial_capital: Decimal = Decimal("10000")
    time_zone: str = "UTC"
    trading_days: int = 365
    risk_free_rate: float = 2.0
    signal_delays: list[float] = field(default_factory=list)
    first_price: Decimal | None = None
    last_price: Decimal | None = None
    carried: Decimal | None = None
    """Profit before the range; None where the report begins with the account, or as if it did."""
    range_from: datetime | None = None
    range_to: datetime | None = None
    open_long: Open = Open()
    open_short: Open = Open()
    last_price_at: datetime | None = None

    @property
    def capital(self) -> Decimal:
        """What the report begins with."""
        return self.initial_capital + (self.carried or 0)


@dataclass(frozen=True)
class Instrument:
    """What the random trades are made of: a tick, and ranges counted in ticks."""

    ticker: str
    tick: Decimal
    price: int
    move: int
    lot: Decimal
    lots: int
    point_value: Decimal
    commission: Decimal
    """Commission of one lot, entry and exit together."""


def instrument(ticker, tick, price, move, lot, lots, point_value, commission) -> Instrument:
    """An instrument from plain text and whole numbers."""
    return Instrument(
        ticker, Decimal(tick), price, move, Decimal(lot), lots, Decimal(point_value), Decimal(commission)
    )


BITCOIN = instrument("BINANCE:BTCUSDT", "0.01", 6_200_000, 90_000, "0.015", 6, "1", "0.45")
MEME = instrument("BINANCE:SHIBUSDT", "0.00000001", 1_850, 60, "2500000", 8, "1", "0.0375")
APPLE = instrument("NASDAQ:AAPL", "0.01", 19_000, 350, "10", 9, "1", "0.35")
MICROSOFT = instrument("NASDAQ:MSFT", "0.01", 41_000, 600, "5", 6, "1", "0.35")
S_AND_P = instrument("CME_MINI:MES1!", "0.25", 19_200, 90, "1", 3, "5", "1.24")
GOLD = instrument("COMEX:MGC1!", "0.1", 23_400, 130, "1", 2, "10", "1.78")


def utc(text: str) -> datetime:
    """The moment that an ISO 8601 text without offset names in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)


def random_trade(random: Random, kind: Instrument, entry: datetime, exit_: datetime) -> Trade:
    """A trade at random prices: a slight edge, one in twenty-five ends even."""
    direction = "long" if random.random() < 0.58 else "short"
    entry_price = kind.tick * (kind.price + random.randrange(-kind.price // 8, kind.price // 8))
    qty = kind.lot * random.randrange(1, kind.lots + 1)
    if random.random() < 0.04:
        exit_price, commission = entry_price, Decimal("0")
    else:
        gain = random.randrange(-kind.move * 9 // 10, kind.move + 1)
        exit_price = entry_price + kind.tick * (gain if direction == "long" else -gain)
        commission = kind.commission * (qty / kind.lot)
    signal = random.choice(["Breakout", "Pullback", "Reversal", None])
    return Trade(
        kind.ticker, direction, qty, entry, entry_price, exit_, exit_price, kind.point_value, commission, signal
    )


def with_partial_exit(trade: Trade, random: Random) -> list[Trade]:
    """Sometimes the trade split in two by exits of one second, as a list of trades shows them."""
    if random.random() > 0.08 or trade.commission == 0:
        return [trade]
    half = {"qty": trade.qty / 2, "commission": trade.commission / 2}
    return [Trade(**{**vars(trade), **half})] * 2


def round_the_clock(seed: int, start: datetime, days: int, count: int, kinds: list[Instrument],
                    longest_hours: int, milliseconds: bool = False) -> list[Trade]:
    """Trades at any hour of any day; they overlap, and are listed by entry, not by exit."""
    random = Random(seed)
    trades = []
    for _ in range(count):
        entry = start + timedelta(seconds=random.randrange(days * 86_400 - longest_hours * 3_600))
        if milliseconds:
            entry += timedelta(milliseconds=random.randrange(1_000))
        exit_ = entry + timedelta(seconds=random.randrange(30, longest_hours * 3_600))
        trades += with_partial_exit(random_trade(random, random.choice(kinds), entry, exit_), random)
    return sorted(trades, key=lambda trade: trade.entry_time)


def new_york_sessions(seed: int, start: datetime, days: int, kinds: list[Instrument]) -> list[Trade]:
    """Trades inside the New York session, some held for days; weekends have none."""
    random = Random(seed)
    zone = ZoneInfo("America/New_York")
    trades = []
    for day in range(days):
        opening = (start + timedelta(days=day)).replace(tzinfo=zone, hour=9, minute=30)
        if opening.weekday() >= 5:
            continue
        for _ in range(random.choice([0, 0, 1, 1, 2, 3])):
            entry = opening + timedelta(minutes=random.randrange(0, 350))
            exit_ = entry + timedelta(minutes=random.randrange(1, 38))
            if random.random() < 0.2 and opening.weekday() <= 2:
                exit_ += timedelta(days=random.randrange(1, 3))
            entry, exit_ = entry.astimezone(timezone.utc), exit_.astimezone(timezone.utc)
            trades.append(random_trade(random, random.choice(kinds), entry, exit_))
    return trades


def trade(direction: str, entry: str, exit_: str, entry_price: str, exit_price: str,
          qty: str = "1", commission: str = "0", point_value: str = "1") -> Trade:
    """A trade written out by hand."""
    return Trade(
        "TEST", direction, Decimal(qty), utc(entry), Decimal(entry_price), utc(exit_), Decimal(exit_price),
        Decimal(point_value), Decimal(commission), "Hand",
    )


def daily(first_day: str, profits: list[int], every: int = 1) -> list[Trade]:
    """Long trades of one hour from 10:00 UTC, one every so many days, with these profits."""
    start = utc(first_day) + timedelta(hours=10)
    return [
        trade(
            "long",
            (start + timedelta(days=number * every)).strftime("%Y-%m-%dT%H:%M:%S"),
            (start + timedelta(days=number * every, hours=1)).strftime("%Y-%m-%dT%H:%M:%S"),
            "5000", str(5000 + profit),
        )
        for number, profit in enumerate(profits)
    ]


def delays(seed: int, count: int) -> list[float]:
    """Seconds from signal to arrival, in whole milliseconds."""
    random = Random(seed)
    return [random.randrange(180, 9_000) / 1_000 for _ in range(count)]


def large_cases() -> list[Case]:
    """Random lists, long enough that an error in a formula cannot hide."""
    return [
        Case("fourteen_months",
             round_the_clock(1, utc("2024-11-03"), 430, 520, [BITCOIN, MEME, S_AND_P, GOLD], 60),
             initial_capital=Decimal("25000"), signal_delays=delays(1, 300),
             first_price=Decimal("68741.12"), last_price=Decimal("91230.5")),
        Case("two_months",
             round_the_clock(2, utc("2025-09-10T18:00"), 55, 130, [BITCOIN, GOLD], 20),
             time_zone="Asia/Kolkata", signal_delays=delays(2, 21),
             first_price=Decimal("112000.1"), last_price=Decimal("109553.77")),
        Case("five_days",
             round_the_clock(3, utc("2026-02-26T21:00"), 5, 45, [MEME, S_AND_P], 6, milliseconds=True),
             initial_capital=Decimal("5000"), time_zone="Europe/Berlin", risk_free_rate=3.5,
             signal_delays=delays(3, 2)),
        Case("stock_year",
             new_york_sessions(4, datetime(2025, 1, 6), 340, [APPLE, MICROSOFT]),
             time_zone="America/New_York", trading_days=252,
             first_price=Decimal("245.1"), last_price=Decimal("271.86")),
        # Futures trade on Sunday evenings, crypto on Saturdays: profit outside business days.
        Case("weekends_on_business_days",
             round_the_clock(5, utc("2025-03-01T20:00"), 120, 90, [BITCOIN, S_AND_P], 30),
             initial_capital=Decimal("20000"), time_zone="America/Chicago", trading_days=252,
             risk_free_rate=0.0),
    ]


def many_trades() -> list[Case]:
    """More trades and days than are resampled."""
    random = Random(6)
    profits = [random.choice([-60, -45, -30, -12, 0, 15, 35, 80]) for _ in range(1_010)]
    return [Case("many_trades", daily("2021-03-01", profits), initial_capital=Decimal("50000"))]


def range_cases() -> list[Case]:
    """Ranges that do not begin with the account, and lots that are open when they end."""
    profits = [120, -340, 60, 45, -150, 210, 0, 35, -20, 70, -90, 15]
    january = utc("2025-01-01")
    straddling = [trade("long", "2024-12-20T09:00", "2025-01-03T09:00", "200", "190", "5", "2")]
    return [
        Case("range_with_equity", daily("2025-01-04", profits, every=4), carried=Decimal("90000"), range_from=january),
        Case("range_as_if_started_then", daily("2025-01-04", profits, every=4), range_from=january),
        Case("range_of_both_ends", straddling + daily("2025-01-04", profits, every=4), carried=Decimal("-2500.5"),
             range_from=january, range_to=utc("2025-03-01")),
        Case("range_without_trades_at_its_ends", daily("2025-03-05", profits[:6], every=4),
             range_from=january, range_to=utc("2025-07-01")),
        Case("range_of_a_lost_account", daily("2025-01-04", profits), carried=Decimal("-10000"), range_from=january),
        Case("open_lots", daily("2025-01-04", profits, every=4),
             open_long=Open(Decimal("250.25"), Decimal("4.75")), open_short=Open(Decimal("-30"), Decimal("1.5")),
             last_price_at=utc("2025-04-02T12:00")),
        Case("open_lots_of_the_last_day", daily("2025-01-04", profits[:5]),
             open_long=Open(Decimal("-75"), Decimal("3"))),
        Case("open_lots_without_a_price", daily("2025-01-04", profits),
             open_short=Open(None, Decimal("6"))),
        Case("only_open_lots", [], open_long=Open(Decimal("10"), Decimal("2")), first_price=Decimal("100"),
             last_price=Decimal("110")),
        # The native report that has a run-up of 1,058.39 and no drawdown.
        Case("native_run_up", cents("2024-01-01", ["105.86", "3.29", "141.1", "36.13", "385.95", "157.91", "322.96",
                                                   "11.05", "-174.3"])),
        Case("prices_below_zero", [
            trade("long", "2020-04-20T14:00", "2020-04-20T18:00", "-37.63", "10.01", "2", "5"),
            trade("short", "2020-04-20T15:00", "2020-04-21T18:00", "11.57", "-2.5", "3", "5"),
            trade("short", "2020-04-21T15:00", "2020-04-22T18:00", "0", "1.5", "3", "5"),
        ], first_price=Decimal("-37.63"), last_price=Decimal("1.5")),
        Case("five_trades_in_five_days", daily("2026-01-05", [100, -20, 120, -10, 110]),
             first_price=Decimal("100"), last_price=Decimal("130")),
    ]


def cents(first_day: str, profits: list[str]) -> list[Trade]:
    """Long trades of ten hours, one a day, with these profits."""
    start = utc(first_day) + timedelta(hours=1)
    return [
        Trade("TEST", "long", Decimal("1"), start + timedelta(days=number), Decimal("1000"),
              start + timedelta(days=number, hours=10), 1000 + Decimal(profit), Decimal("1"), Decimal("0"), "Hand")
        for number, profit in enumerate(profits)
    ]


def edge_cases() -> list[Case]:
    """Small lists by hand, one for each place where a figure may not be defined."""
    back_and_forth = [300, -120, 0, 80, -260, 410, 0, -35]
    return [
        Case("no_trades", [], first_price=Decimal("100"), last_price=Decimal("90")),
        Case("one_trade", [trade("short", "2026-01-05T14:30", "2026-01-05T15:45", "152.25", "150.5", "100", "3.2")],
             signal_delays=[1.25], first_price=Decimal("152.25"), last_price=Decimal("152.25")),
        Case("one_day", [
            trade("long", "2026-01-05T09:00", "2026-01-05T10:00", "100", "101.5", "20", "1"),
            trade("short", "2026-01-05T09:30", "2026-01-05T10:00", "100.5", "101.5", "10", "1"),
            trade("long", "2026-01-05T12:00", "2026-01-05T12:00:30", "101", "100.25", "40", "2"),
            trade("short", "2026-01-05T13:00", "2026-01-05T16:20", "101", "99.75", "40", "2"),
        ]),
        Case("only_wins", daily("2025-03-03", [50, 75, 20, 140, 5, 60, 33, 87, 12], every=14)),
        Case("only_losses", daily("2025-03-03", [-50, -75, -20, -140, -5, -60, -33, -87, -12], every=14)),
        Case("only_even", daily("2025-03-03", [0, 0, 0, 0, 0])),
        Case("zero_duration", [
            trade("long", "2026-01-05T09:00", "2026-01-05T09:00", "100", "103", "10"),
            trade("short", "2026-01-05T09:00", "2026-01-05T09:00", "100", "101", "10"),
        ]),
        Case("capital_zero", daily("2025-01-06", back_and_forth, every=20), initial_capital=Decimal("0"),
             first_price=Decimal("20"), last_price=Decimal("25")),
        Case("bankrupt", daily("2025-01-06", [200, -4_000, -9_000, 1_500, -700], every=30)),
        Case("bankrupt_and_back", daily("2025-01-06", [200, -4_900, -4_900, -4_900, 4_000, 4_500, 4_700, 3_100], every=25)),
        Case("down_to_nothing", daily("2025-01-06", [1_000, -4_000, -3_500, -3_500], every=20)),
        Case("exactly_three_months", daily("2025-01-01", [120, -80, 60, 45, -150, 210, 0, 35, -20, 70], every=9)
             + [trade("short", "2025-03-31T09:00", "2025-03-31T23:59:59", "200", "190", "5")]),
        Case("three_months_less_a_day", daily("2025-01-01", [120, -80, 60, 45, -150, 210, 0, 35, -20, 70], every=9)
             + [trade("short", "2025-03-30T09:00", "2025-03-30T23:59:59", "200", "190", "5")]),
        # Three months from 30 November end on 28 February, the day clamped.
        Case("three_months_clamped", daily("2024-11-30", [120, -80, 60, 45, -150, 210, 0, 35, -20, 70], every=9)
             + [trade("short", "2025-02-27T09:00", "2025-02-27T20:00", "200", "190", "5")]),
        Case("exactly_thirty_days", daily("2025-06-01", [100, -40])
             + [trade("long", "2025-06-20T10:00", "2025-07-01T10:00", "200", "207", "5")]),
        Case("thirty_days_less_a_second", daily("2025-06-01", [100, -40])
             + [trade("long", "2025-06-20T10:00", "2025-07-01T09:59:59", "200", "207", "5")]),
        Case("three_days", daily("2025-06-01", [100, -40, 25])),
        Case("two_days", daily("2025-06-01", [100, -40])),
        # An even trade at the peak, a recovery to the cent, a fall without recovery.
        Case("peaks_and_recoveries", daily("2025-01-06", [100, 0, -60, 60, -30, -30, 200, 0, 0, -90, 20], every=4)
             + daily("2025-02-21", [10, -10, 5])),
        # By money the second fall is the largest, by percentage the first.
        Case("falls_by_money_and_percent", daily("2025-01-06", [-4_000, 16_000, 8_000, -6_000, 500], every=11)),
    ]


def all_cases() -> list[Case]:
    """Every list, by its name."""
    return large_cases() + edge_cases() + range_cases() + many_trades()
