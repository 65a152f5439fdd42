//! Causes that this installation recorded itself.

use super::alone::Alone;
use super::{Cause, Outage, Refused};
use crate::domain::event::EventStatus;

/// Alerts that came at the right time and made no order: each explains one order, which has
/// two legs where it turns the position round.
pub(super) fn name_refused(alone: &Alone<'_>, refused: &[Refused], causes: &mut [Option<Cause>]) {
    let mut next = 0;
    let mut explained: Option<usize> = None;
    for &index in &alone.missed {
        if let Some(before) = explained.filter(|before| alone.are_one_order(*before, index)) {
            causes[index].clone_from(&causes[before].clone());
            continue;
        }
        let (earliest, latest) = alone.cost.window(alone.points.first[index]);
        while refused
            .get(next)
            .is_some_and(|refused| refused.at.as_microsecond() < earliest)
        {
            next += 1;
        }
        let Some(refused) = refused.get(next) else {
            return;
        };
        if refused.at.as_microsecond() <= latest {
            causes[index] = Some(match (refused.event, refused.status) {
                (Some(event), Some(EventStatus::Ignored)) => Cause::Paused { event },
                (Some(event), Some(status)) => Cause::NoOrder { event, status },
                _ => Cause::Rejected,
            });
            explained = Some(index);
            next += 1;
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
