//! The event log as its owner reads it: by time, with how many there are of each status.
//!
//! Arrivals are numbered in the order of their times, but for those of one moment, so nearly every
//! event is found by its number. Only what was imported or processed again has a number of its own time; those few
//! are found by an index of their own, and both are merged. An index of all times would cost
//! every alert a page of each commit.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use rusqlite::Connection;
use serde::Serialize;
use utoipa::ToSchema;

use super::error::Result;
use super::events::{EventFilter, SELECT, StoredEvent, conditions, read};
use super::filter_query::{WhereClause, query};
use super::sql::{parsed, to_micros};
use crate::domain::event::{EventId, EventSource, EventStatus};

const IN_TURN: &str = "e.source NOT IN ('imported', 'reprocessed')";
const OUT_OF_TURN: &str = "e.source IN ('imported', 'reprocessed')";

/// A place in the log, `evt_12.1767623400000000.15` outside: the last event in turn, and time
/// and number of the last one out of turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventPlace {
    in_turn: EventId,
    out_of_turn: (i64, i64),
}

impl EventPlace {
    /// Before the newest event.
    const START: Self = Self {
        in_turn: EventId(i64::MAX),
        out_of_turn: (i64::MAX, i64::MAX),
    };

    fn pass(&mut self, event: &StoredEvent) {
        if is_out_of_turn(event) {
            self.out_of_turn = (to_micros(event.received_at), event.id.0);
        } else {
            self.in_turn = event.id;
        }
    }
}

/// A text that is no place in the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no cursor; give the nextCursor of the page before as it is")]
pub struct NotAnEventPlace(String);

impl fmt::Display for EventPlace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (time, number) = self.out_of_turn;
        write!(formatter, "{}.{time}.{number}", self.in_turn)
    }
}

impl FromStr for EventPlace {
    type Err = NotAnEventPlace;

    fn from_str(text: &str) -> std::result::Result<Self, NotAnEventPlace> {
        let place = || {
            let mut parts = text.splitn(3, '.');
            Some(Self {
                in_turn: parts.next()?.parse().ok()?,
                out_of_turn: (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?),
            })
        };
        place().ok_or_else(|| NotAnEventPlace(text.chars().take(60).collect()))
    }
}

fn is_out_of_turn(event: &StoredEvent) -> bool {
    matches!(
        event.source,
        EventSource::Imported | EventSource::Reprocessed
    )
}

/// One page of events, the newest by time first, and where the next one begins.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn page(
    connection: &Connection,
    filter: &EventFilter,
    after: Option<EventPlace>,
    limit: u32,
) -> Result<(Vec<StoredEvent>, Option<EventPlace>)> {
    let mut place = after.unwrap_or(EventPlace::START);
    let mut in_turn = conditions(filter);
    in_turn.require(format!("{IN_TURN} AND e.id < ?"), [place.in_turn.0]);
    let in_turn = newest(connection, &in_turn, "e.id DESC", limit + 1)?;
    let mut out_of_turn = conditions(filter);
    let (time, number) = place.out_of_turn;
    out_of_turn.require(
        format!("{OUT_OF_TURN} AND (e.received_at, e.id) < (?, ?)"),
        [time, number],
    );
    let order = "e.received_at DESC, e.id DESC";
    let out_of_turn = newest(connection, &out_of_turn, order, limit + 1)?;
    let mut found = merged(in_turn, out_of_turn);
    let size = usize::try_from(limit).unwrap_or(usize::MAX);
    let has_more = found.len() > size;
    found.truncate(size);
    for event in &found {
        place.pass(event);
    }
    Ok((found, has_more.then_some(place)))
}

/// Both, the newer of the two first. Those in turn stay in the sequence of their numbers, by which
/// the next page goes on: what arrives together can be numbered a moment off its times.
fn merged(in_turn: Vec<StoredEvent>, out_of_turn: Vec<StoredEvent>) -> Vec<StoredEvent> {
    let newness = |event: &StoredEvent| (event.received_at, event.id);
    let mut merged = Vec::with_capacity(in_turn.len() + out_of_turn.len());
    let mut in_turn = in_turn.into_iter().peekable();
    for event in out_of_turn {
        while let Some(newer) = in_turn.next_if(|other| newness(other) > newness(&event)) {
            merged.push(newer);
        }
        merged.push(event);
    }
    merged.extend(in_turn);
    merged
}

fn newest(
    connection: &Connection,
    wanted: &WhereClause,
    order: &str,
    limit: u32,
) -> Result<Vec<StoredEvent>> {
    let sql = format!(
        "{SELECT} WHERE {} ORDER BY {order} LIMIT {limit}",
        wanted.text()
    );
    query(connection, &sql, &wanted.values, read)
}

/// Events that a summary looks at, the newest first: a chart of more is no clearer.
const LOOKED_AT: u32 = 20_000;

/// Bars of a chart over time, at most.
const MOST_BARS: i64 = 60;

/// Lengths of a bar in seconds.
const STEPS: [i64; 10] = [
    10, 60, 300, 900, 3_600, 14_400, 86_400, 604_800, 2_592_000, 31_536_000,
];

/// Counts of events by status, and their times.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EventSummary {
    /// By status, whatever status was asked for.
    pub counts: Vec<StatusCount>,
    /// The newest 20,000 events over time, oldest first.
    pub bars: Vec<EventBar>,
}

/// The number of events of a status.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StatusCount {
    /// The status.
    pub status: EventStatus,
    /// Their number.
    pub events: i64,
}

/// Events that came within a stretch of time.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EventBar {
    /// Its first moment.
    #[schema(value_type = String, format = DateTime)]
    pub from: Timestamp,
    /// Its end, which is the next one's first moment.
    #[schema(value_type = String, format = DateTime)]
    pub to: Timestamp,
    /// The number of events.
    pub events: i64,
    /// Those of them that failed or were over the limit.
    pub faulty: i64,
}

/// The events of a filter, by status and over time.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn summary(connection: &Connection, filter: &EventFilter) -> Result<EventSummary> {
    let of_any = EventFilter {
        status: None,
        ..filter.clone()
    };
    let transaction = connection.unchecked_transaction()?;
    let counted = conditions(&of_any);
    let sql = format!(
        "SELECT e.status, count(*) FROM events e JOIN webhooks w ON w.id = e.webhook_id
         WHERE {} GROUP BY e.status ORDER BY e.status",
        counted.text()
    );
    let counts = query(&transaction, &sql, &counted.values, |row| {
        Ok(StatusCount {
            status: parsed(row, 0)?,
            events: row.get(1)?,
        })
    })?;
    let shown = conditions(filter);
    let sql = format!(
        "SELECT e.received_at, e.status FROM events e JOIN webhooks w ON w.id = e.webhook_id
         WHERE {} ORDER BY e.id DESC LIMIT {LOOKED_AT}",
        shown.text()
    );
    let times = query(&transaction, &sql, &shown.values, |row| {
        let status: EventStatus = parsed(row, 1)?;
        let is_faulty = matches!(status, EventStatus::Failed | EventStatus::Limited);
        Ok((row.get::<_, i64>(0)?.div_euclid(1_000_000), is_faulty))
    })?;
    Ok(EventSummary {
        counts,
        bars: bars(&times),
    })
}

/// Times in seconds since the epoch as bars of one length.
fn bars(times: &[(i64, bool)]) -> Vec<EventBar> {
    let seconds = || times.iter().map(|(second, _)| *second);
    let (Some(first), Some(last)) = (seconds().min(), seconds().max()) else {
        return Vec::new();
    };
    let fits = |step: &&i64| last.div_euclid(**step) - first.div_euclid(**step) < MOST_BARS;
    let longest = (last - first) / MOST_BARS + 1;
    let step = STEPS.iter().find(fits).copied().unwrap_or(longest);
    let begin = first.div_euclid(step);
    let moment = |bar: i64| Timestamp::from_second(bar * step).unwrap_or(Timestamp::MAX);
    let mut bars: Vec<EventBar> = (begin..=last.div_euclid(step))
        .map(|bar| EventBar {
            from: moment(bar),
            to: moment(bar + 1),
            events: 0,
            faulty: 0,
        })
        .collect();
    for (second, is_faulty) in times {
        let bar = usize::try_from(second.div_euclid(step) - begin).unwrap_or(0);
        bars[bar].events += 1;
        bars[bar].faulty += i64::from(*is_faulty);
    }
    bars
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_was_written() {
        let place = EventPlace {
            in_turn: EventId(12),
            out_of_turn: (1_767_623_400_000_000, 15),
        };
        assert_eq!(place.to_string().parse(), Ok(place));
        assert_eq!(EventPlace::START.to_string().parse(), Ok(EventPlace::START));
        for text in ["", "evt_12", "evt_12.5", "12.5.3", "evt_12.x.3"] {
            assert!(text.parse::<EventPlace>().is_err(), "{text}");
        }
    }

    #[test]
    fn bars_hold_every_event_once() {
        for length in [0, 59, 3_600, 86_400 * 182, 86_400 * 365 * 90] {
            let times: Vec<(i64, bool)> = (0..200)
                .map(|number| (1_000 + length * number / 200, number % 3 == 0))
                .collect();
            let bars = bars(&times);
            assert!(bars.len() <= 61, "{} of {length}", bars.len());
            assert_eq!(bars.iter().map(|bar| bar.events).sum::<i64>(), 200);
            assert_eq!(bars.iter().map(|bar| bar.faulty).sum::<i64>(), 67);
        }
        assert!(bars(&[]).is_empty());
    }
}
