//! The cause of a leg that is on one side only, named where the evidence allows.
//!
//! The surest evidence comes first: what this installation recorded itself, then gaps that
//! have the shape of a stopped alert, then what only the two books together suggest. What has
//! no evidence has no cause, rather than a guess.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::leg::Leg;
use super::matching::{Fate, Matching, Points};
use super::tolerance::{Cost, Point, Tolerance};
use crate::domain::event::{EventId, EventStatus};

/// An alert that made no order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// When it came.
    pub at: Timestamp,
    /// The event that was recorded of it; none of a request with a wrong key.
    pub event: Option<EventId>,
    /// What became of it.
    pub status: Option<EventStatus>,
}

/// What else is known of the time that is compared, each list in order of time.
#[derive(Debug, Clone, Default)]
pub struct Evidence {
    /// Alerts that made no order.
    pub refused: Vec<Refused>,
    /// Times at which any alert came, whatever became of it.
    pub arrivals: Vec<Timestamp>,
}

/// The cause of a leg on one side only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum Cause {
    /// The webhook was paused.
    #[serde(rename_all = "camelCase")]
    Paused {
        /// The alert that came meanwhile.
        #[schema(value_type = String)]
        event: EventId,
    },
    /// An alert came and made no order.
    #[serde(rename_all = "camelCase")]
    NoOrder {
        /// The event that says why.
        #[schema(value_type = String)]
        event: EventId,
        /// What became of it.
        status: EventStatus,
    },
    /// A request came with a wrong key, or none.
    Rejected,
    /// TradingView stopped the alert: 15 triggers within three minutes before the silence.
    #[serde(rename_all = "camelCase")]
    TooManyTriggers {
        /// The last alert before it.
        #[schema(value_type = String, format = DateTime)]
        from: Timestamp,
    },
    /// No alert came for several legs.
    #[serde(rename_all = "camelCase")]
    Silence {
        /// The first leg that is missing.
        #[schema(value_type = String, format = DateTime)]
        from: Timestamp,
        /// The last leg that is missing.
        #[schema(value_type = String, format = DateTime)]
        to: Timestamp,
        /// How many are.
        legs: usize,
    },
    /// Both books have a fill in this bar, of another side, effect or quantity.
    #[serde(rename_all = "camelCase")]
    OtherOrder {
        /// Index of the other book's leg.
        leg: usize,
    },
    /// At a time of day at which the other book never trades.
    OutsideSession,
}

impl Cause {
    /// The cause in a sentence.
    #[must_use]
    pub fn in_words(&self) -> String {
        match self {
            Self::Paused { event } => {
                format!("The webhook was paused: {event} was recorded and made no order.")
            }
            Self::NoOrder { event, status } => {
                format!("An alert came and made no order: {event}, {status}.")
            }
            Self::Rejected => {
                "A request came with a wrong key or none, and was rejected.".to_owned()
            }
            Self::TooManyTriggers { from } => format!(
                "TradingView stops an alert that triggers 15 times within 3 minutes; it did so before {from:.0}. \
                 Start the alert again."
            ),
            Self::Silence { from, to, legs } => format!(
                "No alert came from {from:.0} to {to:.0} ({legs} legs): the alert was probably stopped or had expired."
            ),
            Self::OtherOrder { .. } => {
                "Both sides traded in this bar, but not alike: the strategy was changed, or \
                 the alert runs an older copy of it."
                    .to_owned()
            }
            Self::OutsideSession => {
                "The other side never trades at this time of day: the sessions differ.".to_owned()
            }
        }
    }
}

/// Missed legs in a row, with no alert between, that are no accident.
const SILENT_LEGS: usize = 3;

/// TradingView stops an alert that triggers this often within [`BURST_TIME`].
const BURST: usize = 15;
const BURST_TIME: SignedDuration = SignedDuration::from_mins(3);

/// Legs that show the hours of a book.
const SESSION_LEGS: usize = 50;

/// The causes of the legs that are on one side only, by index in each book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Causes {
    /// Of the first book's.
    pub missed: Vec<Option<Cause>>,
    /// Of the second book's.
    pub invented: Vec<Option<Cause>>,
}

impl Causes {
    /// Names the causes of a matching; `shift` was added to the first book's times.
    #[must_use]
    pub fn of(
        [first, second]: [&[Leg]; 2],
        matching: &Matching,
        tolerance: &Tolerance,
        shift: SignedDuration,
        evidence: &Evidence,
    ) -> Self {
        let cost = Cost::of(tolerance);
        let points = Points::shifted(first, second, shift);
        let (of_first, of_second) = (points.first, points.second);
        let mut missed = vec![None; first.len()];
        name_refused(&of_first, matching, &cost, evidence, &mut missed);
        name_silences(&of_first, matching, &cost, evidence, &mut missed);
        let mut invented = vec![None; second.len()];
        name_others(
            &of_first,
            &of_second,
            matching,
            &cost,
            [&mut missed, &mut invented],
        );
        name_outside(&of_first, &matching.first, &of_second, &mut missed);
        name_outside(&of_second, &matching.second, &of_first, &mut invented);
        Self { missed, invented }
    }
}

fn alone(fates: &[Fate]) -> impl Iterator<Item = usize> {
    let alone = fates
        .iter()
        .enumerate()
        .filter(|(_, fate)| **fate == Fate::Alone);
    alone.map(|(index, _)| index)
}

/// Alerts that came at the right time and made no order: each explains one leg.
fn name_refused(
    points: &[Point],
    matching: &Matching,
    cost: &Cost,
    evidence: &Evidence,
    causes: &mut [Option<Cause>],
) {
    let mut next = 0;
    for index in alone(&matching.first) {
        let (earliest, latest) = cost.window(points[index]);
        while evidence
            .refused
            .get(next)
            .is_some_and(|refused| refused.at.as_microsecond() < earliest)
        {
            next += 1;
        }
        let Some(refused) = evidence.refused.get(next) else {
            return;
        };
        if refused.at.as_microsecond() <= latest {
            causes[index] = Some(match (refused.event, refused.status) {
                (Some(event), Some(EventStatus::Ignored)) => Cause::Paused { event },
                (Some(event), Some(status)) => Cause::NoOrder { event, status },
                _ => Cause::Rejected,
            });
            next += 1;
        }
    }
}

/// Several missed legs in a row without any alert between.
fn name_silences(
    points: &[Point],
    matching: &Matching,
    cost: &Cost,
    evidence: &Evidence,
    causes: &mut [Option<Cause>],
) {
    let missed: Vec<usize> = alone(&matching.first).collect();
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
                after(cost.window(points[last]).0) == after(cost.window(points[index]).1)
            })
        });
        if continues {
            run.push(missed[position]);
            continue;
        }
        if run.len() >= SILENT_LEGS {
            let before = &arrivals[..after(points[run[0]].at)];
            name_silence(&run, points, before, causes);
        }
        run = missed.get(position).copied().into_iter().collect();
    }
}

fn name_silence(run: &[usize], points: &[Point], before: &[i64], causes: &mut [Option<Cause>]) {
    let time = |micros: i64| Timestamp::from_microsecond(micros).unwrap_or_default();
    let burst = before
        .len()
        .checked_sub(BURST)
        .map(|first| &before[first..]);
    let is_burst = burst
        .is_some_and(|burst| time(burst[BURST - 1]).duration_since(time(burst[0])) <= BURST_TIME);
    for &index in run {
        let cause = if is_burst {
            Cause::TooManyTriggers {
                from: time(before[before.len() - 1]),
            }
        } else {
            Cause::Silence {
                from: time(points[run[0]].at),
                to: time(points[run[run.len() - 1]].at),
                legs: run.len(),
            }
        };
        causes[index].get_or_insert(cause);
    }
}

/// A missed and a false leg in one bar.
fn name_others(
    of_first: &[Point],
    of_second: &[Point],
    matching: &Matching,
    cost: &Cost,
    [missed, invented]: [&mut Vec<Option<Cause>>; 2],
) {
    let mut others = alone(&matching.second).peekable();
    for index in alone(&matching.first) {
        let (earliest, latest) = cost.window(of_first[index]);
        while others
            .next_if(|&other| of_second[other].at < earliest)
            .is_some()
        {}
        if let Some(other) = others.next_if(|&other| of_second[other].at <= latest) {
            missed[index].get_or_insert(Cause::OtherOrder { leg: other });
            invented[other].get_or_insert(Cause::OtherOrder { leg: index });
        }
    }
}

/// Legs at an hour of the day at which the other book has none.
fn name_outside(points: &[Point], fates: &[Fate], others: &[Point], causes: &mut [Option<Cause>]) {
    if others.len() < SESSION_LEGS {
        return;
    }
    let hour = |point: &Point| usize::try_from(point.at.rem_euclid(DAY) / HOUR).unwrap_or_default();
    let mut hours = [false; 24];
    for other in others {
        let hour = hour(other);
        // The hours of a session move by one with daylight saving.
        for near in [hour + 23, hour, hour + 1] {
            hours[near % 24] = true;
        }
    }
    for index in alone(fates) {
        if !hours[hour(&points[index])] {
            causes[index].get_or_insert(Cause::OutsideSession);
        }
    }
}

const HOUR: i64 = 3_600_000_000;
const DAY: i64 = 24 * HOUR;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::{Action, Preset, matching};
    use crate::domain::money::Quantity;
    use crate::domain::signal::Direction;

    fn leg(minute: i64, side: Direction) -> Leg {
        Leg {
            ticker: "AAPL".parse().unwrap(),
            side,
            action: Action::Entry,
            is_action_stated: true,
            time: at(minute),
            price: "100".parse().unwrap(),
            quantity: Quantity::new(1.into()).unwrap(),
            signal: None,
            position_after: None,
        }
    }

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_767_225_600 + minute * 60).unwrap()
    }

    fn tolerance() -> Tolerance {
        Tolerance {
            bar: SignedDuration::from_mins(15),
            ..Preset::Day.into()
        }
    }

    fn causes(first: &[Leg], second: &[Leg], evidence: &Evidence) -> Causes {
        let zero = SignedDuration::ZERO;
        let found = matching(first, second, &tolerance(), zero);
        Causes::of([first, second], &found, &tolerance(), zero, evidence)
    }

    #[test]
    fn alerts_that_made_no_order_come_first_then_silence() {
        use Direction::{Long, Short};
        let hours = [0, 60, 120, 180, 240, 300, 360];
        let first: Vec<Leg> = hours.iter().map(|minute| leg(*minute, Long)).collect();
        let second = vec![leg(1, Long), leg(361, Long), leg(301, Short)];
        let mut second = second;
        second.sort_by_key(|leg| leg.time);
        let refused = |minute, event, status| Refused {
            at: at(minute),
            event,
            status,
        };
        let mut evidence = Evidence {
            refused: vec![
                refused(61, Some(EventId(7)), Some(EventStatus::Ignored)),
                refused(301, None, None),
            ],
            ..Evidence::default()
        };
        evidence.arrivals = [1, 61, 301, 361].map(at).to_vec();
        let found = causes(&first, &second, &evidence).missed;
        assert_eq!(found[0], None);
        assert_eq!(found[1], Some(Cause::Paused { event: EventId(7) }));
        let silence = Cause::Silence {
            from: at(120),
            to: at(240),
            legs: 3,
        };
        assert_eq!(
            found[2..5],
            [Some(silence.clone()), Some(silence.clone()), Some(silence)]
        );
        assert_eq!(found[5], Some(Cause::Rejected));
        evidence.refused.pop();
        let found = causes(&first, &second, &evidence);
        assert_eq!(found.missed[5], Some(Cause::OtherOrder { leg: 1 }));
        assert_eq!(found.invented[1], Some(Cause::OtherOrder { leg: 5 }));
    }

    #[test]
    fn fifteen_triggers_in_three_minutes_stop_an_alert() {
        let first: Vec<Leg> = [0, 60, 120, 180, 240]
            .map(|minute| leg(minute, Direction::Long))
            .into();
        let second = [leg(0, Direction::Long), leg(241, Direction::Long)];
        let burst = (0..15).map(|number| at(1) + SignedDuration::from_secs(number * 12));
        let evidence = Evidence {
            arrivals: burst.chain([at(241)]).collect(),
            ..Evidence::default()
        };
        let found = causes(&first, &second, &evidence).missed;
        assert!(
            matches!(found[2], Some(Cause::TooManyTriggers { .. })),
            "{found:?}"
        );
    }
}
