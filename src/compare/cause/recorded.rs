//! Causes that this installation recorded itself.

use super::alone::Alone;
use super::{Cause, Outage, Refused};
use crate::compare::align::align;
use crate::compare::tolerance::Point;
use crate::domain::event::EventStatus;
use crate::domain::signal::Direction;

/// Alerts that came at the right time and made no order: each explains one order, which has
/// two legs where it turns the position round.
///
/// An alert whose side is known explains an order of that side, and these choose first. A
/// duplicate comes last, for its original may have done what the leg asks for.
pub(super) fn name_refused(alone: &Alone<'_>, refused: &[Refused], causes: &mut [Option<Cause>]) {
    let is_duplicate = |one: &Refused| one.status == Some(EventStatus::Duplicate);
    for side in [Some(Direction::Long), Some(Direction::Short), None] {
        name_alike(alone, refused, causes, side, |one| !is_duplicate(one));
    }
    for side in [Direction::Long, Direction::Short] {
        name_alike(alone, refused, causes, Some(side), is_duplicate);
    }
}

/// Lays refused alerts of one side, or those that state none, beside the orders that nothing
/// explains yet.
fn name_alike(
    alone: &Alone<'_>,
    refused: &[Refused],
    causes: &mut [Option<Cause>],
    side: Option<Direction>,
    is_meant: impl Fn(&Refused) -> bool,
) {
    let refused: Vec<&Refused> = refused
        .iter()
        .filter(|one| one.side == side && is_meant(one))
        .collect();
    let is_left = |order: &&Vec<usize>| {
        let leg = &alone.legs[0][order[0]];
        causes[order[0]].is_none() && side.is_none_or(|side| side == leg.side)
    };
    let orders = alone.missed_orders();
    let orders: Vec<&Vec<usize>> = orders.iter().filter(is_left).collect();
    // Only their times are known of both.
    let at = |at: i64| Point::new(at, 1.0);
    let missed: Vec<Point> = orders
        .iter()
        .map(|order| at(alone.points.first[order[0]].at))
        .collect();
    let came: Vec<Point> = refused
        .iter()
        .map(|one| at(one.at.as_microsecond()))
        .collect();
    for pair in align(&missed, &came, &alone.cost).pairs {
        for &index in orders[pair.first] {
            causes[index] = Some(refused[pair.second].cause());
        }
    }
}

impl Refused {
    fn cause(&self) -> Cause {
        match (self.event, self.status) {
            (Some(event), Some(EventStatus::Ignored)) => Cause::Paused { event },
            (Some(event), Some(status)) => Cause::NoOrder { event, status },
            _ => Cause::Rejected,
        }
    }
}

/// Legs whose alert found nobody: at the opening of its bar, or for half of it, the server did
/// not run. A restart of a second in a bar of an hour is no cause.
pub(super) fn name_outages(alone: &Alone<'_>, outages: &[Outage], causes: &mut [Option<Cause>]) {
    for &index in &alone.missed {
        let begins = alone.points.first[index].at;
        let ends = begins.saturating_add(alone.bar);
        let next = outages.partition_point(|outage| outage.to.as_microsecond() < begins);
        let near = outages[next..]
            .iter()
            .take_while(|outage| outage.from.as_microsecond() <= ends);
        let covers = |outage: &&Outage| {
            let (from, to) = (outage.from.as_microsecond(), outage.to.as_microsecond());
            let covered = to.min(ends) - from.max(begins);
            (from..=to).contains(&begins) || 2 * covered >= alone.bar && alone.bar > 0
        };
        if let Some(outage) = near.into_iter().find(covers) {
            causes[index].get_or_insert(Cause::NotRunning {
                from: outage.from,
                to: outage.to,
                was_stopped: outage.was_stopped,
            });
        }
    }
}
