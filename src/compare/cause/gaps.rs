//! Causes that have the shape of a gap: no alert for a while, or a position that moved unseen.

use jiff::{SignedDuration, Timestamp};

use super::alone::Alone;
use super::{Cause, Evidence, Gap};
use crate::domain::money::Decimal;

/// Missed orders in a row, with no alert between, that are no accident.
const SILENT_ORDERS: usize = 3;

/// TradingView stops an alert that triggers this often within [`BURST_TIME`].
const BURST: usize = 15;
const BURST_TIME: SignedDuration = SignedDuration::from_mins(3);

/// Several missed legs in a row without any alert between. At hours at which no alert ever
/// comes, none is missing.
pub(super) fn name_silences(alone: &Alone<'_>, evidence: &Evidence, causes: &mut [Option<Cause>]) {
    let points = &alone.points.first;
    let missed = alone.missed.iter().copied();
    let missed: Vec<usize> = missed
        .filter(|&index| !alone.is_outside_session(1, points[index]))
        .collect();
    let arrivals: Vec<i64> = evidence
        .arrivals
        .iter()
        .map(|at| at.as_microsecond())
        .collect();
    let after = |at: i64| arrivals.partition_point(|arrival| *arrival < at);
    let mut run: Vec<usize> = Vec::new();
    for position in 0..=missed.len() {
        let continues = missed.get(position).is_some_and(|&index| {
            run.last().is_none_or(|&last| {
                let window = |index: usize| alone.cost.window(points[index]);
                after(window(last).0) == after(window(index).1)
            })
        });
        if continues {
            run.push(missed[position]);
            continue;
        }
        if orders_of(&run, alone) >= SILENT_ORDERS {
            let before = &arrivals[..after(points[run[0]].at)];
            name_silence(&run, alone, (before, evidence.is_of_fills), causes);
        }
        run = missed.get(position).copied().into_iter().collect();
    }
}

/// How many orders legs are: one that turns the position round is two legs.
fn orders_of(run: &[usize], alone: &Alone<'_>) -> usize {
    let turns = run
        .windows(2)
        .filter(|pair| alone.are_one_order(pair[0], pair[1]));
    run.len() - turns.count()
}

fn name_silence(
    run: &[usize],
    alone: &Alone<'_>,
    (before, is_of_fills): (&[i64], bool),
    causes: &mut [Option<Cause>],
) {
    let time = |micros: i64| Timestamp::from_microsecond(micros).unwrap_or_default();
    let burst = before
        .len()
        .checked_sub(BURST)
        .map(|first| &before[first..]);
    let is_burst = burst
        .is_some_and(|burst| time(burst[BURST - 1]).duration_since(time(burst[0])) <= BURST_TIME);
    let points = &alone.points.first;
    let (from, to) = (time(points[run[0]].at), time(points[run[run.len() - 1]].at));
    let legs = run.len();
    for &index in run {
        causes[index].get_or_insert(if is_of_fills {
            Cause::NoFills { from, to, legs }
        } else if is_burst {
            Cause::TooManyTriggers {
                from: time(before[before.len() - 1]),
            }
        } else {
            Cause::Silence { from, to, legs }
        });
    }
}

/// Legs in a gap of the chain of positions that they fill exactly: TradingView had the orders.
pub(super) fn name_positions(alone: &Alone<'_>, gaps: &[Gap], causes: &mut [Option<Cause>]) {
    for gap in gaps {
        let (after, before) = (gap.after.as_microsecond(), gap.before.as_microsecond());
        // A leg is dated by its bar's opening, so the first can lie a bar before the gap.
        let points = &alone.points.first;
        let from = alone
            .missed
            .partition_point(|&index| points[index].at.saturating_add(alone.bar) < after);
        let inside = alone.missed[from..].iter().copied();
        let inside: Vec<usize> = inside
            .take_while(|&index| points[index].at <= before)
            .collect();
        let moved: Decimal = inside
            .iter()
            .map(|&index| {
                let leg = &alone.legs[0][index];
                leg.side.sign() * leg.quantity.get()
            })
            .sum();
        if !inside.is_empty() && moved == gap.moved {
            for index in inside {
                causes[index].get_or_insert(Cause::PositionGap { order: gap.order });
            }
        }
    }
}
