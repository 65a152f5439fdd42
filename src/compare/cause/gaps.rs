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

/// Several missed legs in a row without any alert between. A leg that has its alert ends the
/// row, and so does an alert that is of no leg. Legs that something else explains are in none:
/// while the server does not run, nobody knows of alerts. At hours at which no alert ever comes,
/// none is missing.
pub(super) fn name_silences(alone: &Alone<'_>, evidence: &Evidence, causes: &mut [Option<Cause>]) {
    let points = &alone.points.first;
    let mut others: Vec<i64> = alone
        .invented
        .iter()
        .map(|&index| alone.points.second[index].at)
        .chain(evidence.refused.iter().map(|one| one.at.as_microsecond()))
        .collect();
    others.sort_unstable();
    let is_quiet = |last: usize, index: usize| {
        let ends = points[index].at.saturating_add(alone.bar);
        let before = |at: i64| others.partition_point(|other| *other < at);
        before(points[last].at) == before(ends)
    };
    let mut runs: Vec<Vec<usize>> = Vec::new();
    // The last leg of the run that still goes on.
    let mut last: Option<usize> = None;
    for (index, point) in points.iter().enumerate() {
        if !alone.is_missed(index) || causes[index].is_some() {
            last = None;
            continue;
        }
        if alone.is_outside_second(*point) {
            continue;
        }
        match runs.last_mut() {
            Some(run) if last.is_some_and(|last| is_quiet(last, index)) => run.push(index),
            _ => runs.push(vec![index]),
        }
        last = Some(index);
    }
    let arrivals = evidence.arrivals.iter().map(|at| at.as_microsecond());
    let arrivals: Vec<i64> = arrivals.collect();
    for run in runs {
        if orders_of(&run, alone) >= SILENT_ORDERS {
            let begins = points[run[0]].at;
            let before = &arrivals[..arrivals.partition_point(|arrival| *arrival < begins)];
            name_silence(&run, alone, (before, evidence.is_of_fills), causes);
        }
    }
}

/// Number of orders behind some legs: one that turns the position round is two legs.
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
