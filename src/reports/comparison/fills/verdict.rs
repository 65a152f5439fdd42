//! Verdict of the comparison with fills, which a trader reads first: one sentence with a number,
//! how sure it is, and the next step.

use crate::compare::Execution;
use crate::compare::execution::Slippage;
use crate::domain::currency;
use crate::domain::money::Decimal;
use crate::reports::comparison::frame::PairFindings;
use crate::reports::comparison::verdict::in_hours;
use crate::reports::comparison::{ComparisonVerdict, SuggestedPrice};

/// The verdict of a comparison.
pub(super) fn of(found: &PairFindings<'_>, execution: &Execution) -> ComparisonVerdict {
    let rate = found.rate;
    let mut summary = format!(
        "{} of {} alerts were filled: {:.1} %, and between {:.1} and {:.1} % with 95 % confidence.",
        rate.matched, rate.legs, rate.percent, rate.low, rate.high,
    );
    if rate.matched > 0 {
        let cost = slippage(&execution.slippage, found.currency);
        let grade = execution.grade.letter;
        summary = format!("{summary} {cost} Grade {grade}.");
    }
    summary.push_str(&retention(execution, found.currency));
    ComparisonVerdict {
        summary,
        next_step: next_step(found, execution),
    }
}

fn slippage(slippage: &Slippage, currency: &str) -> String {
    let amount =
        |amount: Decimal| format!("{} {currency}", currency::shown(amount.abs(), currency));
    let verb = if slippage.money.is_sign_negative() {
        "gained"
    } else {
        "cost"
    };
    let Some(points) = slippage.basis_points else {
        return format!(
            "Fills {verb} {} against the alerts' prices.",
            amount(slippage.money)
        );
    };
    let ends = slippage
        .interval
        .and_then(|interval| interval.low.zip(interval.high));
    let between = ends.map_or(String::new(), |(low, high)| {
        format!(" (between {low:.1} and {high:.1})")
    });
    format!(
        "A fill is {points:.1} basis points worse than its alert{between}; all of them {verb} {}.",
        amount(slippage.money)
    )
}

fn retention(execution: &Execution, currency: &str) -> String {
    let Some(retention) = execution.retention.filter(|kept| kept.trades > 0) else {
        return String::new();
    };
    let amount = |amount: Decimal| format!("{} {currency}", currency::shown(amount, currency));
    match retention.percent {
        Some(percent) => format!(" They kept {percent:.0} % of the alerts' profit."),
        None => format!(
            " The alerts' trades made {}, the fills' {}.",
            amount(retention.alerts),
            amount(retention.fills)
        ),
    }
}

fn next_step(found: &PairFindings<'_>, execution: &Execution) -> String {
    if let Some(shift) = found.shift {
        return format!(
            "The fills' times look shifted by {}: their export is of another zone. With the shift, {:.1} % match: \
             undo the import and bring the file in again with its time zone.",
            in_hours(shift.by),
            100.0 * shift.match_rate,
        );
    }
    if let Some(scale) = found
        .matching
        .suggested_scale
        .as_ref()
        .and_then(SuggestedPrice::of)
    {
        return format!(
            "The fills' prices are {:+.1} % off the alerts' throughout: they may be of another contract or unit. With \
             prices up to {} % apart, {:.1} % match: compare again with that tolerance.",
            scale.above_percent, scale.tolerance, scale.match_rate,
        );
    }
    let (legs, rate) = (found.legs, found.rate);
    if rate.matched == 0 {
        return "No fill is near an alert in time, side and price: check that both are of one account and one time \
                zone, or compare again with more time and wider prices between them."
            .to_owned();
    }
    let evident = found.causes.iter().find(|count| count.is_evident());
    match evident {
        Some(count) => format!(
            "{}: {} fills. Look at these first.",
            count.cause,
            count.missed + count.false_alerts
        ),
        None if legs.missed > 0 => format!(
            "Look at the {} alerts without a fill: the broker may have rejected them, or nobody placed them.",
            legs.missed
        ),
        None if legs.false_alerts > 0 => format!(
            "Look at the {} fills without an alert: trades by hand, or of another strategy.",
            legs.false_alerts
        ),
        None => execution.grade.advice.clone(),
    }
}
