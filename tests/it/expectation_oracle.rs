//! Live trades among runs of expected ones, against numpy's and statsmodels' figures;
//! `tests/oracle` has the script that made them.

use std::fs;
use std::path::Path;

use algohook::analytics::expectation::{
    Expectation, ExpectedFigure, Outcomes, SharpeFigures, rule,
};
use algohook::domain::departure::OutcomeUnit;
use jiff::{SignedDuration, Timestamp};
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};
use serde::Deserialize;

use crate::support::tradingview;

#[derive(Deserialize)]
struct Fixture {
    input: Input,
    /// Trades whose bands were computed.
    marks: Vec<usize>,
    expected: Figures,
}

#[derive(Deserialize)]
struct Input {
    expected: Vec<f64>,
    live: Vec<f64>,
    seed: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Figures {
    ljung_box: f64,
    block_length: usize,
    bands: Vec<[f64; 5]>,
    alarm_band: Vec<[f64; 2]>,
    alarm_evidence: f64,
    evidence: f64,
    cusum: f64,
    cusum_limit: f64,
    as_low: f64,
    median: f64,
    fall: f64,
    fall_median: f64,
    win_rate_range: [f64; 2],
    /// Percent and both ends of its interval.
    win_rate: [f64; 3],
    other_draws: Option<OtherDraws>,
}

/// Runs that numpy's own generator drew.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OtherDraws {
    /// At 5, 50 and 95 %.
    bands: Vec<[f64; 3]>,
    false_alarms: f64,
    above_cusum_limit: f64,
}

fn outcomes(values: &[f64]) -> Outcomes {
    let start = Timestamp::UNIX_EPOCH;
    let closed = (1..).map(|day| start + SignedDuration::from_hours(24 * day));
    Outcomes {
        values: values.to_vec(),
        closed: closed.take(values.len()).collect(),
        from: Some(start),
    }
}

fn close(what: &str, found: &impl ToString, expected: f64) {
    let found: f64 = found.to_string().parse().unwrap();
    let distance = (found - expected).abs() / expected.abs().max(1.0);
    assert!(distance < 1e-8, "{what}: {found}, expected {expected}");
}

fn of_file(name: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/expectation");
    let text = fs::read_to_string(path.join(name)).unwrap();
    let fixture: Fixture = serde_json::from_str(&text).unwrap();
    let (input, expected) = (&fixture.input, &fixture.expected);
    let (backtest, live) = (outcomes(&input.expected), outcomes(&input.live));
    let found = Expectation::of(&backtest, &live, OutcomeUnit::Money, input.seed).unwrap();
    assert_eq!(found.sampling.block_length, expected.block_length);
    close(
        "Ljung and Box",
        &found.sampling.ljung_box,
        expected.ljung_box,
    );
    for (place, trade) in fixture.marks.iter().enumerate() {
        let band = &found.bands[trade - 1];
        assert_eq!(band.trade, *trade);
        let percentiles = [band.p5, band.p25, band.p50, band.p75, band.p95];
        for (found, expected) in percentiles.iter().zip(expected.bands[place]) {
            close("percentile", found, expected);
        }
        let ends = [band.alarm_low.unwrap(), band.alarm_high.unwrap()];
        for (found, expected) in ends.iter().zip(expected.alarm_band[place]) {
            close("band", found, expected);
        }
        let Some(others) = &expected.other_draws else {
            continue;
        };
        // The error of a Monte Carlo, far below the width of the band.
        let width = expected.bands[place][4] - expected.bands[place][0];
        for (found, other) in [band.p5, band.p50, band.p95]
            .iter()
            .zip(others.bands[place])
        {
            let found: f64 = found.to_string().parse().unwrap();
            assert!((found - other).abs() < 0.02 * width, "{found} {other}");
        }
    }
    let last = found.curve.last().unwrap();
    let standing = found.standing.unwrap();
    let drawdown = found.drawdown.unwrap();
    let rate = found.win_rate.unwrap();
    let differences = &found.differences;
    let of_rate = differences
        .iter()
        .find(|one| one.figure == ExpectedFigure::WinRate)
        .unwrap();
    for (what, found, expected) in [
        (
            "needed evidence",
            found.alarm_evidence,
            expected.alarm_evidence,
        ),
        ("evidence", last.evidence, expected.evidence),
        ("CUSUM", last.cusum, expected.cusum),
        ("limit of CUSUM", found.cusum_limit, expected.cusum_limit),
        ("as low", standing.as_low, expected.as_low),
        ("win rate", rate.percent, expected.win_rate[0]),
        ("its low", rate.interval.low.unwrap(), expected.win_rate[1]),
        (
            "its high",
            rate.interval.high.unwrap(),
            expected.win_rate[2],
        ),
        (
            "win rate of runs",
            of_rate.low.unwrap(),
            expected.win_rate_range[0],
        ),
        (
            "win rate of runs",
            of_rate.high.unwrap(),
            expected.win_rate_range[1],
        ),
    ] {
        close(what, &found, expected);
    }
    close("median", &standing.median, expected.median);
    close("fall", &drawdown.fall, expected.fall);
    close("median fall", &drawdown.median, expected.fall_median);
    if let Some(others) = &expected.other_draws {
        assert!(others.false_alarms < 0.05, "{}", others.false_alarms);
        assert!((others.above_cusum_limit - 0.05).abs() < 0.01);
    }
}

#[test]
fn independent_trades_are_numpy_s() {
    of_file("independent.json");
}

#[test]
fn trades_that_depend_on_each_other_are_numpy_s() {
    of_file("dependent.json");
}

/// The trades of an export by what their prices moved.
fn moved(path: &Path) -> Vec<f64> {
    let trades = tradingview::listed(&tradingview::read(path));
    let number = |value: &dyn ToString| -> f64 { value.to_string().parse().unwrap() };
    let outcome = |(entry, exit, direction, quantity): &tradingview::Comparable| {
        let exit = exit.as_ref()?;
        let points = number(&exit.1) - number(&entry.1);
        Some(number(&direction.sign()) * points * number(quantity))
    };
    trades.iter().filter_map(outcome).collect()
}

#[test]
fn healthy_runs_of_any_export_alarm_rarely() {
    let mut worst = 0;
    for path in tradingview::exports() {
        let backtest = moved(&path);
        if backtest.len() < 100 {
            continue;
        }
        let rule = rule(&backtest, 120, 1).unwrap();
        let mut random = Xoshiro256PlusPlus::seed_from_u64(42);
        let mut alarms = |less: f64| {
            let alarms = (0..500).filter(|_| {
                let drawn =
                    (0..120).map(|_| backtest[random.random_range(0..backtest.len())] - less);
                rule.alarm(&outcomes(&drawn.collect::<Vec<_>>())).is_some()
            });
            alarms.count()
        };
        let figures = SharpeFigures::of(&backtest).unwrap();
        let trades = f64::from(u32::try_from(backtest.len()).unwrap());
        let mean = backtest.iter().sum::<f64>() / trades;
        let (healthy, dead) = (alarms(0.0), alarms(mean));
        println!(
            "edge {:.3}, of 500 healthy {healthy}, without its edge {dead}: {}",
            figures.ratio,
            path.display()
        );
        worst = worst.max(healthy);
    }
    assert!(worst <= 30, "{worst} of 500");
}
