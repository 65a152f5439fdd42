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
use alone::Alone;

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

/// A time in which this server did not run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outage {
    /// When it stopped, or its last commit where it ended without a stop.
    pub from: Timestamp,
    /// When it started again.
    pub to: Timestamp,
    /// True if it was stopped: then all of the time is known.
    pub was_stopped: bool,
}

/// A gap in the chain of positions that alerts state: the position before one is not the
/// position after the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// When the alert before it came.
    pub after: Timestamp,
    /// When the alert behind it came.
    pub before: Timestamp,
    /// What the position moved by in between.
    pub moved: Decimal,
    /// The order behind it, which shows it.
    pub order: OrderId,
}

/// An earlier export of the same backtest.
#[derive(Debug, Clone, Default)]
pub struct Export {
    /// When it was brought in.
    pub imported_at: Timestamp,
    /// Its legs, in order of time.
    pub legs: Vec<Leg>,
}

/// What else is known of the time that is compared, each list in order of time.
#[derive(Debug, Clone, Default)]
pub struct Evidence {
    /// Alerts that made no order.
    pub refused: Vec<Refused>,
    /// Times at which any alert came, whatever became of it; where fills are compared, times
    /// of fills.
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
        /// What became of it.
        status: EventStatus,
    },
    /// A request came with a wrong key, or none.
    Rejected,
    /// This server was not running.
    #[serde(rename_all = "camelCase")]
    NotRunning {
        /// When it stopped, or its last commit where it ended without a stop.
        #[schema(value_type = String, format = DateTime)]
        from: Timestamp,
        /// When it started again.
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
        /// How many are.
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
        /// How many are.
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
    /// Another export of the same backtest has another past: the strategy repaints.
    #[serde(rename_all = "camelCase")]
    Repainted {
        /// When the other export was brought in.
        #[schema(value_type = String, format = DateTime)]
        export: Timestamp,
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
                "The export that was imported at {export:.0} has another past here: the strategy repaints."
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
        books::name_sessions(&alone, [&mut missed, &mut invented]);
        books::name_repainted(&alone, &evidence.exports, [&mut missed, &mut invented]);
        books::name_others(&alone, [&mut missed, &mut invented]);
        Self { missed, invented }
    }
}

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
            order: None,
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
