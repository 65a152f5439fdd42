//! What a trader reads first: one sentence with a number and how sure it is, and the next step.

use super::{CauseCount, ComparisonVerdict, LegCounts};
use crate::compare::{Bridge, MatchBand, Rate, Shift};
use crate::domain::currency;
use crate::domain::money::Decimal;

/// The verdict of a comparison.
pub(super) fn of(
    rate: &Rate,
    legs: &LegCounts,
    bridge: Option<&Bridge>,
    currency: &str,
    shift: Option<Shift>,
    causes: &[CauseCount],
) -> ComparisonVerdict {
    let mut summary = format!(
        "{} of {} backtest fills had an alert: {:.1} %, and between {:.1} and {:.1} % with 95 % confidence: {}.",
        rate.matched,
        rate.legs,
        rate.percent,
        rate.low,
        rate.high,
        in_words(rate.band),
    );
    if let Some(bridge) = bridge {
        summary.push(' ');
        summary.push_str(&money(bridge, currency));
    }
    ComparisonVerdict {
        summary,
        next_step: next_step(rate, legs, shift, causes),
    }
}

fn in_words(band: MatchBand) -> &'static str {
    match band {
        MatchBand::ProductionReady => "production ready",
        MatchBand::Minor => "minor differences",
        MatchBand::Significant => "significant differences",
        MatchBand::Critical => "critical differences",
    }
}

fn money(bridge: &Bridge, currency: &str) -> String {
    let difference = bridge.observed - bridge.expected;
    let amount =
        |amount: Decimal| format!("{} {currency}", currency::shown(amount.abs(), currency));
    let direction = match difference {
        none if none.is_zero() => return "The alerts made as much as the backtest.".to_owned(),
        below if below.is_sign_negative() => "less",
        _ => "more",
    };
    let largest = bridge
        .steps()
        .into_iter()
        .max_by_key(|(_, step)| step.abs());
    let mostly = largest.map_or(String::new(), |(name, step)| {
        let sign = if step.is_sign_negative() { "-" } else { "+" };
        format!(", most of it from {name} ({sign}{})", amount(step))
    });
    format!(
        "The alerts made {} {direction} than the backtest{mostly}.",
        amount(difference)
    )
}

fn next_step(rate: &Rate, legs: &LegCounts, shift: Option<Shift>, causes: &[CauseCount]) -> String {
    if let Some(shift) = shift {
        return format!(
            "The backtest's times look shifted by {}: its chart was in another zone. With the shift, {:.1} % match: \
             compare again with --shift {}s, or import the list again with its zone.",
            in_hours(shift),
            100.0 * shift.match_rate,
            shift.by.as_secs(),
        );
    }
    let evident = causes.iter().find(|count| count.is_evident());
    match evident {
        _ if legs.missed + legs.false_alerts == 0 => "Nothing to do.".to_owned(),
        Some(count) => format!(
            "{}: {} fills. Look at these first.",
            count.cause,
            count.missed + count.false_alerts
        ),
        None if rate.band == MatchBand::ProductionReady => {
            "Nothing to do: a few fills differ without a pattern.".to_owned()
        }
        None => "Look at the missed and false fills: no cause could be told from what is recorded."
            .to_owned(),
    }
}

pub(super) fn in_hours(shift: Shift) -> String {
    let minutes = shift.by.as_mins();
    let sign = if minutes < 0 { "-" } else { "+" };
    match (minutes.abs() / 60, minutes.abs() % 60) {
        (hours, 0) => format!("{sign}{hours} h"),
        (hours, minutes) => format!("{sign}{hours} h {minutes} min"),
    }
}
