"""95 % intervals of headline figures, by scipy and statsmodels.

A bootstrap is only the same again where its draws are. So scipy's `bootstrap` is handed the indices
that a published generator gives: xoshiro256++ seeded by SplitMix64 (Blackman and Vigna), an index being
the high 64 bits of a number times the length. Everything else of it, bias correction and acceleration
included, is scipy's own.
"""

import math
from decimal import Decimal
from functools import lru_cache

import numpy as np
import statsmodels.api as sm
from scipy.stats import bootstrap
from scipy.special import ndtr, ndtri
from statsmodels.stats.proportion import proportion_confint

RESAMPLES = 2_000
SEED = 1
MOST_RESAMPLED_TRADES = 1_000
MOST_RESAMPLED_RETURNS = 500
Z = float(ndtri(0.975))
WORD = 2**64 - 1


def words(seed: int):
    """Numbers of xoshiro256++."""
    state = []
    for _ in range(4):
        seed = (seed + 0x9E3779B97F4A7C15) & WORD
        z = ((seed ^ (seed >> 30)) * 0xBF58476D1CE4E5B9) & WORD
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & WORD
        state.append(z ^ (z >> 31))

    def turned(x, by):
        return ((x << by) | (x >> (64 - by))) & WORD

    while True:
        yield (turned((state[0] + state[3]) & WORD, 23) + state[0]) & WORD
        shifted = (state[1] << 17) & WORD
        state[2] ^= state[0]
        state[3] ^= state[1]
        state[1] ^= state[2]
        state[0] ^= state[3]
        state[2] ^= shifted
        state[3] = turned(state[3], 45)


@lru_cache(maxsize=None)
def indices(length: int) -> np.ndarray:
    """The draws of every resample of so many observations."""
    source = words(SEED)
    drawn = [(next(source) * length) >> 64 for _ in range(RESAMPLES * length)]
    return np.array(drawn).reshape(RESAMPLES, length)


class Drawn(np.random.Generator):
    """A generator that hands out given indices."""

    def __init__(self, length: int):
        super().__init__(np.random.PCG64(0))
        self.length = length

    def integers(self, low, high=None, size=None, **_):
        assert (low, high, size) == (0, self.length, (RESAMPLES, self.length)), (low, high, size)
        return indices(self.length)


def bca(observations: np.ndarray, statistic) -> tuple[float | None, float | None] | None:
    """Both ends, None where an end has no bound; None altogether where nothing can be said.

    Where a resample has no finite figure, scipy gives NaN; then the same steps are taken here on the
    extended numbers, resamples without any figure left out.
    """
    resampled = statistic(observations[indices(len(observations))], axis=-1)
    defined = np.sort(resampled[~np.isnan(resampled)])
    if len(defined) * 2 < RESAMPLES or defined[0] == defined[-1]:
        return None
    if np.isfinite(resampled).all():
        found = bootstrap((observations,), statistic, n_resamples=RESAMPLES, confidence_level=0.95, method="BCa",
                          vectorized=True, rng=Drawn(len(observations))).confidence_interval
        if math.isfinite(found.low) and math.isfinite(found.high):
            return float(found.low), float(found.high)
    estimate = statistic(observations, axis=-1)
    bias = ndtri(((defined < estimate).sum() + (defined <= estimate).sum()) / (2 * len(defined)))
    without = np.array([statistic(np.delete(observations, at), axis=-1) for at in range(len(observations))])
    deviations = (len(without) - 1) * (without.mean() - without)
    squares = (deviations**2).sum() / len(without) ** 2
    acceleration = (deviations**3).sum() / len(without) ** 3 / squares**1.5 / 6
    if not np.isfinite(acceleration):
        acceleration = 0.0

    def end(z):
        share = ndtr(bias + (bias + z) / (1 - acceleration * (bias + z)))
        at = share * (len(defined) - 1)
        below, above = defined[math.floor(at)], defined[min(math.floor(at) + 1, len(defined) - 1)]
        if np.isfinite(below) and np.isfinite(above):
            return float(below + (above - below) * (at - math.floor(at)))
        return None

    return end(-Z), end(Z)


def interval(n: int, ends, method: str, factor: float = 1.0) -> dict | None:
    """An interval as the report gives it."""
    if ends is None:
        return None
    low, high = (None if end is None else factor * end for end in ends)
    return {"n": n, "low": low, "high": high, "method": method}


def sums(profits: np.ndarray, axis: int):
    """Wins, losses, and how many of each."""
    wins, losses = np.maximum(profits, 0).sum(axis), np.maximum(-profits, 0).sum(axis)
    return wins, losses, (profits > 0).sum(axis).astype(float), (profits < 0).sum(axis).astype(float)


def mean(profits, axis):
    return profits.sum(axis) / profits.shape[axis]


def profit_factor(profits, axis):
    wins, losses, _, _ = sums(profits, axis)
    with np.errstate(divide="ignore", invalid="ignore"):
        return wins / losses


def payoff_ratio(profits, axis):
    wins, losses, won, lost = sums(profits, axis)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(won > 0, wins / won, 0) / np.where(lost > 0, losses / lost, 0)


def kelly(profits, axis):
    wins, losses, won, lost = sums(profits, axis)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = won / (won + lost) * (1 - losses / wins)
    return np.where(won > 0, found, np.where(lost > 0, -np.inf, np.nan))


def of_means(won, lost, gain, loss):
    """The same four figures as functions of means, for the delta method."""
    return [gain - loss, gain / loss, (gain / won) / (loss / lost), won / (won + lost) * (1 - loss / gain)]


def by_delta(profits: np.ndarray) -> list[dict | None]:
    """Normal intervals; slopes by complex steps, covariances by numpy."""
    table = np.stack([profits > 0, profits < 0, np.maximum(profits, 0), np.maximum(-profits, 0)]).astype(float)
    means, covariance = table.mean(axis=1), np.cov(table, ddof=0)
    estimates = of_means(*means)
    slopes = np.zeros((4, 4))
    for at in range(4):
        step = 1e-30 * max(means[at], 1.0)
        moved = means.astype(complex)
        moved[at] += step * 1j
        slopes[:, at] = [figure.imag / step for figure in of_means(*moved)]
    errors = np.sqrt(np.einsum("fi,ij,fj->f", slopes, covariance, slopes) / len(profits))
    return [interval(len(profits), (estimate - Z * error, estimate + Z * error), "delta")
            for estimate, error in zip(estimates, errors)]


def money(found: dict | None, unit: float) -> dict | None:
    """An interval of an amount, at eight places."""
    if found is None:
        return None
    return found | {end: f"{found[end] / unit:.8f}" for end in ("low", "high")}


def percent(found: dict | None) -> dict | None:
    """An interval of a share in percent."""
    if found is None:
        return None
    return found | {end: None if found[end] is None else 100 * found[end] for end in ("low", "high")}


def of_trades(exact: list[Decimal], metrics: dict) -> dict:
    """The intervals of what is made of trades."""
    n = len(exact)
    places = max((-profit.as_tuple().exponent for profit in exact), default=0)
    unit = 10 ** max(places, 0)
    profits = np.array([float(profit * unit) for profit in exact])
    if n > MOST_RESAMPLED_TRADES:
        average, factor, payoff, kelly_share = by_delta(profits)
    elif n >= 2:
        average, factor, payoff, kelly_share = (
            interval(n, bca(profits, figure), "bca") for figure in (mean, profit_factor, payoff_ratio, kelly))
    else:
        average = factor = payoff = kelly_share = None
    wilson = proportion_confint(metrics["winningTrades"], n, 0.05, "wilson") if n else None
    return {
        "percentProfitable": percent(interval(n, wilson and tuple(map(float, wilson)), "wilson")),
        "profitFactor": factor if metrics["profitFactor"] is not None else None,
        "payoffRatio": payoff if metrics["payoffRatio"] is not None else None,
        "avgTrade": money(average, unit),
        "expectancy": money(average, unit),
        "kellyPercent": percent(kelly_share) if metrics["kellyPercent"] is not None else None,
    }


def long_run_variance(influence: np.ndarray) -> float:
    """n times the variance of the mean, by statsmodels' Newey and West."""
    lags = min(int(4 * (len(influence) / 100) ** (2 / 9)), len(influence) - 1)
    fitted = sm.OLS(influence, np.ones(len(influence))).fit(
        cov_type="HAC", cov_kwds={"maxlags": lags, "use_correction": False})
    return float(fitted.bse[0] ** 2 * len(influence))


def sharpe(returns: np.ndarray, rate: float, estimate: float | None, factor: float) -> dict | None:
    """Lo (2002) with autocorrelation, never narrower than for independent returns."""
    if estimate is None:
        return None
    deviation = returns.std()
    each = (returns.mean() - rate) / deviation
    score = (returns - returns.mean()) / deviation
    variance = max(long_run_variance(score - each / 2 * (score**2 - 1)), 1 + each**2 / 2)
    error = factor * math.sqrt(variance / len(returns))
    return interval(len(returns), (estimate - Z * error, estimate + Z * error), "lo2002")


def sortino(returns: np.ndarray, changed: np.ndarray, rate: float, estimate: float | None, factor: float) -> dict | None:
    """The bootstrap of few returns (those of periods in which a trade closed stand first), else the delta method."""
    n = len(returns)
    if estimate is None or n < 2:
        return None
    if n <= MOST_RESAMPLED_RETURNS:
        def ratio(drawn, axis):
            drawn = np.sort(drawn, axis)
            below = np.minimum(drawn - rate, 0) ** 2
            with np.errstate(divide="ignore", invalid="ignore"):
                return (drawn.sum(axis) / drawn.shape[axis] - rate) / np.sqrt(below.sum(axis) / drawn.shape[axis])

        ordered = np.concatenate([returns[changed], returns[~changed]])
        return interval(n, bca(ordered, ratio), "bca", factor)
    below = np.minimum(returns - rate, 0) ** 2
    each = (returns.mean() - rate) / math.sqrt(below.mean())
    influence = (returns - returns.mean()) / math.sqrt(below.mean()) - each / 2 * (below / below.mean() - 1)
    error = factor * math.sqrt(max(long_run_variance(influence), float((influence**2).mean())) / n)
    return interval(n, (estimate - Z * error, estimate + Z * error), "neweyWest")
