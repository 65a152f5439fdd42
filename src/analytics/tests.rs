//! Properties of every report, whatever the trades.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde_json::Value;

use super::monte_carlo::{MonteCarloError, MonteCarloInput, monte_carlo};
use super::{AskedRange, Capital, OpenLots, Report, ReportInput, RiskFree, TradingDays, report};
use crate::domain::money::Decimal;
use crate::domain::signal::Direction;
use crate::domain::terms::Contract;
use crate::domain::trade::ClosedTrade;

/// A trade of 1 contract at 100 that gains `cents`.
fn trade(direction: Direction, begin: Timestamp, seconds: i64, cents: i64) -> ClosedTrade {
    ClosedTrade {
        ticker: if cents % 2 == 0 { "AAPL" } else { "MSFT" }
            .parse()
            .unwrap(),
        direction,
        quantity: "1".parse().unwrap(),
        entry_time: begin,
        entry_price: "100".parse().unwrap(),
        entry_signal: Some(format!("Signal {}", cents % 3).into()),
        exit_time: begin + SignedDuration::from_secs(seconds),
        point_value: Decimal::ONE,
        contract: Contract::Linear,
        exit_price: "100".parse().unwrap(),
        commission: Decimal::new(5, 2),
        entry_commission: Decimal::new(2, 2),
        net_profit: Decimal::new(cents, 2),
    }
}

fn report_on(trades: &[ClosedTrade], capital: i64, days: u16) -> Report {
    report(&ReportInput {
        currency: "USD",
        capital: Capital::from_start(capital.into()),
        asked: AskedRange::default(),
        range: None,
        zone: &TimeZone::get("America/New_York").unwrap(),
        trading_days: TradingDays::of_setting(days),
        risk_free: RiskFree(2.0),
        trades,
        open: OpenLots::default(),
        last_price_at: None,
        signal_delays: &[],
        held: None,
    })
}

fn trades() -> impl Strategy<Value = Vec<ClosedTrade>> {
    let one = (
        any::<bool>(),
        0..200_000_i64,
        0..300_000_i64,
        -50_000..50_000_i64,
    );
    prop::collection::vec(one, 0..80).prop_map(|drawn| {
        let mut time: Timestamp = "2025-10-20T08:00:00Z".parse().unwrap();
        let trades = drawn.into_iter().map(|(is_long, pause, seconds, cents)| {
            time += SignedDuration::from_secs(pause + 1);
            let direction = if is_long {
                Direction::Long
            } else {
                Direction::Short
            };
            trade(direction, time, seconds, cents)
        });
        trades.collect()
    })
}

/// The amounts under one name in the rows of a series.
fn amounts<'json>(rows: &'json Value, field: &str) -> Vec<Decimal> {
    let amount = |row: &'json Value| row[field].as_str().unwrap().parse().unwrap();
    rows.as_array().unwrap().iter().map(amount).collect()
}

fn sum(amounts: &[Decimal]) -> Decimal {
    amounts.iter().sum()
}

/// The metrics that are defined, and none of them NaN or infinite.
fn assert_finite(report: &Report) {
    for metrics in [&report.all, &report.long, &report.short] {
        for ratio in [
            metrics.profit_factor,
            metrics.percent_profitable,
            metrics.avg_trade_percent,
            metrics.payoff_ratio,
            metrics.net_profit_percent,
            metrics.max_drawdown_percent,
            metrics.max_run_up_percent,
            metrics.recovery_factor,
            metrics.return_on_capital,
            metrics.cagr,
            metrics.calmar,
            metrics.sharpe,
            metrics.sortino,
            metrics.sharpe_annualized,
            metrics.sortino_annualized,
            metrics.volatility_annualized,
            metrics.ulcer_index,
            metrics.sqn,
            metrics.kelly_percent,
            metrics.tail_ratio,
            metrics.value_at_risk_95,
            metrics.expected_shortfall_95,
            metrics.avg_duration,
            metrics.time_in_market,
        ]
        .into_iter()
        .flatten()
        {
            assert!(ratio.is_finite(), "{metrics:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn nothing_is_nan_or_infinite(trades in trades(), capital in prop::sample::select(&[0_i64, 1, 100, 10_000]), days in prop::sample::select(&[252_u16, 365])) {
        assert_finite(&report_on(&trades, capital, days));
    }

    #[test]
    fn every_breakdown_adds_up_to_the_net_profit(trades in trades()) {
        let report = report_on(&trades, 10_000, 365);
        let net = report.all.net_profit;
        prop_assert_eq!(report.long.net_profit + report.short.net_profit, net);
        let series = serde_json::to_value(&report.series).unwrap();
        for rows in ["monthlyReturns", "yearlyReturns", "byDay", "byWeekday", "byHour", "byDuration"] {
            prop_assert_eq!(sum(&amounts(&series[rows], "netProfit")), net, "{}", rows);
        }
        for groups in ["byTicker", "bySignal"] {
            prop_assert_eq!(sum(&amounts(&series[groups]["groups"], "netProfit")), net, "{}", groups);
        }
        let equity = amounts(&series["equity"], "equity");
        if let Some(last) = equity.last() {
            prop_assert_eq!(*last, Decimal::from(10_000) + net);
        }
        let deepest = amounts(&series["equity"], "drawdown").into_iter().max().unwrap_or_default();
        prop_assert_eq!(deepest, report.all.max_drawdown);
    }

    #[test]
    fn mirrored_trades_swap_long_and_short(trades in trades()) {
        let mirrored: Vec<ClosedTrade> = trades
            .iter()
            .map(|trade| ClosedTrade { direction: trade.direction.opposite(), ..trade.clone() })
            .collect();
        let (one, other) = (report_on(&trades, 10_000, 365), report_on(&mirrored, 10_000, 365));
        prop_assert_eq!(one.long, other.short);
        prop_assert_eq!(one.short, other.long);
        prop_assert_eq!(one.all, other.all);
    }

    #[test]
    fn the_sequence_that_trades_are_given_in_does_not_matter(mut trades in trades()) {
        trades.sort_by_key(|trade| trade.exit_time);
        trades.dedup_by_key(|trade| trade.exit_time);
        let report = report_on(&trades, 10_000, 252);
        trades.reverse();
        prop_assert_eq!(report.all, report_on(&trades, 10_000, 252).all);
    }
}

#[test]
fn the_edges_are_defined() {
    let begin: Timestamp = "2026-01-05T15:00:00Z".parse().unwrap();
    let day = |number: i64, cents| {
        let time = begin + SignedDuration::from_hours(24 * number);
        trade(Direction::Long, time, 3600, cents)
    };
    let cases: [(&str, Vec<ClosedTrade>, i64); 8] = [
        ("no trades", vec![], 10_000),
        ("one trade", vec![day(0, 500)], 10_000),
        (
            "only wins",
            (0..9).map(|number| day(number, 100 + number)).collect(),
            10_000,
        ),
        (
            "only losses",
            (0..9).map(|number| day(number, -100 - number)).collect(),
            10_000,
        ),
        (
            "equal trades",
            (0..9).map(|number| day(number, 100)).collect(),
            10_000,
        ),
        (
            "no capital",
            (0..9)
                .map(|number| day(number, 100 - 30 * number))
                .collect(),
            0,
        ),
        (
            "bankrupt",
            (0..9).map(|number| day(number, -4_000)).collect(),
            100,
        ),
        (
            "no duration",
            vec![trade(Direction::Short, begin, 0, 500)],
            10_000,
        ),
    ];
    for (name, trades, capital) in cases {
        let report = report_on(&trades, capital, 365);
        assert_finite(&report);
        assert_eq!(report.all.total_trades, trades.len(), "{name}");
        let wins_only = trades.iter().all(|trade| trade.net_profit > Decimal::ZERO);
        assert_eq!(report.all.profit_factor.is_none(), wins_only, "{name}");
        assert_eq!(
            report.all.net_profit_percent.is_none(),
            capital == 0,
            "{name}"
        );
    }
}

/// A Monte Carlo of `profits` on 100 of capital, ruined at `ruin`.
fn input(profits: &[Decimal], ruin: i64, seed: u64) -> MonteCarloInput<'_> {
    MonteCarloInput {
        profits,
        initial_capital: 100.into(),
        ruin_equity: ruin.into(),
        resamples: 2_000,
        seed,
    }
}

#[test]
fn a_seed_draws_the_same_again() {
    let profits = [5, -3, 8, -6].map(Decimal::from);
    let draw = |seed| monte_carlo(&input(&profits, 50, seed), || false).unwrap();
    assert_eq!(draw(7), draw(7));
    assert_ne!(draw(7).bands, draw(8).bands);
}

#[test]
fn ruin_is_certain_where_every_trade_loses_enough_and_impossible_without_losses() {
    let probability = |profits: &[Decimal]| {
        monte_carlo(&input(profits, 50, 1), || false)
            .unwrap()
            .probability_of_ruin
    };
    assert_eq!(probability(&[(-30).into(), (-40).into()]), Some(100.0));
    assert_eq!(probability(&[3.into(), 1.into()]), Some(0.0));
}

#[test]
fn a_band_lies_where_the_odds_put_it() {
    // Of two draws from +10 and -10 a quarter ends at 120, half at 100, a quarter at 80.
    let profits = [10, -10].map(Decimal::from);
    let simulated = monte_carlo(&input(&profits, 0, 3), || false).unwrap();
    let end = &simulated.bands.last().unwrap().equity;
    assert_eq!(
        [end.p5, end.p50, end.p95],
        [80, 100, 120].map(Decimal::from)
    );
    let start = &simulated.bands[0].equity;
    assert_eq!([start.p5, start.p95], [100, 100].map(Decimal::from));
}

#[test]
fn a_monte_carlo_can_be_cancelled_and_needs_trades() {
    let profits = [Decimal::ONE];
    let cancelled = monte_carlo(&input(&profits, 0, 1), || true);
    assert_eq!(cancelled, Err(MonteCarloError::Cancelled));
    assert_eq!(
        monte_carlo(&input(&[], 0, 1), || false),
        Err(MonteCarloError::Nothing)
    );
}
