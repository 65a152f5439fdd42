//! Verdict of an expectation, which a trader reads first: the place of the live trades in one
//! sentence, and the next step.

use super::super::comparison::ComparisonVerdict;
use super::ExpectedFrom;
use crate::analytics::expectation::{
    ALARM_FROM, Expectation, ExpectedFigure, FigureDifference, Standing,
};
use crate::domain::currency;
use crate::domain::departure::{Departure, DepartureGround, DepartureSide, OutcomeUnit};
use crate::text::counted;

/// Shares of runs, in percent, below which a place in the cone is rare, or unusual.
const RARE: f64 = 5.0;
const UNUSUAL: f64 = 20.0;

/// The verdict of an expectation.
pub(super) fn of(figures: &Expectation, from: ExpectedFrom, currency: &str) -> ComparisonVerdict {
    let source = match from {
        ExpectedFrom::Backtest => "your backtest",
        ExpectedFrom::FirstHalf => "the first half of the live trades",
    };
    let Some(standing) = &figures.standing else {
        return ComparisonVerdict {
            summary: format!(
                "No live trade has closed yet: the cone is what {source} leaves room for."
            ),
            next_step: "Let alerts come: the first closed trade freezes the backtest.".to_owned(),
        };
    };
    ComparisonVerdict {
        summary: summary(figures, standing, source),
        next_step: next_step(figures, currency),
    }
}

fn summary(figures: &Expectation, standing: &Standing, source: &str) -> String {
    let (share, direction) = if standing.as_low <= standing.as_high {
        (standing.as_low, "low")
    } else {
        (standing.as_high, "high")
    };
    let place = format!(
        "Trade {n}: of {runs} runs of {trades} drawn from {source}, {share} were as {direction}",
        n = standing.trades,
        runs = grouped(figures.runs),
        trades = counted(&standing.trades, "trade"),
        share = in_percent(share),
    );
    if let Some(departure) = current(figures) {
        return format!("{place}. {}", alarm(departure));
    }
    let meaning = if standing.trades < ALARM_FROM {
        "too few trades to tell anything"
    } else if share < RARE {
        "rare, but inside the band that healthy strategies stay in"
    } else if share < UNUSUAL {
        "unusual, not alarming"
    } else {
        "as expected"
    };
    let past = figures.alarm.map_or_else(String::new, |past| {
        let over = past.over.unwrap_or_default();
        format!(
            " An alarm at trade {} was over at trade {over}.",
            past.trade
        )
    });
    format!("{place}: {meaning}.{past}")
}

/// The alarm that is not over.
fn current(figures: &Expectation) -> Option<&Departure> {
    figures.alarm.as_ref().filter(|alarm| alarm.over.is_none())
}

fn alarm(departure: &Departure) -> String {
    let trade = departure.trade;
    let what = match departure.side {
        DepartureSide::Worse => "worse than the backtest leaves room for",
        DepartureSide::Better => "better than the backtest leaves room for",
    };
    let why = match departure.ground {
        DepartureGround::Band => "the curve left the band",
        DepartureGround::Evidence => "the evidence passed its limit",
    };
    format!(
        "Alarm since trade {trade}: live trades are {what} ({why}); this happens to fewer than one healthy strategy in \
         twenty."
    )
}

fn next_step(figures: &Expectation, currency: &str) -> String {
    let named: Vec<String> = figures
        .differences
        .iter()
        .filter(|difference| difference.is_different)
        .map(|difference| in_words(difference, figures.unit, currency))
        .collect();
    let side = current(figures).map(|alarm| alarm.side);
    match named.as_slice() {
        [] if side == Some(DepartureSide::Worse) => {
            "Stop or halve the size until you know why: no single figure stands out. Look at missed and false fills \
             first."
                .to_owned()
        }
        [] if side == Some(DepartureSide::Better) => {
            "Look at quantities and at missed and false fills first: better than expected is a sign of a wrong size, or \
             of a backtest that is not this strategy's."
                .to_owned()
        }
        [] if figures.standing.is_some_and(|of| of.trades < ALARM_FROM) => {
            format!("Wait: nothing is raised before trade {ALARM_FROM}.")
        }
        [] => "Nothing to do.".to_owned(),
        named => {
            let advice = if figures
                .differences
                .iter()
                .any(|one| one.is_different && one.figure == ExpectedFigure::TradesPerDay)
            {
                "Look at missed and false fills first."
            } else if side == Some(DepartureSide::Worse) {
                "Stop or halve the size until you know why."
            } else {
                "Keep an eye on it."
            };
            format!("What differs: {}. {advice}", named.join("; "))
        }
    }
}

fn in_words(difference: &FigureDifference, unit: OutcomeUnit, currency: &str) -> String {
    let FigureDifference {
        figure,
        expected,
        live,
        low,
        high,
        ..
    } = difference;
    let amount = |value: f64| match (figure, unit) {
        (ExpectedFigure::WinRate, _) => format!("{value:.1} %"),
        (ExpectedFigure::TradesPerDay, _) => format!("{value:.2}"),
        (_, OutcomeUnit::Percent) => format!("{value:.2} %"),
        (_, OutcomeUnit::Money) => {
            let places = usize::try_from(currency::decimals(currency)).unwrap_or(2);
            format!("{value:.places$} {currency}")
        }
    };
    let name = match figure {
        ExpectedFigure::WinRate => "win rate",
        ExpectedFigure::AverageWin => "average win",
        ExpectedFigure::AverageLoss => "average loss",
        ExpectedFigure::TradesPerDay => "trades a day",
    };
    let range = low.zip(*high).map_or_else(String::new, |(low, high)| {
        format!(", expected between {} and {}", amount(low), amount(high))
    });
    format!(
        "{name} {} against {}{range}",
        amount(*live),
        amount(*expected)
    )
}

/// A share in percent, with the digits that say something.
fn in_percent(share: f64) -> String {
    match share {
        share if share < 0.1 => "fewer than 0.1 %".to_owned(),
        share if share < 2.0 => format!("{share:.1} %"),
        share => format!("{share:.0} %"),
    }
}

/// A number with its thousands apart.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut shown = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}
