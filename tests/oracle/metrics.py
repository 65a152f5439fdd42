"""The metrics of a list of closed trades, by pandas, empyrical and QuantStats.

Money is decimal and exact; where a mean divides it, it is rounded half to even
at 18 places. A figure that is not defined is None, and says so by a condition
here: a NaN or an infinity that a library returns is an error, never a null.
"""

import math
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from itertools import accumulate

import empyrical
import numpy as np
import pandas as pd
import quantstats.stats as qs

from trade_lists import Case, Trade

YEAR_SECONDS = 365.25 * 86_400
MONEY_PLACES = Decimal("1e-18")


def report(case: Case) -> dict[str, dict]:
    """The metrics of all trades, of the long and of the short ones, each as if alone."""
    by_exit = sorted(case.trades, key=lambda trade: trade.exit_time)
    columns = {
        "all": by_exit,
        "long": [trade for trade in by_exit if trade.direction == "long"],
        "short": [trade for trade in by_exit if trade.direction == "short"],
    }
    return {
        name: column_metrics(case, trades) | case_metrics(case, whole=name == "all")
        for name, trades in columns.items()
    }


def column_metrics(case: Case, trades: list[Trade]) -> dict:
    """What follows from the trades of one column; they are in the order of their exits."""
    metrics = profit_metrics(case, trades) | drawdown_metrics(case, trades) | time_metrics(trades)
    metrics |= growth_metrics(case, trades, metrics["maxDrawdownPercent"])
    metrics |= tradingview_ratios(case, trades) | library_ratios(case, trades)
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


def profit_metrics(case: Case, trades: list[Trade]) -> dict:
    """Sums, counts and means of the profits."""
    profits = [trade.net_profit for trade in trades]
    wins = [profit for profit in profits if profit > 0]
    losses = [-profit for profit in profits if profit < 0]
    series = pd.Series([float(profit) for profit in profits], dtype=float)
    percents = [100 * float(trade.net_profit / (trade.entry_price * trade.qty * trade.point_value)) for trade in trades]
    net_percent = float(100 * sum(profits) / case.initial_capital) if case.initial_capital > 0 else None
    run = {"prepare_returns": False}
    return {
        "netProfit": money(sum(profits, Decimal(0))),
        "netProfitPercent": net_percent,
        "returnOnCapital": net_percent,
        "grossProfit": money(sum(wins, Decimal(0))),
        "grossLoss": money(sum(losses, Decimal(0))),
        "commissionPaid": money(sum((trade.commission for trade in trades), Decimal(0))),
        "profitFactor": float(qs.profit_factor(series, **run)) if losses else None,
        "totalTrades": len(trades),
        "winningTrades": len(wins),
        "losingTrades": len(losses),
        "evenTrades": len(trades) - len(wins) - len(losses),
        "percentProfitable": 100 * len(wins) / len(trades) if trades else None,
        "avgTrade": mean_money(profits),
        "avgTradePercent": float(np.mean(percents)) if trades else None,
        "avgWin": mean_money(wins),
        "avgLoss": mean_money(losses),
        "payoffRatio": float(qs.payoff_ratio(series, **run)) if wins and losses else None,
        "largestWin": money(max(wins)) if wins else None,
        "largestLoss": money(max(losses)) if losses else None,
        "expectancy": expectancy(wins, losses, len(trades)),
        "maxConsecutiveWins": int(qs.consecutive_wins(series, **run)) if trades else 0,
        "maxConsecutiveLosses": int(qs.consecutive_losses(series, **run)) if trades else 0,
        "sqn": float(np.sqrt(len(series)) * series.mean() / series.std()) if has_spread(series) else None,
    }


def expectancy(wins: list[Decimal], losses: list[Decimal], total: int) -> str | None:
    """Share winning times mean win, less share losing times mean loss."""
    if total == 0:
        return None
    with localcontext() as context:
        context.prec = 60
        won = Decimal(len(wins)) / total * (sum(wins) / len(wins)) if wins else Decimal(0)
        lost = Decimal(len(losses)) / total * (sum(losses) / len(losses)) if losses else Decimal(0)
        return money((won - lost).quantize(MONEY_PLACES, ROUND_HALF_EVEN))


def drawdown_metrics(case: Case, trades: list[Trade]) -> dict:
    """Falls and rises of the equity from one closed trade to the next."""
    equity = list(accumulate((trade.net_profit for trade in trades), initial=case.initial_capital))
    peaks = list(accumulate(equity, max))
    troughs = list(accumulate(equity, min))
    fall = max(peak - value for peak, value in zip(peaks, equity))
    rise = max(value - trough for trough, value in zip(troughs, equity))
    percent_fall = percent_rise = None
    if case.initial_capital > 0:
        percent_fall = float(max(100 * (peak - value) / peak for peak, value in zip(peaks, equity)))
        percent_rise = float(
            max(100 * (value - trough) / trough for trough, value in zip(troughs, equity) if trough > 0)
        )
        if min(equity) > 1:  # QuantStats takes what it sees below that for returns
            assert math.isclose(percent_fall, -100 * quantstats_max_drawdown(equity), rel_tol=1e-10, abs_tol=1e-10)
    return {
        "maxDrawdown": money(fall),
        "maxDrawdownPercent": percent_fall,
        "maxDrawdownDuration": longest_drawdown(trades, equity, peaks),
        "maxRunUp": money(rise),
        "maxRunUpPercent": percent_rise,
        "recoveryFactor": float((equity[-1] - equity[0]) / fall) if fall > 0 else None,
    }


def quantstats_max_drawdown(equity: list[Decimal]) -> float:
    """QuantStats' own, on one point a trade instead of one a day."""
    index = pd.date_range("2000-01-01", periods=len(equity), freq="D")
    return float(qs.max_drawdown(pd.Series([float(value) for value in equity], index=index)))


def longest_drawdown(trades: list[Trade], equity: list[Decimal], peaks: list[Decimal]) -> float:
    """Longest time from the last moment at a peak to its recovery, or to the last exit, in seconds."""
    if not trades:
        return 0.0
    times = [min(trade.entry_time for trade in trades)] + [trade.exit_time for trade in trades]
    longest = 0.0
    for start in range(len(equity) - 1):
        if equity[start] < peaks[start] or equity[start + 1] >= equity[start]:
            continue  # not at a peak, or no fall from it
        recovered = (later for later in range(start + 1, len(equity)) if equity[later] >= equity[start])
        end = next(recovered, len(equity) - 1)
        longest = max(longest, (times[end] - times[start]).total_seconds())
    return longest


def span_seconds(trades: list[Trade]) -> float:
    """From the first entry to the last exit."""
    return (max(trade.exit_time for trade in trades) - min(trade.entry_time for trade in trades)).total_seconds()


def growth_metrics(case: Case, trades: list[Trade], max_drawdown_percent: float | None) -> dict:
    """Compound growth a year, and what of it there is for the largest drawdown."""
    final = case.initial_capital + sum(trade.net_profit for trade in trades)
    nothing = {"cagr": None, "calmar": None}
    if not trades or case.initial_capital <= 0 or final < 0 or span_seconds(trades) < 30 * 86_400:
        return nothing
    years = span_seconds(trades) / YEAR_SECONDS
    cagr = 100 * (float(final / case.initial_capital) ** (1 / years) - 1)
    if final > 0:  # empyrical counts years in returns: one return, 1 / years of them a year
        whole = pd.Series([float(final / case.initial_capital) - 1])
        assert math.isclose(cagr, 100 * empyrical.cagr(whole, annualization=1 / years), rel_tol=1e-9)
    return {"cagr": cagr, "calmar": cagr / max_drawdown_percent if max_drawdown_percent > 0 else None}


def period_returns(case: Case, trades: list[Trade], kind: str) -> pd.Series | None:
    """Returns of the equity by calendar "day", "business day" or "month" of the report's zone.

    Every period counts from that of the first entry to that of the last exit, idle ones with 0;
    weekend profit belongs to the next business day. None where the equity is gone at some period's
    end, for no return can follow on that.
    """
    if not trades or case.initial_capital <= 0:
        return None
    period = {"day": "D", "business day": "B", "month": "M"}[kind]
    # The period "B" of a Saturday or Sunday would be Friday; rolled forward first, it is Monday.
    forward = pd.offsets.BDay().rollforward if kind == "business day" else lambda day: day

    def period_of(moment) -> pd.Period:
        local = pd.Timestamp(moment).tz_convert(case.time_zone).tz_localize(None)
        return forward(local.normalize()).to_period(period)

    equity = accumulate((trade.net_profit for trade in trades), lambda total, profit: total + profit,
                        initial=case.initial_capital)
    closes = pd.Series(list(equity)[1:], index=[period_of(trade.exit_time) for trade in trades])
    first = period_of(min(trade.entry_time for trade in trades))
    last = period_of(max(trade.exit_time for trade in trades))
    every = pd.period_range(first, last, freq=period)
    closes = closes.groupby(level=0).last().reindex(every).ffill().fillna(case.initial_capital).astype(float)
    if (closes <= 0).any():
        return None
    before = closes.shift(1, fill_value=float(case.initial_capital))
    returns = closes / before - 1
    returns.index = returns.index.to_timestamp()
    return returns


def has_spread(values: pd.Series | None) -> bool:
    """Whether a standard deviation can stand below a fraction line: two values that differ."""
    if values is None or len(values) < 2:
        return False
    return bool(values.max() - values.min() > 1e-12 * values.abs().max())


def tradingview_ratios(case: Case, trades: list[Trade]) -> dict:
    """Sharpe and Sortino as TradingView has them: by month from three months on, else by day."""
    returns, rate = None, 0.0
    if trades:
        first = pd.Timestamp(min(trade.entry_time for trade in trades)).tz_convert(case.time_zone)
        last = pd.Timestamp(max(trade.exit_time for trade in trades)).tz_convert(case.time_zone)
        first, day_after = (first.tz_localize(None).normalize(),
                            last.tz_localize(None).normalize() + pd.Timedelta(days=1))
        if day_after >= first + pd.DateOffset(months=3):
            returns, rate = period_returns(case, trades, "month"), case.risk_free_rate / 100 / 12
        elif day_after >= first + pd.Timedelta(days=3):
            returns, rate = period_returns(case, trades, "day"), case.risk_free_rate / 100 / 365
    below = returns is not None and bool((returns < rate).any())
    return {
        "sharpe": float(empyrical.sharpe_ratio(returns, rate, annualization=1)) if has_spread(returns) else None,
        "sortino": float(empyrical.sortino_ratio(returns, rate, annualization=1)) if below else None,
    }


def library_ratios(case: Case, trades: list[Trade]) -> dict:
    """What rests on daily returns, as QuantStats has it; empyrical must agree where it has the same."""
    kind = "business day" if case.trading_days == 252 else "day"
    returns = period_returns(case, trades, kind)
    names = ["sharpeAnnualized", "sortinoAnnualized", "volatilityAnnualized", "ulcerIndex", "kellyPercent",
             "tailRatio", "valueAtRisk95", "expectedShortfall95"]
    metrics = dict.fromkeys(names)
    if returns is None or len(returns) < 2:
        return metrics
    assert returns.min() < 0 or returns.max() < 1, "QuantStats would take such returns for prices"
    annual = {"rf": case.risk_free_rate / 100, "periods": case.trading_days}
    rate = (1 + annual["rf"]) ** (1 / case.trading_days) - 1
    metrics["volatilityAnnualized"] = 100 * float(qs.volatility(returns, case.trading_days))
    agree(metrics["volatilityAnnualized"], 100 * empyrical.annual_volatility(returns, annualization=case.trading_days))
    metrics["ulcerIndex"] = float(qs.ulcer_index(returns))
    if has_spread(returns):
        metrics["sharpeAnnualized"] = float(qs.sharpe(returns, **annual))
        agree(metrics["sharpeAnnualized"], empyrical.sharpe_ratio(returns, rate, annualization=case.trading_days))
        metrics["valueAtRisk95"] = 100 * float(qs.value_at_risk(returns))
        metrics["expectedShortfall95"] = 100 * float(qs.expected_shortfall(returns))
    if (returns < rate).any():
        metrics["sortinoAnnualized"] = float(qs.sortino(returns, **annual))
        agree(metrics["sortinoAnnualized"], empyrical.sortino_ratio(returns, rate, annualization=case.trading_days))
    if (returns > 0).any() and (returns < 0).any():
        metrics["kellyPercent"] = 100 * float(qs.kelly_criterion(returns))
    if returns.quantile(0.05) != 0:
        metrics["tailRatio"] = float(qs.tail_ratio(returns))
        agree(metrics["tailRatio"], empyrical.tail_ratio(returns))
    return metrics


def agree(ours: float, theirs: float) -> None:
    """Fails where two libraries do not give the same figure."""
    assert math.isclose(ours, theirs, rel_tol=1e-9, abs_tol=1e-12), (ours, theirs)


def time_metrics(trades: list[Trade]) -> dict:
    """How long trades last, and how much of the time one is open."""
    def mean_duration(chosen: list[Trade]) -> float | None:
        return float(np.mean([duration(trade) for trade in chosen])) if chosen else None

    span = span_seconds(trades) if trades else 0.0
    return {
        "avgDuration": mean_duration(trades),
        "avgWinDuration": mean_duration([trade for trade in trades if trade.net_profit > 0]),
        "avgLossDuration": mean_duration([trade for trade in trades if trade.net_profit < 0]),
        "timeInMarket": 100 * seconds_covered(trades) / span if span > 0 else None,
    }


def duration(trade: Trade) -> float:
    """From entry to exit, in seconds."""
    return (trade.exit_time - trade.entry_time).total_seconds()


def seconds_covered(trades: list[Trade]) -> float:
    """Length of the union of the trades' times."""
    ordered = pd.DataFrame([(trade.entry_time, trade.exit_time) for trade in trades], columns=["entry", "exit"])
    ordered = ordered.sort_values("entry")
    covered_until = ordered["exit"].cummax().shift(1).fillna(ordered["entry"].iloc[0])
    start = ordered["entry"].where(ordered["entry"] > covered_until, covered_until)
    return float((ordered["exit"] - start).dt.total_seconds().clip(lower=0).sum())


def case_metrics(case: Case, whole: bool) -> dict:
    """What does not come from trades: it belongs to all of them, not to long or short."""
    delays = case.signal_delays if whole else []
    prices = (case.first_price, case.last_price) if whole else (None, None)
    return {
        "avgSignalDelay": float(np.mean(delays)) if delays else None,
        "p95SignalDelay": float(np.percentile(delays, 95)) if delays else None,
        "openProfit": "0",
        "buyAndHoldReturn": float(100 * (prices[1] / prices[0] - 1)) if None not in prices else None,
    }
