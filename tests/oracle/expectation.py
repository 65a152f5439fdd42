"""Live trades among runs of expected ones, by numpy and statsmodels.

The runs are drawn with the very same numbers as in `intervals.py` (xoshiro256++), so that percentiles,
band and evidence must be equal to the last digits; and once more with numpy's own generator, which must
agree within the error of a Monte Carlo.
"""

import numpy as np
from statsmodels.stats.diagnostic import acorr_ljungbox
from statsmodels.stats.proportion import proportion_confint

from intervals import long_run_variance, words

RUNS, HORIZON, SEED = 10_000, 120, 1
STAKES, ON_WORSE, KEPT = np.array([0.25, 0.5, 1.0, 2.0, 4.0]), 0.75, 0.1
FALSE_ALARMS, FALSE_ALARMS_OF_BLOCKS, FALSE_EVIDENCE, ABOVE_FOR_BELOW, ALARM_EVIDENCE = 0.04, 0.02, 0.008, 0.1, 20.0
ALARM_FROM = 20
MARKS = [5, 20, 60, 120]


def series(kind: str, length: int, seed: int) -> np.ndarray:
    """Outcomes with two decimals: independent, or each a sum of three that follow each other."""
    random = np.random.default_rng(seed)
    if kind == "dependent":
        shocks = random.normal(0, 40, length + 2)
        return np.round(shocks[2:] + shocks[1:-1] + shocks[:-2] + 12, 2)
    won = random.random(length) < 0.5
    return np.round(np.where(won, random.gamma(3, 50, length), -random.gamma(4, 25, length)), 2)


def drawn(length: int, block: int, steps: int) -> np.ndarray:
    """The indices of every run, trade by trade."""
    source = words(SEED)

    def draw(below):
        return (next(source) * below) >> 64

    found = np.empty((RUNS, steps), dtype=np.int64)
    for run in range(RUNS):
        last = None
        for step in range(steps):
            if block > 1 and last is not None and draw(block) > 0:
                last = (last + 1) % length
            else:
                last = draw(length)
            found[run, step] = last
    return found


def reference(expected: np.ndarray) -> tuple[float, float, float]:
    """Mean, deviation, and the change that is looked for."""
    mean, deviation = expected.mean(), expected.std(ddof=1)
    return mean, deviation, mean if mean > 0 else deviation / 4


def evidence(expected: np.ndarray, outcomes: np.ndarray, block: int) -> np.ndarray:
    """The money of all gamblers after each trade; outcomes along the last axis."""
    mean, deviation, shift = reference(expected)
    variance = long_run_variance(expected - mean) if block > 1 else deviation**2
    least, most = expected.min(), expected.max()
    above = np.clip(outcomes, least, most) - mean
    total = np.zeros(outcomes.shape)
    for stake in STAKES * shift / variance:
        worse, better = min(stake, (1 - KEPT) / (most - mean)), min(stake, (1 - KEPT) / (mean - least))
        total += ON_WORSE / len(STAKES) * np.cumprod(1 - worse * above, axis=-1)
        total += (1 - ON_WORSE) / len(STAKES) * np.cumprod(1 + better * above, axis=-1)
    return total


def cusum(expected: np.ndarray, outcomes: np.ndarray) -> np.ndarray:
    """The CUSUM after each trade."""
    mean, deviation, shift = reference(expected)
    now, found = np.zeros(outcomes.shape[:-1]), np.empty(outcomes.shape)
    for step in range(outcomes.shape[-1]):
        now = np.maximum(now + (mean - shift / 2 - outcomes[..., step]) / deviation, 0)
        found[..., step] = now
    return found


def fall(outcomes: np.ndarray) -> np.ndarray:
    """The largest fall from a peak, the beginning being the first."""
    sums = np.cumsum(outcomes, axis=-1)
    peaks = np.maximum(np.maximum.accumulate(sums, axis=-1), 0)
    return (peaks - sums).max(axis=-1)


def band(sums: np.ndarray, most: np.ndarray, needed: float, allowed: float) -> tuple[np.ndarray, np.ndarray]:
    """Both ends after each trade, such that few enough runs leave it or have the evidence."""
    ordered = np.sort(sums, axis=0)
    weights = (np.arange(1, HORIZON + 1) / HORIZON) ** 3
    level = np.full(RUNS, np.inf)
    for step in range(ALARM_FROM - 1, HORIZON):
        as_low = np.searchsorted(ordered[:, step], sums[:, step], "right")
        as_high = RUNS - np.searchsorted(ordered[:, step], sums[:, step], "left")
        level = np.minimum(level, np.minimum(as_low, as_high / ABOVE_FOR_BELOW) / weights[step])
    level[most >= needed] = 0
    lowest = max(np.nextafter(np.sort(level)[int(allowed * RUNS)], -np.inf), 0)
    steps = np.arange(HORIZON)
    below = np.floor(lowest * weights).astype(int)
    above = np.floor(lowest * weights * ABOVE_FOR_BELOW).astype(int)
    return ordered[below, steps], ordered[RUNS - 1 - above, steps]


def case(kind: str, expected_trades: int, live_trades: int, seed: int) -> dict:
    """What goes in and what must come out."""
    expected, live = series(kind, expected_trades, seed), series(kind, live_trades, seed + 1)
    lags = min(10, expected_trades // 5)
    probability = float(acorr_ljungbox(expected, lags=[lags]).lb_pvalue.iloc[0])
    are_streaks = long_run_variance(expected - expected.mean()) > expected.var()
    block = int(np.ceil(round(expected_trades ** (1 / 3), 9))) if probability < 0.05 and are_streaks else 1
    outcomes = expected[drawn(expected_trades, block, HORIZON)]
    sums = np.cumsum(outcomes, axis=1)
    most = evidence(expected, outcomes, block)[:, ALARM_FROM - 1:].max(axis=1)
    needed = max(ALARM_EVIDENCE, float(np.quantile(most, 1 - FALSE_EVIDENCE))) if block > 1 else ALARM_EVIDENCE
    low, high = band(sums, most, needed, FALSE_ALARMS_OF_BLOCKS if block > 1 else FALSE_ALARMS)
    limit = float(np.quantile(cusum(expected, outcomes).max(axis=1), 0.95))
    of_live, falls = sums[:, live_trades - 1], fall(outcomes[:, :live_trades])
    total, won = np.cumsum(live)[-1], int((live > 0).sum())
    wins = (outcomes[:, :live_trades] > 0).mean(axis=1) * 100
    rate = proportion_confint(won, live_trades, 0.05, "wilson")
    found = {
        "ljungBox": probability,
        "blockLength": block,
        "bands": [np.quantile(sums[:, mark - 1], [0.05, 0.25, 0.5, 0.75, 0.95]).tolist() for mark in MARKS],
        "alarmBand": [[float(low[mark - 1]), float(high[mark - 1])] for mark in MARKS],
        "alarmEvidence": needed,
        "evidence": float(evidence(expected, live, block)[-1]),
        "cusum": float(cusum(expected, live)[-1]),
        "cusumLimit": limit,
        "asLow": float((of_live <= total + 1e-9).mean() * 100),
        "median": float(np.median(of_live)),
        "fall": float(fall(live)),
        "fallMedian": float(np.median(falls)),
        "winRateRange": np.quantile(wins, [0.025, 0.975]).tolist(),
        "winRate": [100 * won / live_trades, *(100 * float(end) for end in rate)],
    }
    if block == 1:
        # numpy's own draws: the share of healthy runs that raise an alarm, and that exceed the limit of CUSUM.
        others = expected[np.random.default_rng(seed + 2).integers(0, expected_trades, (4 * RUNS, HORIZON))]
        others_sums = np.cumsum(others, axis=1)
        outside = (others_sums < low) | (others_sums > high) | (evidence(expected, others, block) >= ALARM_EVIDENCE)
        found["otherDraws"] = {
            "bands": [np.quantile(others_sums[:, mark - 1], [0.05, 0.5, 0.95]).tolist() for mark in MARKS],
            "falseAlarms": float(outside[:, 19:].any(axis=1).mean()),
            "aboveCusumLimit": float((cusum(expected, others).max(axis=1) > limit).mean()),
        }
    return {"input": {"expected": expected.tolist(), "live": live.tolist(), "seed": SEED}, "marks": MARKS,
            "expected": found}


def fixtures() -> dict[str, dict]:
    """Every file by its name."""
    return {
        "independent": case("independent", 150, 45, 7),
        "dependent": case("dependent", 200, 60, 9),
    }
