//! The cause of a leg that is on one side only, named where the evidence allows.
//!
//! The surest evidence comes first: what this installation recorded itself, then gaps that
//! have the shape of a stopped alert, then what only the two books together suggest. What has
//! no evidence has no cause, rather than a guess.

mod alone;
mod books;
mod gaps;
mod recorded;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::leg::Leg;
use super::matching::Matching;
use super::tolerance::Tolerance;
use crate::domain::event::{EventId, EventStatus};
use crate::domain::money::Decimal;
use crate::domain::order::OrderId;
use crate::domain::signal::Direction;
use alone::Alone;

/// An alert that made no order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Time of arrival.
    pub at: Timestamp,
    /// The event that was recorded of it; none of a request with a wrong key.
    pub event: Option<EventId>,
    /// Its event's status.
    pub status: Option<EventStatus>,
    /// Bought or sold, where it could be read.
    pub side: Option<Direction>,
}

/// A time in which this server did not run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outage {
    /// Time of the stop, or of its last commit where it ended without a stop.
    pub from: Timestamp,
    /// Time of the next start.
    pub to: Timestamp,
    /// True if it was stopped: then all of the time is known.
    pub was_stopped: bool,
}

/// A gap in the chain of positions that alerts state: the position before one is not the
/// position after the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// Time of the alert before it.
    pub after: Timestamp,
    /// Time of the alert behind it.
    pub before: Timestamp,
    /// Quantity by which the position moved in between.
    pub moved: Decimal,
    /// The order behind it, which shows it.
    pub order: OrderId,
}

/// An earlier export of the same backtest.
#[derive(Debug, Clone, Default)]
pub struct Export {
    /// Time of its import.
    pub imported_at: Timestamp,
    /// Its legs, in order of time.
    pub legs: Vec<Leg>,
}

/// Everything else that is recorded of the compared time, each list in order of time.
#[derive(Debug, Clone, Default)]
pub struct Evidence {
    /// Alerts that made no order.
    pub refused: Vec<Refused>,
    /// Times at which any alert of the instrument came, whatever became of it; where fills are
    /// compared, times of fills.
    pub arrivals: Vec<Timestamp>,
    /// Times in which this server did not run.
    pub outages: Vec<Outage>,
    /// Gaps in the chain of positions.
    pub gaps: Vec<Gap>,
    /// Earlier exports of the backtest.
    pub exports: Vec<Export>,
    /// True where the second book is of fills.
    pub is_of_fills: bool,
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
        /// Its status.
        status: EventStatus,
    },
    /// A request came with a wrong key, or none.
    Rejected,
    /// This server was not running.
    #[serde(rename_all = "camelCase")]
    NotRunning {
        /// Time of the stop, or of its last commit where it ended without a stop.
        #[schema(value_type = String, format = DateTime)]
        from: Timestamp,
        /// Time of the next start.
        #[schema(value_type = String, format = DateTime)]
        to: Timestamp,
        /// True if it was stopped: then all of the time is known.
        was_stopped: bool,
    },
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
        /// Number of missing legs.
        legs: usize,
    },
    /// No fill came for several alerts.
    #[serde(rename_all = "camelCase")]
    NoFills {
        /// The first alert without one.
        #[schema(value_type = String, format = DateTime)]
        from: Timestamp,
        /// The last alert without one.
        #[schema(value_type = String, format = DateTime)]
        to: Timestamp,
        /// Number of alerts without a fill.
        legs: usize,
    },
    /// The next alert states that the position moved: TradingView fired an alert that never
    /// came.
    #[serde(rename_all = "camelCase")]
    PositionGap {
        /// The order whose alert states it.
        #[schema(value_type = String)]
        order: OrderId,
    },
    /// The alert never came by itself; it was brought in later.
    ImportedLater,
    /// Another export of the same backtest has other trades here: the strategy repaints.
    #[serde(rename_all = "camelCase")]
    Repainted {
        /// Time at which the other export was imported.
        #[schema(value_type = String, format = DateTime)]
        export: Timestamp,
    },
    /// Both books have a fill in this bar, of another side, effect or quantity.
    #[serde(rename_all = "camelCase")]
    OtherOrder {
        /// Index of the other book's leg.
        leg: usize,
    },
    /// An alert like it came within the same bar, and is the one that was due.
    #[serde(rename_all = "camelCase")]
    Repeated {
        /// The order of that alert.
        #[schema(value_type = Option<String>)]
        order: Option<OrderId>,
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
            Self::NotRunning {
                from,
                to,
                was_stopped: true,
            } => {
                format!("This server was not running from {from:.0} to {to:.0}.")
            }
            Self::NotRunning {
                from,
                to,
                was_stopped: false,
            } => format!(
                "This server was not running: it ended without a stop after {from:.0} and started again at {to:.0}."
            ),
            Self::NoFills { from, to, legs } => format!(
                "No fill came from {from:.0} to {to:.0} ({legs} legs): nobody placed the orders, or the broker took none."
            ),
            Self::PositionGap { order } => format!(
                "TradingView fired this alert and it never came: {order} states the position after it. Import TradingView's \
                 alert log to get it back."
            ),
            Self::ImportedLater => {
                "The alert never came by itself: it was brought in later from a file.".to_owned()
            }
            Self::Repainted { export } => format!(
                "The export that was imported at {export:.0} has other trades here: the strategy repaints."
            ),
            Self::OtherOrder { .. } => {
                "Both sides traded in this bar, but not alike: the strategy was changed, or \
                 the alert runs an older copy of it."
                    .to_owned()
            }
            Self::Repeated { order } => {
                let like = order.map_or_else(String::new, |order| format!(" ({order})"));
                format!(
                    "The same alert came twice{like}: look in TradingView for a second alert on this strategy, or set a duplicate window."
                )
            }
            Self::OutsideSession => {
                "The other side never trades at this time of day: the sessions differ.".to_owned()
            }
        }
    }
}

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
    ///
    /// The first cause with evidence counts. What the two books suggest together comes last,
    /// and before it what two exports show, for that is seen and not concluded.
    #[must_use]
    pub fn of(
        [first, second]: [&[Leg]; 2],
        matching: &Matching,
        tolerance: &Tolerance,
        shift: SignedDuration,
        evidence: &Evidence,
    ) -> Self {
        let alone = Alone::of([first, second], matching, tolerance, shift);
        let mut missed = vec![None; first.len()];
        let mut invented = vec![None; second.len()];
        recorded::name_refused(&alone, &evidence.refused, &mut missed);
        recorded::name_outages(&alone, &evidence.outages, &mut missed);
        gaps::name_silences(&alone, evidence, &mut missed);
        gaps::name_positions(&alone, &evidence.gaps, &mut missed);
        if !evidence.is_of_fills {
            books::name_repeated(&alone, matching, &mut invented);
        }
        // What the two books seem to say of a leg hangs on their clocks and prices.
        let is_timed = matching.suggested.is_none();
        if is_timed {
            books::name_sessions(&alone, [&mut missed, &mut invented]);
        }
        books::name_repainted(&alone, &evidence.exports, [&mut missed, &mut invented]);
        if is_timed && matching.suggested_scale.is_none() {
            books::name_others(&alone, [&mut missed, &mut invented]);
        }
        Self { missed, invented }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::examples::{self, at};
    use crate::compare::{Action, Preset, matching};
    use crate::domain::signal::Direction;

    fn leg(minute: i64, side: Direction) -> Leg {
        examples::leg(minute, side, Action::Entry, 1)
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
            side: None,
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
    fn a_refused_alert_explains_an_order_of_its_own_side_and_a_duplicate_comes_last() {
        use Direction::{Long, Short};
        let first = [leg(0, Long), leg(60, Long), leg(60, Short), leg(180, Long)];
        let second = [leg(1, Long), leg(181, Long)];
        let refused = |minute, number, status, side| Refused {
            at: at(minute),
            event: Some(EventId(number)),
            status: Some(status),
            side: Some(side),
        };
        let event = EventId(5);
        let no_order = |status| Some(Cause::NoOrder { event, status });
        let mut evidence = Evidence {
            refused: vec![refused(62, 5, EventStatus::Failed, Short)],
            ..Evidence::default()
        };
        let found = causes(&first, &second, &evidence).missed;
        assert_eq!(found[1..3], [None, no_order(EventStatus::Failed)]);
        // What is known of the alert itself says more than a duplicate of some other one.
        let duplicate = refused(61, 4, EventStatus::Duplicate, Short);
        evidence.refused.insert(0, duplicate);
        let found = causes(&first, &second, &evidence).missed;
        assert_eq!(found[1..3], [None, no_order(EventStatus::Failed)]);
    }

    #[test]
    fn an_alert_that_came_twice_is_told_from_one_of_another_order() {
        use Direction::{Long, Short};
        let first = [leg(0, Long), leg(60, Long), leg(120, Long)];
        let twice = [7, 8].map(|number| Leg {
            order: Some(OrderId(number)),
            ..leg(62, Long)
        });
        let second = [
            &[leg(1, Long)][..],
            &twice,
            &[leg(63, Short), leg(121, Long)],
        ]
        .concat();
        let found = causes(&first, &second, &Evidence::default()).invented;
        let order = Some(OrderId(7));
        assert_eq!(found[1..4], [None, Some(Cause::Repeated { order }), None]);
    }

    #[test]
    fn a_turn_that_came_twice_is_no_other_order_and_no_twin_of_its_own() {
        use Direction::{Long, Short};
        let of = |order, minute, side, action, quantity| Leg {
            order: Some(OrderId(order)),
            ..examples::leg(minute, side, action, quantity)
        };
        let (exit, entry) = (Action::Exit, Action::Entry);
        let second = [
            of(1, 1, Long, entry, 1),
            of(2, 61, Short, exit, 1),
            of(2, 61, Short, entry, 1),
            // The copy finds nothing to close.
            of(3, 62, Short, entry, 2),
            of(4, 121, Long, exit, 1),
            // Opens more than is due, and is no copy of itself.
            of(4, 121, Long, entry, 1),
            of(5, 181, Short, entry, 1),
        ];
        let first = [0, 1, 2, 4, 6].map(|index| Leg {
            order: None,
            ..second[index].clone()
        });
        let found = causes(&first, &second, &Evidence::default()).invented;
        let order = Some(OrderId(2));
        assert_eq!(found[3], Some(Cause::Repeated { order }));
        assert_eq!(found[5], None);
    }

    #[test]
    fn a_row_of_missing_alerts_ends_at_a_leg_that_has_its_own_however_close() {
        // Every bar; five alerts are missing, and the next comes in the bar after them.
        let first: Vec<Leg> = (0..12).map(|bar| leg(15 * bar, Direction::Long)).collect();
        let is_there = |bar: &i64| !(3..8).contains(bar);
        let bars = (0..12).filter(is_there);
        let second: Vec<Leg> = bars.map(|bar| leg(15 * bar + 1, Direction::Long)).collect();
        let evidence = Evidence {
            arrivals: second.iter().map(|leg| leg.time).collect(),
            ..Evidence::default()
        };
        let found = causes(&first, &second, &evidence).missed;
        let silence = Some(Cause::Silence {
            from: at(45),
            to: at(105),
            legs: 5,
        });
        assert!(
            found[3..8].iter().all(|cause| *cause == silence),
            "{found:?}"
        );
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

    #[test]
    fn a_server_that_did_not_run_is_named_where_it_covers_the_leg() {
        let first: Vec<Leg> = [0, 60, 120, 180]
            .map(|minute| leg(minute, Direction::Long))
            .into();
        let second = [leg(1, Direction::Long), leg(181, Direction::Long)];
        let outage = |from, to, was_stopped| Outage {
            from: at(from),
            to: at(to),
            was_stopped,
        };
        // Over the opening of the second bar, and a moment in the third.
        let evidence = Evidence {
            outages: vec![outage(50, 62, false), outage(122, 123, true)],
            ..Evidence::default()
        };
        let found = causes(&first, &second, &evidence).missed;
        assert_eq!(
            found[1],
            Some(Cause::NotRunning {
                from: at(50),
                to: at(62),
                was_stopped: false
            })
        );
        assert_eq!(found[2], None);
    }

    #[test]
    fn a_position_that_moved_unseen_shows_the_alerts_that_never_came() {
        let first: Vec<Leg> = [0, 60, 120]
            .map(|minute| leg(minute, Direction::Long))
            .into();
        let second = [leg(1, Direction::Long), leg(121, Direction::Long)];
        let gap = |moved: i64| Gap {
            after: at(1),
            before: at(121),
            moved: moved.into(),
            order: OrderId(9),
        };
        let named = |moved| {
            let evidence = Evidence {
                gaps: vec![gap(moved)],
                ..Evidence::default()
            };
            causes(&first, &second, &evidence).missed[1].clone()
        };
        assert_eq!(named(1), Some(Cause::PositionGap { order: OrderId(9) }));
        // The gap is another one.
        assert_eq!(named(3), None);
    }

    #[test]
    fn only_two_exports_that_disagree_show_that_a_strategy_repaints() {
        let minutes = |count: i64| (0..count).map(|number| 60 * number);
        let mut first: Vec<Leg> = minutes(20)
            .map(|minute| leg(minute, Direction::Long))
            .collect();
        let export = Export {
            imported_at: at(60 * 30),
            legs: first.clone(),
        };
        // Ten bars ago a leg appeared, and another one went.
        first.insert(10, leg(60 * 9 + 30, Direction::Short));
        first.remove(5);
        let second: Vec<Leg> = minutes(20)
            .map(|minute| leg(minute + 1, Direction::Long))
            .collect();
        let named = |exports: Vec<Export>| {
            let evidence = Evidence {
                exports,
                ..Evidence::default()
            };
            causes(&first, &second, &evidence)
        };
        let found = named(vec![export.clone()]);
        let repainted = Some(Cause::Repainted {
            export: at(60 * 30),
        });
        assert_eq!(found.missed[9], repainted);
        assert_eq!(found.invented[5], repainted);
        assert_eq!(named(Vec::new()).missed[9], None);
        // Another strategy's export says nothing, nor does one of before the leg.
        let mut other = export.clone();
        other
            .legs
            .iter_mut()
            .for_each(|leg| leg.side = Direction::Short);
        assert_eq!(named(vec![other]).missed[9], None);
        let mut early = export;
        early.imported_at = at(60 * 9);
        assert_eq!(named(vec![early]).missed[9], None);
    }

    #[test]
    fn no_alert_is_missing_at_hours_at_which_none_ever_comes() {
        // Hourly, day and night; alerts only from 8 to 15 h UTC.
        let first: Vec<Leg> = (0..24 * 10)
            .map(|hour| leg(60 * hour, Direction::Long))
            .collect();
        let is_day = |leg: &&Leg| (8..16).contains(&(leg.time.as_second() / 3600 % 24));
        let second: Vec<Leg> = first.iter().filter(is_day).cloned().collect();
        let arrivals = second.iter().map(|leg| leg.time).collect();
        let evidence = Evidence {
            arrivals,
            ..Evidence::default()
        };
        let found = causes(&first, &second, &evidence).missed;
        let named = found.iter().flatten();
        let sessions = named
            .clone()
            .filter(|cause| **cause == Cause::OutsideSession);
        assert!(sessions.count() > 100);
        assert_eq!(
            named
                .filter(|cause| **cause != Cause::OutsideSession)
                .count(),
            0
        );
    }

    #[test]
    fn alerts_without_fills_are_no_silence_of_alerts() {
        let first: Vec<Leg> = [0, 60, 120, 180, 240]
            .map(|minute| leg(minute, Direction::Long))
            .into();
        let second = [leg(0, Direction::Long), leg(241, Direction::Long)];
        let evidence = Evidence {
            arrivals: vec![at(0), at(241)],
            is_of_fills: true,
            ..Evidence::default()
        };
        let found = causes(&first, &second, &evidence).missed;
        assert!(
            matches!(found[2], Some(Cause::NoFills { legs: 3, .. })),
            "{found:?}"
        );
    }
}
