//! Intervals of what is made of closed trades: all from the same resamples, since each
//! needs only the sums of wins and losses and how many there were.

use super::bootstrap::{self, RESAMPLES};
use super::{Interval, Intervals, MOST_RESAMPLED, Method, MoneyInterval, around, wilson};
use crate::analytics::exact::Scale;
use crate::analytics::number::{count, float, power_of_ten};
use crate::analytics::resample::{draw, money};
use crate::analytics::table::Row;

/// The intervals of some trades' figures, so many of which won.
pub(in crate::analytics) fn of_trades<'rows>(
    rows: impl Iterator<Item = &'rows Row>,
    scale: Scale,
    winning_trades: usize,
) -> Intervals {
    // Whole units, so that resamples of the same trades have the very same sums.
    let profits: Vec<f64> = rows.map(|row| float(row.profit)).collect();
    let found = if profits.len() > MOST_RESAMPLED {
        by_delta(&profits)
    } else {
        by_resampling(&profits)
    };
    let [mean, profit_factor, payoff, kelly] = found;
    let n = profits.len();
    let unit = float(power_of_ten(scale.places()));
    let mean = mean.and_then(|mean| {
        Some(MoneyInterval {
            n,
            low: money(mean.low? / unit),
            high: money(mean.high? / unit),
            method: mean.method,
        })
    });
    Intervals {
        percent_profitable: wilson(winning_trades, n),
        profit_factor,
        payoff_ratio: payoff,
        kelly_percent: kelly.map(|kelly| Interval {
            low: kelly.low.map(|low| 100.0 * low),
            high: kelly.high.map(|high| 100.0 * high),
            ..kelly
        }),
        avg_trade: mean,
        expectancy: mean,
        ..Intervals::default()
    }
}

/// Sums that the figures are made of.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    trades: f64,
    net: f64,
    wins: f64,
    won: f64,
    lost: f64,
}

impl Sums {
    fn of(profits: &[f64]) -> Self {
        let mut sums = Self::default();
        for profit in profits {
            sums.add(*profit);
        }
        sums
    }

    fn add(&mut self, profit: f64) {
        self.trades += 1.0;
        self.net += profit;
        self.wins += profit.max(0.0);
        self.won += f64::from(u8::from(profit > 0.0));
        self.lost += f64::from(u8::from(profit < 0.0));
    }

    fn without(mut self, profit: f64) -> Self {
        self.trades -= 1.0;
        self.net -= profit;
        self.wins -= profit.max(0.0);
        self.won -= f64::from(u8::from(profit > 0.0));
        self.lost -= f64::from(u8::from(profit < 0.0));
        self
    }

    /// Mean profit, profit factor, payoff ratio and Kelly's fraction; infinite where
    /// there is no loss or no win, NaN where there is neither.
    fn figures(&self) -> [f64; 4] {
        let losses = self.wins - self.net;
        let mean_of = |sum: f64, number: f64| if number > 0.0 { sum / number } else { 0.0 };
        let kelly = if self.won > 0.0 {
            self.won / (self.won + self.lost) * (1.0 - losses / self.wins)
        } else if self.lost > 0.0 {
            f64::NEG_INFINITY
        } else {
            f64::NAN
        };
        [
            self.net / self.trades,
            self.wins / losses,
            mean_of(self.wins, self.won) / mean_of(losses, self.lost),
            kelly,
        ]
    }
}

fn by_resampling(profits: &[f64]) -> [Option<Interval>; 4] {
    let n = profits.len();
    if n < 2 {
        return [None; 4];
    }
    let mut generator = bootstrap::generator();
    let mut resampled: [Vec<f64>; 4] = std::array::from_fn(|_| Vec::with_capacity(RESAMPLES));
    for _ in 0..RESAMPLES {
        let mut sums = Sums::default();
        for _ in 0..n {
            sums.add(profits[draw(&mut generator, n)]);
        }
        for (figures, figure) in resampled.iter_mut().zip(sums.figures()) {
            figures.push(figure);
        }
    }
    let sums = Sums::of(profits);
    let without: Vec<[f64; 4]> = profits
        .iter()
        .map(|profit| sums.without(*profit).figures())
        .collect();
    let estimates = sums.figures();
    let mut number = 0;
    resampled.map(|resampled| {
        let which = number;
        number += 1;
        let jackknife = without.iter().map(move |figures| (figures[which], 1));
        let (low, high) = bootstrap::interval(estimates[which], resampled, jackknife)?;
        Some(Interval {
            n,
            low: low.is_finite().then_some(low),
            high: high.is_finite().then_some(high),
            method: Method::Bca,
        })
    })
}

/// The same by the delta method: each figure is a function of four means, those of being
/// won, of being lost, of the gain and of the loss, whose covariances one pass gives.
fn by_delta(profits: &[f64]) -> [Option<Interval>; 4] {
    let n = count(profits.len());
    let sums = Sums::of(profits);
    let (mut squared_wins, mut squared_losses) = (0.0, 0.0);
    for profit in profits {
        squared_wins += profit.max(0.0).powi(2);
        squared_losses += profit.min(0.0).powi(2);
    }
    let (up, down) = (sums.won / n, sums.lost / n);
    let (gain, loss) = (sums.wins / n, (sums.wins - sums.net) / n);
    let means = [up, down, gain, loss];
    // Means of products; a trade that is up is not down.
    let products = [
        [up, 0.0, gain, 0.0],
        [0.0, down, 0.0, loss],
        [gain, 0.0, squared_wins / n, 0.0],
        [0.0, loss, 0.0, squared_losses / n],
    ];
    let [mean, factor, payoff, kelly] = sums.figures();
    let decided = up + down;
    let edge = (1.0 - loss / gain) / decided.powi(2);
    let slopes = [
        [0.0, 0.0, 1.0, -1.0],
        [0.0, 0.0, 1.0 / loss, -factor / loss],
        [-payoff / up, payoff / down, payoff / gain, -payoff / loss],
        [
            edge * down,
            -edge * up,
            up / decided * loss / gain.powi(2),
            -up / decided / gain,
        ],
    ];
    let interval = |estimate: f64, slope: [f64; 4]| {
        let mut variance = 0.0;
        for (row, one) in slope.iter().enumerate() {
            for (column, other) in slope.iter().enumerate() {
                let covariance = products[row][column] - means[row] * means[column];
                variance += one * other * covariance;
            }
        }
        around(
            estimate,
            (variance / n).sqrt(),
            profits.len(),
            Method::Delta,
        )
    };
    [
        interval(mean, slopes[0]),
        interval(factor, slopes[1]),
        interval(payoff, slopes[2]),
        interval(kelly, slopes[3]),
    ]
}
