//! The figures that live trades are made of, beside the expected ones: so that missing trades are
//! not taken for worse ones.

use serde::Serialize;

use super::Outcomes;
use super::cone::{ALARM_FROM, Outlook, Walk};
use super::special::binomial_at_most;
use crate::analytics::number::{count, ratio};
use crate::analytics::statistics::Sorted;
use crate::domain::event::text_enum;

/// The probability below which a figure counts as different: four are looked at, so that
/// one of them is found by chance in one healthy strategy of twenty.
const DIFFERENT: f64 = 0.05 / 4.0;

text_enum! {
    /// A figure that trades are made of.
    ExpectedFigure, "figure" {
        /// Share of trades that win, in percent.
        WinRate = "winRate",
        /// Average profit of a winning trade.
        AverageWin = "averageWin",
        /// Average loss of a losing trade.
        AverageLoss = "averageLoss",
        /// Trades a day, from the first entry to the last exit.
        TradesPerDay = "tradesPerDay",
    }
}

/// A figure of the live trades beside that of the expected ones.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FigureDifference {
    /// The figure.
    pub figure: ExpectedFigure,
    /// Of the expected trades.
    pub expected: f64,
    /// Of the live ones.
    pub live: f64,
    /// Lower end of where 95 of 100 runs of as many trades lie; `null` for the rate of trades.
    pub low: Option<f64>,
    /// Upper end of it.
    pub high: Option<f64>,
    /// Probability of a difference as large though nothing changed: among the runs; of the
    /// rate of trades by the Poisson test of two rates.
    pub probability: f64,
    /// True below 0.0125 from the twentieth trade on: four figures are looked at.
    pub is_different: bool,
}

/// All that can be told of some live trades.
pub(super) fn of(expected: &Outcomes, live: &Outcomes, outlook: &Outlook) -> Vec<FigureDifference> {
    let n = live.values.len();
    if n == 0 {
        return Vec::new();
    }
    let (backtest, walk) = (Walk::over(&expected.values), Walk::over(&live.values));
    let of_runs = |figure, expected: Option<f64>, live: Option<f64>, runs: &Sorted| {
        let (expected, live) = expected.zip(live)?;
        let tail = runs.at_most(live).min(runs.at_least(live)) / 100.0;
        let ends = [0.025, 0.975].map(|share| runs.at(share));
        Some((figure, expected, live, ends[0], ends[1], 2.0 * tail))
    };
    let rates = [
        of_runs(
            ExpectedFigure::WinRate,
            Some(backtest.win_rate()),
            Some(walk.win_rate()),
            &outlook.win_rates,
        ),
        of_runs(
            ExpectedFigure::AverageWin,
            backtest.average_win(),
            walk.average_win(),
            &outlook.wins,
        ),
        of_runs(
            ExpectedFigure::AverageLoss,
            backtest.average_loss(),
            walk.average_loss(),
            &outlook.losses,
        ),
        rate_of_trades(expected, live),
    ];
    let told = |(figure, expected, live, low, high, probability): FigureTest| FigureDifference {
        figure,
        expected,
        live,
        low,
        high,
        probability: probability.min(1.0),
        is_different: n >= ALARM_FROM && probability < DIFFERENT,
    };
    rates.into_iter().flatten().map(told).collect()
}

/// A figure, as expected, live, both ends, and the probability.
type FigureTest = (ExpectedFigure, f64, f64, Option<f64>, Option<f64>, f64);

/// The test of two Poisson rates, exact given how many trades there are together (Przyborowski
/// and Wilenski 1940): if the rates are the same, each trade is a live one with the probability
/// of the live days among all. Twice the smaller tail.
fn rate_of_trades(expected: &Outcomes, live: &Outcomes) -> Option<FigureTest> {
    let (days, live_days) = (expected.days(), live.days());
    let (trades, of_live) = (expected.values.len(), live.values.len());
    let rate = ratio(count(trades), days)?;
    let live_rate = ratio(count(of_live), live_days)?;
    let probability = two_rates(of_live, live_days, trades, days);
    Some((
        ExpectedFigure::TradesPerDay,
        rate,
        live_rate,
        None,
        None,
        probability,
    ))
}

fn two_rates(live: usize, live_days: f64, expected: usize, days: f64) -> f64 {
    let (all, share) = (live + expected, live_days / (live_days + days));
    let at_most = binomial_at_most(live, all, share);
    let at_least = live
        .checked_sub(1)
        .map_or(1.0, |fewer| 1.0 - binomial_at_most(fewer, all, share));
    2.0 * at_most.min(at_least)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATES: [(usize, f64, usize, f64, f64); 4] = [
        (30, 30.0, 400, 365.0, 0.710_803_847_061_027_4),
        (12, 30.0, 400, 365.0, 9.117_628_574_461_801e-5),
        (63, 20.5, 500, 300.0, 2.902_773_749_247_424e-5),
        (0, 3.0, 40, 100.0, 0.613_113_681_547_613_3),
    ];

    #[test]
    fn the_test_of_two_rates_is_scipy_s() {
        // scipy 1.17.1: 2 * min(binom.cdf(k, n, p), binom.sf(k - 1, n, p)).
        for (live, live_days, expected, days, probability) in RATES {
            let found = two_rates(live, live_days, expected, days);
            assert!((found - probability).abs() < 1e-10, "{found}");
        }
    }
}
