//! What a trader reads first: one sentence with a number and how sure it is, and the next step.

use jiff::SignedDuration;

use super::frame::Found;
use super::{ComparisonVerdict, SuggestedPrice};
use crate::compare::{Bridge, MatchBand, Scale, Shift};
use crate::domain::currency;
use crate::domain::money::Decimal;
use crate::text::counted;

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
    match (found.shift, found.matching.suggested_scale) {
        (Some(shift), scale) => return shifted(&shift, scale),
        (None, Some(scale)) => return scaled(&scale),
        (None, None) => {}
    }
    let evident = found.causes.iter().find(|count| count.is_evident());
    match evident {
        _ if legs.missed + legs.false_alerts == 0 => of_pairs(found),
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

/// The step where every fill has its alert: they may still be of another size, or late.
fn of_pairs(found: &Found<'_>) -> String {
    let (sized, late) = (found.drift.other_quantities, found.late);
    if sized > 0 {
        let ratio = found.drift.quantity_ratio;
        let ratio = ratio.map_or_else(String::new, |ratio| {
            format!(" (all in all, {ratio:.2} times the backtest's)")
        });
        let fills = counted(&sized, "fill");
        return format!(
            "{fills} had another quantity than the backtest's{ratio}: give the strategy of the alerts the same order \
             size and capital, or list its trades anew."
        );
    }
    if late * 20 > found.matching.pairs.len() {
        let alerts = counted(&late, "alert");
        return format!(
            "{alerts} came after the bar of their fill: let the strategy's alert fire on its order fills, not at the \
             close of the next bar."
        );
    }
    "Nothing to do.".to_owned()
}

/// The step where the backtest's clock is another zone's; prices of another chart may hide that.
fn shifted(shift: &Shift, scale: Option<Scale>) -> String {
    let (by, cause, option) = match shift.seasons {
        Some(seasons) => (
            format!(
                "{} in winter and {} in summer",
                in_hours(seasons.winter),
                in_hours(seasons.summer)
            ),
            format!("a zone with daylight saving like {}'s", seasons.like),
            format!(
                "{}s,{}s,{}",
                seasons.winter.as_secs(),
                seasons.summer.as_secs(),
                seasons.like
            ),
        ),
        None => (
            in_hours(shift.by),
            "another zone".to_owned(),
            format!("{}s", shift.by.as_secs()),
        ),
    };
    let rate = 100.0 * shift.best_rate();
    match scale {
        None => format!(
            "The backtest's times look shifted by {by}: its chart was in {cause}. With the shift, {rate:.1} % match: \
             compare again with --shift {option}, or import the list again with its zone (--time-zone)."
        ),
        Some(scale) => {
            let price = SuggestedPrice::of(&scale);
            let price =
                price.map_or_else(String::new, |price| format!(" --price {}", price.tolerance));
            format!(
                "The backtest's times look shifted by {by}: its chart was in {cause}. The alerts' prices are {} its own: \
                 the chart was adjusted or of another contract, too. With both, {rate:.1} % match: compare again with \
                 --shift {option}{price}.",
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
             the list is adjusted all over, or like another contract: compare what came since with --from {:.0}.",
            until.at,
            apart(until.factor),
            apart(scale.factor),
            until.at,
        );
    }
    let why = format!(
        "The alerts' prices are {} the backtest's throughout: its chart may be adjusted for dividends, or show another \
         contract.",
        apart(scale.factor)
    );
    match SuggestedPrice::of(scale) {
        Some(price) => format!(
            "{why} With --price {}, {rate:.1} % match: compare again with it, or list the trades of the chart that the \
             alerts are on.",
            price.tolerance
        ),
        None => format!(
            "{why} List the trades of the chart that the alerts are on."
        ),
    }
}

/// How far a factor takes prices apart: in percent, or as many times.
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

pub(super) fn in_hours(shift: SignedDuration) -> String {
    let minutes = shift.as_mins();
    let sign = if minutes < 0 { "-" } else { "+" };
    match (minutes.abs() / 60, minutes.abs() % 60) {
        (hours, 0) => format!("{sign}{hours} h"),
        (hours, minutes) => format!("{sign}{hours} h {minutes} min"),
    }
}
