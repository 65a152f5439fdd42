//! Verdict of a comparison, which a trader reads first: one sentence with a number and how sure it
//! is, and the next step.

use jiff::SignedDuration;

use super::frame::PairFindings;
use super::money;
use super::position::OtherPosition;
use super::{ComparisonVerdict, SuggestedPrice};
use crate::compare::bar::is_of_days;
use crate::compare::{Bridge, MatchBand, Scale, Shift};
use crate::domain::currency;
use crate::domain::money::Decimal;
use crate::text::counted;

/// The verdict of a comparison.
pub(super) fn of(found: &PairFindings<'_>) -> ComparisonVerdict {
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
        summary.push_str(&made(bridge, found.currency));
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

fn made(bridge: &Bridge, currency: &str) -> String {
    let difference = bridge.observed - bridge.expected;
    let amount =
        |amount: Decimal| format!("{} {currency}", currency::shown(amount.abs(), currency));
    let direction = match difference {
        none if none.is_zero() => return "The alerts made as much as the backtest.".to_owned(),
        below if below.is_sign_negative() => "less",
        _ => "more",
    };
    let mostly = main_step(bridge, currency).unwrap_or_default();
    format!(
        "The alerts made {} {direction} than the backtest{mostly}.",
        amount(difference)
    )
}

/// The step that most of a difference comes from, and one that goes the other way and is as large as
/// half of it.
fn main_step(bridge: &Bridge, currency: &str) -> Option<String> {
    let (step, amount) = bridge.main()?;
    let signed = |amount: Decimal| money::signed(amount, currency);
    let two = Decimal::TWO;
    let opposing = bridge
        .opposing()
        .filter(|(_, other)| other.abs() * two >= amount.abs());
    if let Some((other, opposed)) = opposing {
        let verb = if opposed.is_sign_negative() {
            "took"
        } else {
            "added"
        };
        return Some(format!(
            ", of it {} from {}, while {} {verb} {}",
            signed(amount),
            step.name(),
            other.name(),
            signed(opposed)
        ));
    }
    let difference = bridge.observed - bridge.expected;
    let part = if amount.abs() * two >= difference.abs() {
        "most"
    } else {
        "the largest part"
    };
    Some(format!(
        ", {part} of it from {} ({})",
        step.name(),
        signed(amount)
    ))
}

/// The next step: about the fills and the position, if anything is wrong with them; else about the
/// money.
fn next_step(found: &PairFindings<'_>) -> String {
    let position = found.position.map(OtherPosition::in_words);
    match (of_fills(found), position) {
        (Some(step), Some(position)) => format!("{step} {position}"),
        (Some(step), None) | (None, Some(step)) => step,
        (None, None) => money::step(found).unwrap_or_else(|| nothing(found)),
    }
}

fn nothing(found: &PairFindings<'_>) -> String {
    if found.legs.missed + found.legs.false_alerts == 0 {
        "Nothing to do.".to_owned()
    } else {
        "Nothing to do: a few fills differ without a pattern.".to_owned()
    }
}

/// The next step about the fills; `None` where nothing is wrong, or a few differ without a pattern.
fn of_fills(found: &PairFindings<'_>) -> Option<String> {
    match (found.shift, found.matching.suggested_scale) {
        (Some(shift), scale) => return Some(shifted(&shift, scale, found.bar)),
        (None, Some(scale)) => return Some(scaled(&scale)),
        (None, None) => {}
    }
    // What concerns most fills goes first.
    let steps = [evident(found), sized(found), late(found)];
    let first = steps.into_iter().flatten().rev();
    if let Some((_, step)) = first.max_by_key(|(fills, _)| *fills) {
        return Some(step);
    }
    let is_whole = found.legs.missed + found.legs.false_alerts == 0;
    (!is_whole && found.rate.band != MatchBand::ProductionReady).then(|| {
        "Look at the missed and false fills: no cause could be told from what is recorded."
            .to_owned()
    })
}

/// The commonest cause that has evidence, and how many fills it is of.
fn evident(found: &PairFindings<'_>) -> Option<(usize, String)> {
    let count = found.causes.iter().find(|count| count.is_evident())?;
    let fills = count.missed + count.false_alerts;
    let step = format!("{}: {fills} fills. Look at these first.", count.cause);
    Some((fills, step))
}

/// Pairs of another quantity.
fn sized(found: &PairFindings<'_>) -> Option<(usize, String)> {
    let sized = found.drift.other_quantities;
    let ratio = found.drift.quantity_ratio;
    let ratio = ratio.map_or_else(String::new, |ratio| {
        format!(" (all in all, {ratio:.2} times the backtest's)")
    });
    let fills = counted(&sized, "fill");
    let step = format!(
        "{fills} had another quantity than the backtest's{ratio}. Give the strategy of the alerts the same order \
         size and capital, or list its trades anew."
    );
    (sized > 0).then_some((sized, step))
}

/// Pairs that came late, where they are more than a few.
fn late(found: &PairFindings<'_>) -> Option<(usize, String)> {
    let late = found.late;
    let alerts = counted(&late, "alert");
    let step = format!(
        "{alerts} came after the bar of their fill: let the strategy's alert fire on its order fills, not at the \
         close of the next bar."
    );
    (late * 20 > found.matching.pairs.len()).then_some((late, step))
}

/// The likely cause of times that differ by as much, and whether the list's zone may be at fault.
/// Zones lie whole quarters of an hour apart, and alerts come a bar late, or two.
fn cause_of(by: SignedDuration, bar: SignedDuration) -> (&'static str, bool) {
    if is_of_days(bar) && by.abs() < bar {
        return (
            "its days are dated by another hour than their session opens at",
            false,
        );
    }
    let is_zones =
        |by: SignedDuration| by.as_secs() % 900 == 0 && by.abs() >= SignedDuration::from_mins(30);
    let is_bars = by.abs() <= bar.checked_mul(2).unwrap_or(bar);
    match (is_zones(by), is_bars) {
        (true, true) if by.is_positive() => (
            "its chart was in another zone, or the alerts come a bar or two late",
            true,
        ),
        (true, _) => ("its chart was in another zone", true),
        (false, true) if by.is_positive() => (
            "no zones are so near each other, and the alerts come a bar or two late",
            false,
        ),
        (false, true) => (
            "no zones are so near each other, and the list may date fills by the end of their bar",
            false,
        ),
        (false, false) if is_zones(by - bar) || is_zones(by + bar) => (
            "its chart was in another zone, and the alerts come a bar early or late",
            true,
        ),
        (false, false) if by.is_positive() => (
            "no zones are so near each other, and the alerts come late",
            false,
        ),
        (false, false) => (
            "no zones are so near each other, and the alerts come early",
            false,
        ),
    }
}

/// A shift in words, and its cause.
fn named(shift: &Shift, bar: SignedDuration) -> (String, String) {
    let Some(seasons) = shift.seasons else {
        let (cause, _) = cause_of(shift.by, bar);
        return (in_hours(shift.by), cause.to_owned());
    };
    let by = format!(
        "{} in winter and {} in summer",
        in_hours(seasons.winter),
        in_hours(seasons.summer)
    );
    let cause = format!(
        "its chart was in a zone with daylight saving like {}'s",
        seasons.like
    );
    (by, cause)
}

/// True if time zones lie as far apart, so that the list's may be at fault.
pub(super) fn fits_zones(shift: &Shift, bar: SignedDuration) -> bool {
    shift.seasons.is_some() || cause_of(shift.by, bar).1
}

/// The step where the backtest's clock is another zone's; prices of another chart may hide that.
fn shifted(shift: &Shift, scale: Option<Scale>, bar: SignedDuration) -> String {
    let (by, cause) = named(shift, bar);
    let rate = 100.0 * shift.best_rate();
    match scale {
        None => {
            let import = if fits_zones(shift, bar) {
                ", or import the list again with its time zone"
            } else {
                ""
            };
            format!(
                "The backtest's times look shifted by {by}: {cause}. With the shift, {rate:.1} % match: compare again \
                 with it{import}."
            )
        }
        Some(scale) => {
            let step = match SuggestedPrice::of(&scale) {
                Some(price) => format!(
                    "With the shift and prices up to {} % apart, {rate:.1} % match: compare again with both",
                    price.tolerance
                ),
                None => "The shift is one step: compare again with it".to_owned(),
            };
            format!(
                "The backtest's times look shifted by {by}: {cause}. The alerts' prices are {} its own: the chart was \
                 adjusted or of another contract, too. {step}.",
                apart(scale.factor),
            )
        }
    }
}

/// The step where the prices differ by a factor.
fn scaled(scale: &Scale) -> String {
    let rate = 100.0 * scale.match_rate;
    if let Some(until) = scale.until {
        return format!(
            "Until {:.0} the alerts' prices are {} the backtest's, and since then {} them. It looks like a split, for which \
             the list is adjusted all over, or like another contract: compare only what came since.",
            until.at,
            apart(until.factor),
            apart(scale.factor),
        );
    }
    let apart = scale.offset.map_or_else(|| apart(scale.factor), amount);
    let why = format!(
        "The alerts' prices are {apart} the backtest's throughout: its chart may be adjusted for dividends, or show \
         another contract."
    );
    match SuggestedPrice::of(scale) {
        Some(price) => format!(
            "{why} With prices up to {} % apart, {rate:.1} % match: compare again with that tolerance, or list the trades of the \
             chart that the alerts are on.",
            price.tolerance
        ),
        None => format!("{why} List the trades of the chart that the alerts are on."),
    }
}

/// The distance of prices by a factor: in percent, or as many times.
fn apart(factor: f64) -> String {
    let above = 100.0 * (factor - 1.0);
    match above {
        near if near.abs() < 0.05 => "equal to".to_owned(),
        below if below < -50.0 => format!("1/{:.2} of", 1.0 / factor),
        below if below < 0.0 => format!("{:.1} % below", -below),
        above if above < 100.0 => format!("{above:.1} % above"),
        _ => format!("{factor:.2} times"),
    }
}

/// By which amount prices lie apart.
fn amount(offset: f64) -> String {
    let places = if offset.abs() >= 10.0 { 2 } else { 6 };
    let text = format!("{:.places$}", offset.abs());
    let text = text.trim_end_matches('0').trim_end_matches('.');
    let direction = if offset < 0.0 { "below" } else { "above" };
    format!("{text} {direction}")
}

pub(super) fn in_hours(shift: SignedDuration) -> String {
    let minutes = shift.as_mins();
    let sign = if minutes < 0 { "-" } else { "+" };
    match (minutes.abs() / 60, minutes.abs() % 60) {
        (0, minutes) if minutes > 0 => format!("{sign}{minutes} min"),
        (hours, 0) => format!("{sign}{hours} h"),
        (hours, minutes) => format!("{sign}{hours} h {minutes} min"),
    }
}
