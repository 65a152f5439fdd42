"""The metrics of a list of closed trades, by pandas, empyrical and QuantStats.

Money is decimal and exact; where a mean divides it, it is rounded half to even
at 18 places. A figure that is not defined is None, and says so by a condition
here: a NaN or an infinity that a library returns is an error, never a null.
"""

import math
from datetime import timedelta
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from itertools import accumulate

import empyrical
import numpy as np
import pandas as pd
import quantstats.stats as qs

import intervals
from trade_lists import Case, Open, Trade

YEAR_SECONDS = 365 * 86_400
MONEY_PLACES = Decimal("1e-18")


def report(case: Case) -> dict[str, dict]:
    """The metrics of all trades, of the long and of the short ones, each as if alone."""
    by_exit = sorted(case.trades, key=lambda trade: trade.exit_time)
    columns = {
        "all": by_exit,
        "long": [trade for trade in by_exit if trade.direction == "long"],
        "short": [trade for trade in by_exit if trade.direction == "short"],
    }
    open_lots = {"all": both(case.open_long, case.open_short), "long": case.open_long, "short": case.open_short}
    return {
        name: column_metrics(case, trades, open_lots[name])
        | case_metrics(case, open_lots["all"], trades, whole=name == "all")
        for name, trades in columns.items()
    }


def both(one: Open, other: Open) -> Open:
    """The open lots of two sides together."""
    known = None not in (one.profit, other.profit)
    return Open(one.profit + other.profit if known else None, one.commission + other.commission)


def column_metrics(case: Case, trades: list[Trade], open_lots: Open) -> dict:
    """What follows from the trades and open lots of one column; they are in the order of their exits."""
    metrics = profit_metrics(case, trades, open_lots) | drawdown_metrics(case, trades, open_lots)
    metrics |= time_metrics(case, trades) | {"openProfit": None if open_lots.profit is None else money(open_lots.profit)}
    metrics |= growth_metrics(case, trades, open_lots, metrics["maxDrawdownPercent"])
    ratios, of_ratios = tradingview_ratios(case, trades, open_lots)
    daily, of_daily = library_ratios(case, trades)
    metrics |= ratios | daily
    found = intervals.of_trades([trade.net_profit for trade in trades], metrics)
    metrics["intervals"] = found | of_ratios | of_daily
    for name, value in metrics.items():
        assert not isinstance(value, float) or math.isfinite(value), (case.name, name, value)
    return metrics


def money(value: Decimal) -> str:
    """A decimal as plain text without needless zeros."""
    return "0" if value == 0 else format(value.normalize(), "f")


def mean_money(values: list[Decimal]) -> str | None:
    """The mean at 18 places, half to even; None of nothing."""
    if not values:
        return None
    with localcontext() as context:
        context.prec = 60
        return money((sum(values) / len(values)).quantize(MONEY_PLACES, ROUND_HALF_EVEN))


def profit_metrics(case: Case, trades: list[Trade], open_lots: Open) -> dict:
    """Sums, counts and means of the profits; the commission of open lots is a loss already."""
    profits = [trade.net_profit for trade in trades]
    wins = [profit for profit in profits if profit > 0]
    losses = [-profit for profit in profits if profit < 0]
    series = pd.Series([float(profit) for profit in profits], dtype=float)
    values = [trade.entry_price * trade.qty * trade.point_value for trade in trades]
    percents = [100 * float(trade.net_profit / (value + trade.entry_commission))
                for trade, value in zip(trades, values) if value > 0]
    net = sum(profits, Decimal(0)) - open_lots.commission
    lost = sum(losses, Decimal(0)) + open_lots.commission
    net_percent = float(100 * net / case.capital) if case.capital > 0 else None
    run = {"prepare_returns": False}
    factor = float(sum(wins) / lost) if lost else None
    payoff = float((sum(wins) / len(wins)) / (lost / len(losses))) if wins and losses else None
    share_won = len(wins) / (len(wins) + len(losses)) if wins or losses else None
    kelly = 100 * (share_won - (1 - share_won) / payoff) if payoff is not None else None
    if losses and not open_lots.commission:
        agree(factor, float(qs.profit_factor(series, **run)))
        if wins:
            agree(payoff, float(qs.payoff_ratio(series, **run)))
            agree(kelly, 100 * float(qs.kelly_criterion(series, **run)))
    return {
        "netProfit": money(net),
        "netProfitPercent": net_percent,
        "returnOnCapital": net_percent,
        "grossProfit": money(sum(wins, Decimal(0))),
        "grossLoss": money(lost),
        "commissionPaid": money(sum((trade.commission for trade in trades), open_lots.commission)),
        "profitFactor": factor,
        "totalTrades": len(trades),
        "winningTrades": len(wins),
        "losingTrades": len(losses),
        "evenTrades": len(trades) - len(wins) - len(losses),
        "percentProfitable": 100 * len(wins) / len(trades) if trades else None,
        "avgTrade": mean_money(profits),
        "avgTradePercent": float(np.mean(percents)) if percents else None,
        "avgWin": mean_money(wins),
        "avgLoss": mean_of(lost, len(losses)),
        "payoffRatio": payoff,
        "kellyPercent": kelly,
        "largestWin": money(max(wins)) if wins else None,
        "largestLoss": money(max(losses)) if losses else None,
        "expectancy": expectancy(wins, lost, len(losses), len(trades)),
        "maxConsecutiveWins": int(qs.consecutive_wins(series, **run)) if trades else 0,
        "maxConsecutiveLosses": int(qs.consecutive_losses(series, **run)) if trades else 0,
        "sqn": float(np.sqrt(len(series)) * series.mean() / series.std()) if has_spread(series) else None,
    }


def mean_of(total: Decimal, count: int) -> str | None:
    """A total over a count at 18 places, half to even; None of nothing."""
    return mean_money([total] + [Decimal(0)] * (count - 1)) if count else None


def expectancy(wins: list[Decimal], lost: Decimal, losing: int, total: int) -> str | None:
    """Share winning times mean win, less share losing times mean loss."""
    if total == 0:
        return None
    with localcontext() as context:
        context.prec = 60
        gained = Decimal(len(wins)) / total * (sum(wins) / len(wins)) if wins else Decimal(0)
        given = Decimal(losing) / total * (lost / losing) if losing else Decimal(0)
        return money((gained - given).quantize(MONEY_PLACES, ROUND_HALF_EVEN))


def drawdown_metrics(case: Case, trades: list[Trade], open_lots: Open) -> dict:
    """Falls and rises of the equity from one closed trade to the next."""
    equity = list(accumulate((trade.net_profit for trade in trades), initial=case.capital))
    peaks = list(accumulate(equity, max))
    troughs = list(accumulate(equity, min))
    fall = max(peak - value for peak, value in zip(peaks, equity))
    rise = max(value - trough for trough, value in zip(troughs, equity))
    percent_fall = percent_rise = None
    if case.capital > 0:
        percent_fall = float(max(100 * (peak - value) / peak for peak, value in zip(peaks, equity)))
        percent_rise = float(
            max(100 * (value - trough) / trough for trough, value in zip(troughs, equity) if trough > 0)
        )
        if min(equity) > 1:  # QuantStats takes what it sees below that for returns
            assert math.isclose(percent_fall, -100 * quantstats_max_drawdown(equity), rel_tol=1e-10, abs_tol=1e-10)
    return {
        "maxDrawdown": money(fall),
        "maxDrawdownPercent": percent_fall,
        "maxDrawdownDuration": longest_drawdown(case, trades, equity, peaks),
        "maxRunUp": money(rise),
        "maxRunUpPercent": percent_rise,
        "recoveryFactor": float((equity[-1] - equity[0] - open_lots.commission) / fall) if fall > 0 else None,
    } | tradingview_cycles(equity[1:])


def tradingview_cycles(closes: list[Decimal]) -> dict:
    """Run-ups and drawdowns as cycles between closes, a peak ending where it is reached again."""
    tops = [at for at, value in enumerate(closes) if value == max(closes[: at + 1])]
    trough, rises, falls = closes[0] if closes else None, [], []
    for top, following in zip(tops, tops[1:] + [len(closes)]):
        if closes[top] > trough:
            rises.append(closes[top] - trough)
        below = closes[top + 1 : following]
        if not below:
            continue
        made_by_several = min(below) < below[0]
        depth = closes[top] - min(below)
        if made_by_several or depth > closes[top] * Decimal("0.05"):
            falls.append(depth)
            trough = min(below)
    return {
        "maxDrawdownTradingView": money(max(falls)) if falls else None,
        "maxRunUpTradingView": money(max(rises)) if rises else None,
    }


def quantstats_max_drawdown(equity: list[Decimal]) -> float:
    """QuantStats' own, on one point a trade instead of one a day."""
    index = pd.date_range("2000-01-01", periods=len(equity), freq="D")
    return float(qs.max_drawdown(pd.Series([float(value) for value in equity], index=index)))


def longest_drawdown(case: Case, trades: list[Trade], equity: list[Decimal], peaks: list[Decimal]) -> float:
    """Longest time from the last moment at a peak to its recovery, or to the last exit, in seconds."""
    if not trades:
        return 0.0
    times = [start_of(case, trades)] + [trade.exit_time for trade in trades]
    longest = 0.0
    for start in range(len(equity) - 1):
        if equity[start] < peaks[start] or equity[start + 1] >= equity[start]:
            continue  # not at a peak, or no fall from it
        recovered = (later for later in range(start + 1, len(equity)) if equity[later] >= equity[start])
        end = next(recovered, len(equity) - 1)
        longest = max(longest, (times[end] - times[start]).total_seconds())
    return longest


def start_of(case: Case, trades: list[Trade]):
    """The first entry, or the range's beginning where that is later."""
    first = min(trade.entry_time for trade in trades)
    return max(first, case.range_from) if case.range_from else first


def backtesting_range(case: Case, trades: list[Trade]) -> float:
    """The range asked for where both its ends were, else from the first entry to the last price; in seconds."""
    if case.range_from and case.range_to:
        return (case.range_to - case.range_from).total_seconds()
    last = max(trade.exit_time for trade in trades)
    last = max(last, case.last_price_at) if case.last_price_at else last
    return (last - start_of(case, trades)).total_seconds()


def growth_metrics(case: Case, trades: list[Trade], open_lots: Open, max_drawdown_percent: float | None) -> dict:
    """Compound growth a year, and what of it there is for the largest drawdown."""
    nothing = {"cagr": None, "calmar": None}
    final = case.capital + sum(trade.net_profit for trade in trades) - open_lots.commission
    if not trades or case.capital <= 0 or final < 0 or backtesting_range(case, trades) < 30 * 86_400:
        return nothing
    years = backtesting_range(case, trades) / YEAR_SECONDS
    cagr = 100 * (float(final / case.capital) ** (1 / years) - 1)
    if final > 0:  # empyrical counts years in returns: one return, 1 / years of them a year
        whole = pd.Series([float(final / case.capital) - 1])
        assert math.isclose(cagr, 100 * empyrical.cagr(whole, annualization=1 / years), rel_tol=1e-9)
    return {"cagr": cagr, "calmar": cagr / max_drawdown_percent if max_drawdown_percent > 0 else None}


def period_returns(case: Case, trades: list[Trade], kind: str, open_lots: Open | None = None) -> tuple | None:
    """Returns of the equity by calendar "day", "business day" or "month" of the report's zone, and in
    which of them it changed.

    Every period counts from that of the first entry to that of the last exit, idle ones with 0;
    weekend profit belongs to the next business day. With `open_lots` the periods go on to the last
    price, and the last one has in it what those lots would gain and have cost. None where the equity
    is gone at some period's end, for no return can follow on that.
    """
    if not trades or case.capital <= 0:
        return None
    period = {"day": "D", "business day": "B", "month": "M"}[kind]
    # The period "B" of a Saturday or Sunday would be Friday; rolled forward first, it is Monday.
    forward = pd.offsets.BDay().rollforward if kind == "business day" else lambda day: day

    def period_of(moment) -> pd.Period:
        return forward(local_day(case, moment)).to_period(period)

    equity = list(accumulate((trade.net_profit for trade in trades), initial=case.capital))[1:]
    ends = [period_of(trade.exit_time) for trade in trades]
    last = period_of(last_moment(case, trades, open_lots))
    if open_lots and (held := (open_lots.profit or 0) - open_lots.commission):
        equity, ends = equity + [equity[-1] + held], ends + [last]
    closes = pd.Series(equity, index=ends).groupby(level=0).last()
    is_whole_range = open_lots and case.range_from and case.range_to
    start = case.range_from if is_whole_range else start_of(case, trades)
    every = pd.period_range(period_of(start), last, freq=period)
    changed = np.array([one in closes.index for one in every])
    closes = closes.reindex(every).ffill().fillna(case.capital).astype(float)
    if (closes <= 0).any():
        return None
    before = closes.shift(1, fill_value=float(case.capital))
    returns = closes / before - 1
    returns.index = returns.index.to_timestamp()
    return returns, changed


def local_day(case: Case, moment) -> pd.Timestamp:
    """The local date of a moment."""
    return pd.Timestamp(moment).tz_convert(case.time_zone).tz_localize(None).normalize()


def last_moment(case: Case, trades: list[Trade], open_lots: Open | None):
    """The last exit; where open lots are looked at, the end of the range that was asked for, else the last price."""
    last = max(trade.exit_time for trade in trades)
    if open_lots and case.range_from and case.range_to:
        return case.range_to - timedelta(microseconds=1)
    return max(last, case.last_price_at) if open_lots and case.last_price_at else last


def has_spread(values: pd.Series | None) -> bool:
    """Whether a standard deviation can stand below a fraction line: two values that differ."""
    if values is None or len(values) < 2:
        return False
    return bool(values.max() - values.min() > 1e-12 * values.abs().max())


def tradingview_ratios(case: Case, trades: list[Trade], open_lots: Open) -> tuple[dict, dict]:
    """Sharpe and Sortino as TradingView has them: by month where a fourth one is touched, else by day.

    Its deviation is that of the population, so empyrical's Sharpe ratio, which has the sample's, is
    that much larger. With them their intervals.
    """
    found, kind = None, None
    if trades:
        start = case.range_from if case.range_from and case.range_to else start_of(case, trades)
        first, last = local_day(case, start), local_day(case, last_moment(case, trades, open_lots))
        months = (last.year - first.year) * 12 + last.month - first.month
        kind, periods = ("month", 12) if months >= 3 else ("day", 365)
        found = period_returns(case, trades, kind, open_lots)
    sharpe = sortino = None
    of_them = {"sharpe": None, "sortino": None}
    if found:
        returns, changed = found
        rate, n = case.risk_free_rate / 100 / periods, len(returns)
        if has_spread(returns):
            sample = float(empyrical.sharpe_ratio(returns, rate, annualization=1))
            sharpe = sample * math.sqrt(n / (n - 1))
            agree(sharpe, (returns.mean() - rate) / returns.std(ddof=0))
        if (returns < rate).any():
            # empyrical has none of a single return.
            sortino = (float(empyrical.sortino_ratio(returns, rate, annualization=1)) if n > 1
                       else float((returns.mean() - rate) / abs(returns.iloc[0] - rate)))
        of_them = {
            "sharpe": intervals.sharpe(returns.to_numpy(), rate, sharpe, 1.0),
            "sortino": intervals.sortino(returns.to_numpy(), changed, rate, sortino, 1.0),
        }
    is_defined = sharpe is not None or sortino is not None
    ratios = {
        "sharpe": sharpe,
        "sortino": sortino,
        "sharpeReturns": {"month": "monthly", "day": "daily"}[kind] if is_defined else None,
    }
    return ratios, of_them


def library_ratios(case: Case, trades: list[Trade]) -> tuple[dict, dict]:
    """What rests on daily returns, as QuantStats or empyrical has it, and its intervals."""
    kind = "business day" if case.trading_days == 252 else "day"
    found = period_returns(case, trades, kind)
    names = ["sharpeAnnualized", "sortinoAnnualized", "volatilityAnnualized", "ulcerIndex", "tailRatio",
             "valueAtRisk95", "expectedShortfall95", "valueAtRisk95Parametric", "expectedShortfall95Parametric"]
    metrics = dict.fromkeys(names)
    of_them = {"sharpeAnnualized": None, "sortinoAnnualized": None}
    if found is None or len(found[0]) < 2:
        return metrics, of_them
    returns, changed = found
    assert returns.min() < 0 or returns.max() < 1, "QuantStats would take such returns for prices"
    annual = {"rf": case.risk_free_rate / 100, "periods": case.trading_days}
    rate = (1 + annual["rf"]) ** (1 / case.trading_days) - 1
    metrics["volatilityAnnualized"] = 100 * float(qs.volatility(returns, case.trading_days))
    agree(metrics["volatilityAnnualized"], 100 * empyrical.annual_volatility(returns, annualization=case.trading_days))
    metrics["ulcerIndex"] = float(qs.ulcer_index(returns))
    metrics["valueAtRisk95"] = 100 * float(empyrical.value_at_risk(returns, cutoff=0.05))
    metrics["expectedShortfall95"] = 100 * float(empyrical.conditional_value_at_risk(returns, cutoff=0.05))
    if has_spread(returns):
        metrics["sharpeAnnualized"] = float(qs.sharpe(returns, **annual))
        agree(metrics["sharpeAnnualized"], empyrical.sharpe_ratio(returns, rate, annualization=case.trading_days))
        metrics["valueAtRisk95Parametric"] = 100 * float(qs.value_at_risk(returns))
        metrics["expectedShortfall95Parametric"] = 100 * float(qs.expected_shortfall(returns))
    if (returns < rate).any():
        metrics["sortinoAnnualized"] = float(qs.sortino(returns, **annual))
        agree(metrics["sortinoAnnualized"], empyrical.sortino_ratio(returns, rate, annualization=case.trading_days))
    if returns.quantile(0.05) != 0:
        metrics["tailRatio"] = float(qs.tail_ratio(returns))
        agree(metrics["tailRatio"], empyrical.tail_ratio(returns))
    plain, factor = returns.to_numpy(), math.sqrt(case.trading_days)
    of_them = {
        "sharpeAnnualized": intervals.sharpe(plain, rate, metrics["sharpeAnnualized"], factor),
        "sortinoAnnualized": intervals.sortino(plain, changed, rate, metrics["sortinoAnnualized"], factor),
    }
    return metrics, of_them


def agree(ours: float, theirs: float) -> None:
    """Fails where two libraries do not give the same figure."""
    assert math.isclose(ours, theirs, rel_tol=1e-9, abs_tol=1e-12), (ours, theirs)


def time_metrics(case: Case, trades: list[Trade]) -> dict:
    """How long trades last, and how much of the time one is open."""
    def mean_duration(chosen: list[Trade]) -> float | None:
        return float(np.mean([duration(trade) for trade in chosen])) if chosen else None

    within = [(max(trade.entry_time, start_of(case, trades)), trade.exit_time) for trade in trades]
    span = (max(trade.exit_time for trade in trades) - start_of(case, trades)).total_seconds() if trades else 0.0
    return {
        "avgDuration": mean_duration(trades),
        "avgWinDuration": mean_duration([trade for trade in trades if trade.net_profit > 0]),
        "avgLossDuration": mean_duration([trade for trade in trades if trade.net_profit < 0]),
        "timeInMarket": 100 * seconds_covered(within) / span if span > 0 else None,
    }


def duration(trade: Trade) -> float:
    """From entry to exit, in seconds."""
    return (trade.exit_time - trade.entry_time).total_seconds()


def seconds_covered(within: list[tuple]) -> float:
    """Length of the union of the trades' times."""
    ordered = pd.DataFrame(within, columns=["entry", "exit"])
    ordered = ordered.sort_values("entry")
    covered_until = ordered["exit"].cummax().shift(1).fillna(ordered["entry"].iloc[0])
    start = ordered["entry"].where(ordered["entry"] > covered_until, covered_until)
    return float((ordered["exit"] - start).dt.total_seconds().clip(lower=0).sum())


def case_metrics(case: Case, open_lots: Open, trades: list[Trade], whole: bool) -> dict:
    """What does not come from trades: it belongs to all of them, not to long or short."""
    delays = case.signal_delays if whole else []
    prices = (case.first_price, case.last_price) if whole else (None, None)
    held = money_held = more = None
    if None not in prices and prices[0] > 0:
        held = float(100 * (prices[1] / prices[0] - 1))
        net = sum((trade.net_profit for trade in trades), Decimal(0)) - open_lots.commission
        with localcontext() as context:
            context.prec = 60
            gain = (case.capital * (prices[1] - prices[0]) / prices[0]).quantize(MONEY_PLACES, ROUND_HALF_EVEN)
            money_held, more = money(gain), money(net - gain)
    return {
        "avgSignalDelay": float(np.mean(delays)) if delays else None,
        "p95SignalDelay": float(np.percentile(delays, 95)) if delays else None,
        "buyAndHoldReturn": held,
        "buyAndHold": money_held,
        "outperformance": more,
    }
