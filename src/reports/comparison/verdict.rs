//! What a trader reads first: one sentence with a number and how sure it is, and the next step.

use jiff::SignedDuration;

use super::frame::Found;
use super::{ComparisonVerdict, SuggestedPrice};
use crate::compare::{Bridge, MatchBand};
use crate::domain::currency;
use crate::domain::money::Decimal;

/// The verdict of a comparison.
pub(super) fn of(found: &Found<'_>) -> ComparisonVerdict {
    let rate = found.rate;
    let band = in_words(rate.band);
    // Of few fills the interval says more than the rate does.
    let meaning = if MatchBand::of(rate.percent / 100.0) == rate.band {
        band.to_owned()
    } else {
        format!("{band} cannot be ruled out with so few")
    };
    let mut summary = format!(
        "{} of {} backtest fills had an alert: {:.1} %, and between {:.1} and {:.1} % with 95 % confidence: {meaning}.",
        rate.matched, rate.legs, rate.percent, rate.low, rate.high,
    );
    if let Some(bridge) = found.bridge {
        summary.push(' ');
        summary.push_str(&money(bridge, found.currency));
    }
    ComparisonVerdict {
        summary,
        next_step: next_step(found),
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

fn next_step(found: &Found<'_>) -> String {
    let (rate, legs) = (found.rate, found.legs);
    if let Some(seasons) = found.shift.and_then(|shift| shift.seasons) {
        return format!(
            "The backtest's times look shifted by {} in winter and {} in summer: its chart was in a zone with daylight \
             saving like {}'s. With both, {:.1} % match: import the list again with the chart's zone (--time-zone).",
            in_hours(seasons.winter),
            in_hours(seasons.summer),
            seasons.like,
            100.0 * seasons.match_rate,
        );
    }
    if let Some(shift) = found.shift {
        return format!(
            "The backtest's times look shifted by {}: its chart was in another zone. With the shift, {:.1} % match: \
             compare again with --shift {}s, or import the list again with its zone.",
            in_hours(shift.by),
            100.0 * shift.match_rate,
            shift.by.as_secs(),
        );
    }
    if let Some(scale) = found.matching.suggested_scale.map(SuggestedPrice::from) {
        let above = scale.above_percent;
        let direction = if above < 0.0 { "below" } else { "above" };
        return format!(
            "The alerts' prices are {:.1} % {direction} the backtest's throughout: its chart may be adjusted for \
             dividends, or show another contract. With --price {}, {:.1} % match: compare again with it, or list the \
             trades of the chart that the alerts are on.",
            above.abs(),
            scale.tolerance,
            scale.match_rate,
        );
    }
    let evident = found.causes.iter().find(|count| count.is_evident());
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

pub(super) fn in_hours(shift: SignedDuration) -> String {
    let minutes = shift.as_mins();
    let sign = if minutes < 0 { "-" } else { "+" };
    match (minutes.abs() / 60, minutes.abs() % 60) {
        (hours, 0) => format!("{sign}{hours} h"),
        (hours, minutes) => format!("{sign}{hours} h {minutes} min"),
    }
}
